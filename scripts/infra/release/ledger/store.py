"""The ledger in the state bucket: one object an entry, written only where there is none.

Two writers at once: S3 takes one object of a name and answers 412 to the other, who reads what was written and begins
anew with the next number. The bucket's policy refuses everybody a write without that condition, and every deletion
(modules/state-backend/ledger.tf).

Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from infra.errors import InfraError
from infra.release.ledger.chain import PREFIX, Stored, key_of, number_of, open_entry, written_state
from infra.release.ledger.entry import GENESIS, Entry, Record, StateVersion, parse

_ATTEMPTS: Final = 20
_CONFLICT_SECONDS: Final = 0.2
_READERS: Final = 8

# Refuses, by raising InfraError, to add an entry to a ledger that ends like this.
Condition = Callable[["Tail"], None]


@dataclass(frozen=True)
class Tail:
    """Where a ledger ends.

    Args:
        last: its last entry; None for an empty ledger.
        open: the entry whose outcome is unknown, if there is one.
        state: the state as the ledger knows it; None when no entry wrote it.
    """

    last: Entry | None
    open: Entry | None
    state: StateVersion | None


@dataclass(frozen=True)
class LedgerStore:
    """The ledger of an environment.

    Args:
        s3: client of S3.
        bucket: name of the state bucket.
        account_id: the account that must own the bucket; S3 refuses another's of the same name.
        environment: name of the environment.
    """

    s3: Any
    bucket: str
    account_id: str
    environment: str

    def append(self, record: Record, condition: Condition = lambda _: None) -> Entry:
        """Add an entry at the end.

        Args:
            record: what it says.
            condition: asked with the end that the entry is added to, again whenever another writer was faster.

        Returns:
            The entry in its place.

        Raises:
            InfraError: the condition refused, or S3 did; then it may still have been written when S3 did not answer.
        """
        for _ in range(_ATTEMPTS):
            tail = self.tail()
            condition(tail)
            last = tail.last
            entry = Entry(last.number + 1 if last else 1, last.hash if last else GENESIS, record)
            if self._put(entry):
                return entry
        raise InfraError(f"{self._where()} could not be written: others write to it all the time. Run it again.")

    def tail(self) -> Tail:
        """Where the ledger ends.

        Returns:
            The last entry and what follows from the last few.

        Raises:
            InfraError: S3 did not answer, or what lies there is no ledger.
        """
        numbers = sorted((number_of(each["Key"]) for each in self._list("list_objects_v2", "Contents")), reverse=True)
        newest_first = _Remembered(self._entry(number) for number in numbers if number)
        return Tail(next(iter(newest_first), None), open_entry(newest_first), written_state(newest_first))

    def entries(self) -> list[Entry]:
        """All entries, the oldest first.

        Returns:
            The entries.

        Raises:
            InfraError: S3 did not answer, or one of them cannot be read; `history --verify` says what is wrong.
        """
        numbers = sorted(number_of(each["Key"]) for each in self._list("list_objects_v2", "Contents"))
        with ThreadPoolExecutor(_READERS) as readers:
            return list(readers.map(self._entry, filter(None, numbers)))

    def stored(self) -> list[Stored]:
        """All objects of the ledger with their versions, for `verify`.

        Returns:
            The objects, deleted ones included.

        Raises:
            InfraError: S3 did not answer.
        """
        versions = self._list("list_object_versions", "Versions")
        deletions = self._list("list_object_versions", "DeleteMarkers")
        counts: dict[str, int] = {}
        for each in [*versions, *deletions]:
            counts[each["Key"]] = counts.get(each["Key"], 0) + 1
        gone = [Stored(each["Key"], None, each["LastModified"]) for each in deletions if each["IsLatest"]]
        latest = [each for each in versions if each["IsLatest"]]
        with ThreadPoolExecutor(_READERS) as readers:
            contents = list(readers.map(self._get, [each["Key"] for each in latest]))
        return gone + [
            Stored(each["Key"], content, each["LastModified"], counts[each["Key"]])
            for each, content in zip(latest, contents, strict=True)
        ]

    def _put(self, entry: Entry) -> bool:
        """Write an entry; False when another one was there before."""
        key = key_of(entry.number)
        for _ in range(_ATTEMPTS):
            try:
                self.s3.put_object(
                    Bucket=self.bucket,
                    Key=key,
                    Body=entry.bytes,
                    ContentType="application/json",
                    IfNoneMatch="*",
                    ExpectedBucketOwner=self.account_id,
                )
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if code == "PreconditionFailed":
                    # Ours too when S3's answer to a first attempt was lost and the client sent the request again.
                    return self._get(key) == entry.bytes
                if code == "ConditionalRequestConflict":  # somebody writes it right now: S3 says to ask again
                    time.sleep(_CONFLICT_SECONDS)
                    continue
                raise InfraError(f"{self._where()} could not be written: {error}. {self._help(code)}") from error
            except BotoCoreError as error:
                raise InfraError(f"{self._where()} could not be written: {error}.") from error
            return True
        raise InfraError(f"{self._where()} could not be written: S3 reports a conflict again and again. Run it again.")

    def _help(self, code: str) -> str:
        if code == "AccessDenied":
            return (
                f"Adding an entry takes s3:PutObject below {PREFIX}; a state bucket that was made before there was a "
                f"ledger refuses it until `make bootstrap ENV={self.environment}` has run again."
            )
        return "Run it again."

    def _entry(self, number: int) -> Entry:
        try:
            return parse(self._get(key_of(number)))
        except InfraError as error:
            raise InfraError(
                f"Entry {number} of {self._where()} cannot be read: {error}. "
                f"`make history ENV={self.environment} VERIFY=1` says what else is wrong."
            ) from error

    def _get(self, key: str) -> bytes:
        try:
            answer = self.s3.get_object(Bucket=self.bucket, Key=key, ExpectedBucketOwner=self.account_id)
            return bytes(answer["Body"].read())
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"{self._where()} cannot be read: {error}") from error

    def _list(self, operation: str, part: str) -> list[dict[str, Any]]:
        try:
            pages = self.s3.get_paginator(operation).paginate(
                Bucket=self.bucket, Prefix=PREFIX, ExpectedBucketOwner=self.account_id
            )
            return [each for page in pages for each in page.get(part, [])]
        except (BotoCoreError, ClientError) as error:
            raise InfraError(f"{self._where()} cannot be read: {error}") from error

    def _where(self) -> str:
        return f"The ledger of {self.environment} (s3://{self.bucket}/{PREFIX})"


class _Remembered:
    """An iterable over entries that are read one by one as they are asked for, each once."""

    def __init__(self, source: Iterator[Entry]) -> None:
        self._source = source
        self._read: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        yield from self._read
        for entry in self._source:
            self._read.append(entry)
            yield entry
