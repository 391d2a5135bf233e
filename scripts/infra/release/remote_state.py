"""The Terraform state in its bucket, read without Terraform: which version it is, and who holds its lock."""

import json
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError
from infra.release.ledger.entry import Entry, StateVersion

# As environments/stack/versions.tf has it; a test holds the two together.
STATE_KEY: Final = "stack/terraform.tfstate"
# As environments/bootstrap/versions.tf has it.
BOOTSTRAP_STATE_KEY: Final = "bootstrap/terraform.tfstate"
_MISSING: Final = ("NoSuchKey", "404")


@dataclass(frozen=True)
class StateLock:
    """Who holds the state, as Terraform wrote it down.

    Args:
        lock_id: what `make unlock ID=` takes.
        who: user and machine, as in "ada@laptop".
        operation: as in "OperationTypeApply".
        created: since when, as Terraform prints times.
    """

    lock_id: str
    who: str
    operation: str
    created: str

    def is_of(self, entry: Entry) -> bool:
        """Whether the lock can only be that of an entry's own Terraform: nothing else writes while the entry is open.

        Args:
            entry: an open entry.

        Returns:
            True when user, machine, operation and time fit.
        """
        return (
            self.operation != "OperationTypePlan"  # none of an entry's plans takes the lock
            and self.who == entry.record.where.partition(" ")[0]
            and _seconds(self.created) >= _seconds(entry.record.written)
        )

    def __str__(self) -> str:
        what = self.operation.removeprefix("OperationType").lower() or "unknown work"
        return f"{self.who} since {self.created[:19]} UTC ({what}, lock {self.lock_id})"


@dataclass(frozen=True)
class RemoteState:
    """The state of an environment's stack.

    Args:
        s3: client of S3.
        bucket: name of the state bucket.
        account_id: the account that must own it.
    """

    s3: Any
    bucket: str
    account_id: str

    def version(self) -> StateVersion:
        """The version that the state has now.

        Returns:
            Lineage and serial; nothing of the state's content.

        Raises:
            InfraError: S3 did not answer, or the object is no state.
        """
        document = self.document(STATE_KEY)
        if document is None:
            return StateVersion("", 0)
        return StateVersion(str(document.get("lineage", "")), int(document.get("serial", 0)))

    def lock(self) -> StateLock | None:
        """Who holds the state's lock.

        Returns:
            The holder, None when it is free.

        Raises:
            InfraError: S3 did not answer, or the object is no lock.
        """
        document = self.document(f"{STATE_KEY}.tflock")
        if document is None:
            return None
        return StateLock(*(str(document.get(name, "")) for name in ("ID", "Who", "Operation", "Created")))

    def document(self, key: str) -> dict[str, Any] | None:
        """A state, or what lies beside it; a state holds secrets.

        Args:
            key: of the object.

        Returns:
            Its JSON, None when there is no such object.

        Raises:
            InfraError: S3 did not answer, or the object is not what Terraform writes.
        """
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account_id)
            content = answer["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise InfraError(f"s3://{self.bucket}/{key} cannot be read: {error}") from error
        except BotoCoreError as error:
            raise InfraError(f"s3://{self.bucket}/{key} cannot be read: {error}") from error
        try:
            document: dict[str, Any] = json.loads(content)
            document.keys()
        except (ValueError, AttributeError) as error:
            raise InfraError(f"s3://{self.bucket}/{key} is not what Terraform writes: {error}") from error
        return document


def _seconds(time: str) -> str:
    """The part of an ISO 8601 time in UTC up to its seconds; Terraform adds nine digits, Python six or none."""
    return time[:19]
