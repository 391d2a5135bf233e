"""Approvals given with AWS credentials: names of empty objects in the environment's state bucket.

An approval is the name of an object and nothing else:

    approvals/<AWS UserId>/<environment>/<digest>/<commit>

The bucket's policy lets nobody write below approvals/ but to the prefix of their own UserId (`${aws:userid}`), so S3
vouches for the person, and its LastModified for the time. There is no content to edit, and a copy lies under the name
of who copied.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html (aws:userid),
https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html (If-None-Match).
"""

from dataclasses import dataclass
from typing import Any

import hcl2
from botocore.exceptions import BotoCoreError, ClientError

from infra.environment import Environment
from infra.errors import InfraError
from infra.review.approval import Approval, Person
from infra.review.model import Provenance

PREFIX = "approvals/"


@dataclass(frozen=True)
class Caller:
    """Who some AWS credentials are.

    Args:
        user_id: unique and never given twice; with a role, its session's name is a part of it.
        arn: as people read it.
    """

    user_id: str
    arn: str


@dataclass(frozen=True)
class ApprovalStore:
    """The approvals in a state bucket.

    Args:
        s3: client of S3.
        sts: client of STS with the same credentials.
        bucket: name of the state bucket.
        account_id: the account that must own the bucket; S3 refuses another's of the same name.
    """

    s3: Any
    sts: Any
    bucket: str
    account_id: str

    def caller(self) -> Caller:
        """Who would approve here.

        Returns:
            The caller, as AWS tells it.

        Raises:
            InfraError: AWS did not tell.
        """
        try:
            identity = self.sts.get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"AWS does not tell whose credentials these are: {error}") from error
        return Caller(identity["UserId"], identity["Arn"])

    def give(self, provenance: Provenance, caller: Caller) -> bool:
        """Approve a plan.

        Args:
            provenance: of the plan.
            caller: who approves.

        Returns:
            False when the caller had approved it before; that approval and its time stay.

        Raises:
            InfraError: S3 did not take it; says so when the bucket's policy refuses.
        """
        key = _key(caller.user_id, provenance.environment, provenance.digest, provenance.commit or "")
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=b"", IfNoneMatch="*", ExpectedBucketOwner=self.account_id
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "PreconditionFailed":
                return False
            raise InfraError(
                f"The approval could not be written to s3://{self.bucket}/{PREFIX} as {caller.arn}: {error}. "
                "Approving takes s3:PutObject there and kms:GenerateDataKey on the bucket's key."
            ) from error
        except BotoCoreError as error:
            raise InfraError(f"The approval could not be written to s3://{self.bucket}: {error}") from error
        return True

    def read(self, provenance: Provenance, approvers: tuple[Person, ...]) -> list[Approval]:
        """The approvals that the approvers have given for an environment, of whatever plan.

        Args:
            provenance: of the plan that is judged; gives the environment.
            approvers: whose approvals are looked for. Nobody else's are even listed.

        Returns:
            Approvals, those of other plans included, so that a verdict can say why they do not count.

        Raises:
            InfraError: S3 did not list them.
        """
        found = []
        for person in approvers:
            if person.aws_user_id:
                prefix = f"{PREFIX}{person.aws_user_id}/{provenance.environment}/"
                found += [_approval(each["Key"], each["LastModified"]) for each in self._list(prefix)]
        return found

    def _list(self, prefix: str) -> list[dict[str, Any]]:
        try:
            pages = self.s3.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=prefix, ExpectedBucketOwner=self.account_id
            )
            return [each for page in pages for each in page.get("Contents", [])]
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"The approvals in s3://{self.bucket}/{PREFIX} cannot be read: {error}") from error


def state_bucket(environment: Environment) -> str:
    """The bucket that holds an environment's state, and its approvals.

    Args:
        environment: the environment.

    Returns:
        Its name, from backend.hcl.

    Raises:
        InfraError: backend.hcl names none.
    """
    with environment.backend_config.open() as file:
        bucket = str(hcl2.load(file).get("bucket", "")).strip('"')
    if not bucket:
        raise InfraError(f"environments/{environment.name}/backend.hcl names no bucket.")
    return bucket


def _key(user_id: str, environment: str, digest: str, commit: str) -> str:
    return f"{PREFIX}{user_id}/{environment}/{digest}/{commit}"


def _approval(key: str, time: Any) -> Approval:  # noqa: ANN401 - botocore's datetime
    parts = key.removeprefix(PREFIX).split("/")
    wrong = "" if len(parts) == 4 else "its name is not that of an approval"
    user_id, environment, digest, commit = (parts + [""] * 4)[:4]
    return Approval(environment, digest, commit, "aws", user_id, time, wrong)
