"""From the entry that begins a change to the one that says how it ended: what each kind of end leaves behind."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, here
from infra.release.ledger.chain import open_entry, written_state
from infra.release.ledger.entry import GENESIS, Entry, Kind, Outcome, Record, StateVersion
from infra.release.ledger.store import Condition, Tail
from infra.release.recovery import unsaved_state
from infra.release.recovery.journal import Journal
from infra.release.remote_state import STATE_KEY, RemoteState, StateLock
from infra.release.run import begun
from infra.repository import STACK
from infra.terraform.runner import TerraformError
from tests.release.ledger.samples import record, state
from tests.release.test_connection import ACCOUNT


@dataclass
class Ledger:
    """A ledger in memory."""

    entries: list[Entry] = field(default_factory=list)
    broken: bool = False

    def append(self, made: Record, condition: Condition = lambda _: None) -> Entry:
        if self.broken:
            raise InfraError("The ledger could not be written.")
        condition(self.tail())
        last = self.entries[-1] if self.entries else None
        self.entries.append(Entry(len(self.entries) + 1, last.hash if last else GENESIS, made))
        return self.entries[-1]

    def tail(self) -> Tail:
        newest = list(reversed(self.entries))
        return Tail(newest[0] if newest else None, open_entry(newest), written_state(newest))


@dataclass
class State:
    """A state in memory."""

    now: StateVersion = field(default_factory=lambda: state(3))
    locked: StateLock | None = None

    def version(self) -> StateVersion:
        return self.now

    def lock(self) -> StateLock | None:
        return self.locked


@pytest.fixture
def books() -> Books:
    return Books(Ledger(), State())  # type: ignore[arg-type]


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(unsaved_state, "STACK", tmp_path)
    return tmp_path


def change(
    environment: Environment, books: Books, what: Callable[[], None], kind: Kind = Kind.APPLY
) -> tuple[str, list[Entry]]:
    """Begin a change, let something happen, and give what a person is told and what the ledger then holds."""
    said = ""
    try:
        with begun(environment, ACCOUNT, books, [record(kind, environment="staging", state=state(3))]):
            what()
    except (InfraError, KeyboardInterrupt) as error:
        said = str(error)
    return said, books.ledger.entries  # type: ignore[attr-defined,no-any-return]


def raising(error: BaseException) -> Callable[[], None]:
    def happen() -> None:
        raise error

    return happen


def failure(summary: str, address: str = "") -> TerraformError:
    return TerraformError("apply", [{"severity": "error", "summary": summary, "address": address}], "")


def test_success(environment: Environment, books: Books) -> None:
    def happen() -> None:
        assert books.ledger.tail().open, "the entry is there before anything happens"
        assert Journal.of(environment).belongs_to(books.ledger.tail().open)  # type: ignore[arg-type]
        books.state.now = state(5)  # type: ignore[misc]

    said, [begin, end] = change(environment, books, happen)
    assert (said, begin.record.outcome, end.record.outcome) == ("", Outcome.UNKNOWN, Outcome.SUCCEEDED)
    assert (begin.record.state, end.record.state, end.record.closes) == (state(3), state(5), begin.number)
    assert begin.record.where == here()
    assert not Journal.of(environment).path.exists()


@pytest.mark.parametrize(
    ("error", "outcome", "told"),
    [
        (failure("AccessDenied"), Outcome.FAILED, "The state records what was done until then"),
        (failure("Saved plan is stale"), Outcome.NOTHING, "something else was applied meanwhile"),
        (failure("Error acquiring the state lock"), Outcome.NOTHING, "is locked by someone else"),
        (InfraError("a plan made afterwards is not empty"), Outcome.FAILED, "is not empty"),
    ],
)
def test_failures_are_closed(  # noqa: PLR0917 - fixtures and parameters
    environment: Environment, books: Books, stack: Path, error: Exception, outcome: Outcome, told: str
) -> None:
    said, [_, end] = change(environment, books, raising(error))
    assert told in said
    assert end.record.outcome is outcome
    assert end.record.note


@pytest.mark.parametrize("kind", [Kind.APPLY, Kind.DESTROY])
def test_a_lost_network_is_told_alike_for_apply_and_destroy(
    environment: Environment, books: Books, stack: Path, kind: Kind
) -> None:
    def happen() -> None:
        (stack / "errored.tfstate").write_text("{}")
        raise failure("no answer", "aws_s3_bucket.a")

    said, entries = change(environment, books, happen, kind)
    assert "make recover ENV=staging" in said
    assert str(environment.build / "errored.tfstate") in said
    assert [entry.record.outcome for entry in entries] == [Outcome.UNKNOWN]
    unclosed = entries[0]
    said, entries = change(environment, books, lambda: pytest.fail("nothing may begin"))
    assert f"The outcome of the {kind} of staging" in said
    assert entries == [unclosed]
    assert Journal.of(environment).belongs_to(unclosed), "recovering needs it"


def test_interrupted(environment: Environment, books: Books, stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, entries = change(environment, books, raising(KeyboardInterrupt()))
    assert [entry.record.outcome for entry in entries] == [Outcome.UNKNOWN]
    assert "make recover ENV=staging" in capsys.readouterr().err


def test_a_ledger_that_cannot_be_closed(environment: Environment, books: Books, stack: Path) -> None:
    def happen() -> None:
        books.ledger.broken = True  # type: ignore[attr-defined]
        raise failure("ExpiredToken")

    said, entries = change(environment, books, happen)
    assert "ExpiredToken" in said
    assert "make recover ENV=staging" in said
    assert len(entries) == 1


def test_a_lock_that_could_not_be_freed(environment: Environment, books: Books, stack: Path) -> None:
    def happen() -> None:
        ours = StateLock("1-2", here().partition(" ")[0], "OperationTypeApply", "2999-01-01T00:00:00.123456789Z")
        books.state.locked = ours  # type: ignore[attr-defined]
        raise failure("Error releasing the state lock")

    said, entries = change(environment, books, happen)
    assert "make recover ENV=staging" in said
    assert "someone else" not in said
    assert len(entries) == 1


def test_a_state_that_something_else_wrote(environment: Environment, books: Books) -> None:
    books.ledger.append(record(Kind.RECOVER, Outcome.SUCCEEDED, environment="staging", state=state(2)))
    said, entries = change(environment, books, lambda: pytest.fail("nothing may begin"))
    assert "was written by something else than this tooling: the ledger knows serial 2" in said
    assert len(entries) == 1


# The lock -------------------------------------------------------------------------------------------------------------

LOCK = StateLock("1-2", "runner@host", "OperationTypeApply", "2026-03-01T12:00:01.5Z")


@pytest.mark.parametrize(
    ("lock", "ours"),
    [
        (LOCK, True),
        (replace(LOCK, created="2026-03-01T12:00:00.123456789Z"), True),
        (replace(LOCK, created="2026-03-01T11:59:59.9Z"), False),
        (replace(LOCK, who="ada@laptop"), False),
        (replace(LOCK, who="runner@host2"), False),
        (replace(LOCK, operation="OperationTypePlan"), False),
    ],
)
def test_whose_lock_it_is(lock: StateLock, ours: bool) -> None:
    assert lock.is_of(Entry(1, GENESIS, record())) == ours


def test_who_holds_the_state_is_told() -> None:
    assert str(LOCK) == "runner@host since 2026-03-01T12:00:01 UTC (apply, lock 1-2)"


# The state ------------------------------------------------------------------------------------------------------------


def test_the_states_key_is_the_stacks() -> None:
    assert f'key = "{STATE_KEY}"' in (STACK / "versions.tf").read_text()


class S3:
    """A bucket with one object."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": BytesIO(self.content)}


def test_a_state_that_is_none() -> None:
    with pytest.raises(InfraError, match="is not what Terraform writes"):
        RemoteState(S3(b"[]"), "b", "1").version()
    version = {"lineage": "l", "serial": 4, "version": 4}
    assert RemoteState(S3(json.dumps(version).encode()), "b", "1").version() == StateVersion("l", 4)
