"""The ledger in a bucket of an emulated account, which has the policy that the state-backend module gives it."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from infra.account.emulated import EmulatedAccount
from infra.errors import InfraError
from infra.release.ledger.chain import key_of, verify
from infra.release.ledger.entry import Kind, Outcome
from infra.release.ledger.store import LedgerStore, Tail
from tests.conftest import ACCOUNT_ID
from tests.module_plans import ModulePlans
from tests.release.ledger.samples import record, state

BUCKET = "hokusai-terraform-state-staging"


@pytest.fixture(scope="module")
def bucket_policy(plan: ModulePlans) -> str:
    planned = plan(
        "state-backend", {"environment": "staging", "access_logs": {"bucket_name": "logs-staging", "prefix": "s3/"}}
    )
    return json.dumps(planned["module.bucket.aws_s3_bucket_policy.this"].policy())


@pytest.fixture
def ledger(account: EmulatedAccount, bucket_policy: str) -> Iterator[LedgerStore]:
    copy = account.fork()
    s3 = copy.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy)
    yield LedgerStore(s3, BUCKET, ACCOUNT_ID, "staging")
    copy.stop()


def test_entries_are_chained(ledger: LedgerStore) -> None:
    assert ledger.tail() == Tail(None, None, None)
    first = ledger.append(record(state=state(0)))
    assert ledger.tail().open == first
    second = ledger.append(record(Kind.APPLY, Outcome.SUCCEEDED, closes=1, state=state(2)))
    assert (second.number, second.previous) == (2, first.hash)
    assert ledger.tail() == Tail(second, None, state(2))
    assert ledger.entries() == [first, second]
    assert verify(ledger.stored(), "staging", state(2)) == []


def test_two_writers_at_once(ledger: LedgerStore) -> None:
    """Each of twenty sees where the ledger ends before any has written; all are in it, once, in one chain."""
    with ThreadPoolExecutor(10) as writers:
        written = list(
            writers.map(
                lambda number: ledger.append(record(Kind.VERIFICATION, Outcome.SUCCEEDED, note=str(number))),
                range(20),
            )
        )
    assert sorted(entry.number for entry in written) == list(range(1, 21))
    assert sorted(int(entry.record.note) for entry in ledger.entries()) == list(range(20))
    assert verify(ledger.stored(), "staging", state(0)) == []


def test_one_of_ten_begins(ledger: LedgerStore) -> None:
    def nothing_open(tail: Tail) -> None:
        if tail.open:
            raise InfraError(f"entry {tail.open.number} is open")

    def begin(number: int) -> str:
        try:
            return f"began as {ledger.append(record(note=str(number)), nothing_open).number}"
        except InfraError as error:
            return str(error)

    with ThreadPoolExecutor(10) as writers:
        said = sorted(writers.map(begin, range(10)))
    assert said == ["began as 1", *["entry 1 is open"] * 9]


def test_nobody_changes_an_entry(ledger: LedgerStore) -> None:
    entry = ledger.append(record())
    place = {"Bucket": BUCKET, "Key": key_of(1)}
    for call in (
        lambda: ledger.s3.put_object(**place, Body=b"other"),
        lambda: ledger.s3.delete_object(**place),
        lambda: ledger.s3.put_object(**place, Body=b"other", IfNoneMatch="*"),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|PreconditionFailed"):
            call()
    assert ledger.entries() == [entry]


def without_policy(ledger: LedgerStore) -> None:
    """What an administrator can do first: the rest must then be found."""
    ledger.s3.delete_bucket_policy(Bucket=BUCKET)


@pytest.mark.parametrize(
    ("touch", "found"),
    [
        (lambda s3: s3.put_object(Bucket=BUCKET, Key=key_of(2), Body=b"{}"), "entry 2 was replaced"),
        (lambda s3: s3.delete_object(Bucket=BUCKET, Key=key_of(3)), "entry 3 was deleted"),
        (lambda s3: s3.delete_object(Bucket=BUCKET, Key=key_of(1)), "entry 1 was deleted"),
    ],
)
def test_what_an_administrator_did_is_found(ledger: LedgerStore, touch: Callable[[Any], None], found: str) -> None:
    for note in "abc":
        ledger.append(record(Kind.VERIFICATION, Outcome.SUCCEEDED, note=note))
    without_policy(ledger)
    touch(ledger.s3)
    assert found in "; ".join(verify(ledger.stored(), "staging", state(0)))


class Lossy:
    """A client of S3 whose first answers to a write are others than S3's."""

    def __init__(self, s3: Any, *faults: Callable[[Any, dict[str, Any]], Exception]) -> None:
        self._s3 = s3
        self._faults = list(faults)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._s3, name)

    def put_object(self, **request: Any) -> Any:
        if self._faults:
            raise self._faults.pop(0)(self._s3, request)
        return self._s3.put_object(**request)


def refused(code: str, status: int) -> Callable[[Any, dict[str, Any]], Exception]:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return lambda *_: ClientError(answer, "PutObject")  # type: ignore[arg-type]


def written_and_sent_again(s3: Any, request: dict[str, Any]) -> Exception:
    """The answer is lost; boto3 sends the request again, and S3 has the object: its own."""
    s3.put_object(**request)
    return refused("PreconditionFailed", 412)(s3, request)


def lossy(ledger: LedgerStore, *faults: Callable[[Any, dict[str, Any]], Exception]) -> LedgerStore:
    return LedgerStore(Lossy(ledger.s3, *faults), ledger.bucket, ledger.account_id, ledger.environment)


def test_a_conflict_is_asked_again(ledger: LedgerStore) -> None:
    conflicts = [refused("ConditionalRequestConflict", 409)] * 3
    assert lossy(ledger, *conflicts).append(record()).number == 1


def test_an_answer_that_was_lost_makes_no_second_entry(ledger: LedgerStore) -> None:
    assert lossy(ledger, written_and_sent_again).append(record()).number == 1
    assert len(ledger.entries()) == 1


def test_a_bucket_from_before_the_ledger(ledger: LedgerStore) -> None:
    with pytest.raises(InfraError, match="make bootstrap ENV=staging"):
        lossy(ledger, refused("AccessDenied", 403)).append(record())


def test_no_answer(ledger: LedgerStore) -> None:
    with pytest.raises(InfraError, match=r"The ledger of staging .* could not be written"):
        lossy(ledger, lambda *_: ReadTimeoutError(endpoint_url="s3")).append(record())


def test_an_entry_that_cannot_be_read_stops_everybody(ledger: LedgerStore) -> None:
    ledger.s3.put_object(Bucket=BUCKET, Key=key_of(1), Body=b"{}", IfNoneMatch="*")
    with pytest.raises(InfraError, match=r"Entry 1 of .* cannot be read.*VERIFY=1"):
        ledger.append(record())


def test_another_accounts_bucket(ledger: LedgerStore) -> None:
    other = LedgerStore(ledger.s3, BUCKET + "-x", ACCOUNT_ID, "staging")
    with pytest.raises(InfraError, match="NoSuchBucket"):
        other.append(record())
