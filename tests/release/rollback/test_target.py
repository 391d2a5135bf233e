"""What a rollback goes back to."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from infra.errors import InfraError
from infra.release.ledger.entry import Entry, Kind, Outcome, Record
from infra.release.rollback.target import WENT_TO, Target, choose
from tests.release.ledger.samples import chained, record, state

GOOD, BETTER, BROKEN = ("r@sha256:good", "r@sha256:better", "r@sha256:broken")


def change(
    kind: Kind, image: str, commit: str, outcome: Outcome = Outcome.SUCCEEDED, *, clean: bool = True, to: int = 0
) -> list[Record]:
    """The entry that begins a change and the one that ends it; `samples.chained` numbers them."""
    fields = {"images": {"gateway": image}, "commit": commit * 40, "clean": clean, "state": state(1)}
    details = {WENT_TO: to} if to else {}
    return [record(kind, **fields, details=details), record(kind, outcome, **fields, details=details, closes=-1)]


def ledger(*changes: list[Record]) -> list[Entry]:
    entries = chained([each for group in changes for each in group])
    return [
        entry if not entry.record.closes else Entry(entry.number, entry.previous, _closing(entry)) for entry in entries
    ]


def _closing(entry: Entry) -> Record:
    fields = {**entry.record.__dict__, "closes": entry.number - 1}
    return Record(**fields)


def target(entries: Sequence[Entry], wanted: int = 0) -> Target:
    # The commit "d" is the one that a rollback made of "b".
    return choose(entries, wanted, "staging", lambda one, other: one.replace("d", "b") == other.replace("d", "b"))


def refused(entries: Sequence[Entry], wanted: int = 0) -> str:
    with pytest.raises(InfraError) as error:
        target(entries, wanted)
    return str(error.value)


FIRST = change(Kind.APPLY, GOOD, "a")
SECOND = change(Kind.DEPLOY, BETTER, "b")
THIRD = change(Kind.DEPLOY, BROKEN, "c")


def test_what_ran_before() -> None:
    found = target(ledger(FIRST, SECOND, THIRD))
    assert (found.entry.number, found.current.number) == (4, 6)
    assert found.images == {"gateway": (BROKEN, BETTER)}


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PARTIAL])
def test_a_change_that_failed_is_left_for_the_last_success(outcome: Outcome) -> None:
    found = target(ledger(FIRST, SECOND, change(Kind.DEPLOY, BROKEN, "c", outcome)))
    assert found.entry.number == 4


def test_a_change_that_never_took_place_is_nothing_to_go_back_from() -> None:
    found = target(ledger(FIRST, SECOND, change(Kind.DEPLOY, BROKEN, "c", Outcome.NOTHING)))
    assert (found.entry.number, found.current.number) == (2, 4)


def test_the_same_configuration_applied_twice_is_gone_past() -> None:
    assert target(ledger(FIRST, SECOND, SECOND)).entry.number == 2


def test_a_failed_change_of_the_same_commit_is_not_what_is_gone_back_to() -> None:
    failed = change(Kind.APPLY, GOOD, "a", Outcome.FAILED)
    assert "no success before entry 4 with another configuration" in refused(ledger(FIRST, failed))


def test_rolling_back_twice_goes_further_back() -> None:
    once = change(Kind.ROLLBACK, BETTER, "d", to=4)
    assert target(ledger(FIRST, SECOND, THIRD, once)).entry.number == 2
    assert target(ledger(FIRST, SECOND, THIRD, once), wanted=6).entry.number == 6, "on purpose it goes anywhere"


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PARTIAL])
def test_a_rollback_that_was_not_finished_is_gone_on_with(outcome: Outcome) -> None:
    unfinished = change(Kind.ROLLBACK, BETTER, "d", outcome, to=4)
    assert target(ledger(FIRST, SECOND, THIRD, unfinished)).entry.number == 4
    assert target(ledger(FIRST, SECOND, THIRD, unfinished), wanted=2).entry.number == 2, "or given up for another one"


def test_a_rollback_whose_end_only_its_recovery_saw_is_gone_on_with() -> None:
    began, ended = change(Kind.ROLLBACK, BETTER, "d", to=4)
    recovered = [began, replace(ended, kind=Kind.RECOVER)]
    assert target(ledger(FIRST, SECOND, THIRD, recovered)).entry.number == 4
    seen = change(Kind.ROLLBACK, BETTER, "d", to=4)
    assert target(ledger(FIRST, SECOND, THIRD, recovered, seen)).entry.number == 2, "rolling back twice goes further"


def test_a_rollback_that_never_began_has_left_nothing() -> None:
    nothing = change(Kind.ROLLBACK, BETTER, "d", Outcome.NOTHING, to=2)
    assert target(ledger(FIRST, SECOND, THIRD, nothing)).entry.number == 4


def test_an_entry_is_named_by_its_begin_or_its_end() -> None:
    entries = ledger(FIRST, SECOND, THIRD)
    assert target(entries, 1).entry.number == target(entries, 2).entry.number == 2


@pytest.mark.parametrize(("wanted", "reason"), [(77, "does not exist"), (4, r"is a deploy \(failed\)")])
def test_an_entry_that_cannot_be_gone_back_to(wanted: int, reason: str) -> None:
    entries = ledger(FIRST, change(Kind.DEPLOY, BETTER, "b", Outcome.FAILED), THIRD)
    with pytest.raises(
        InfraError, match=rf"{reason}\. What succeeded and can be gone back to, since it was made: 2, 6"
    ):
        target(entries, wanted)


def test_what_was_not_committed_is_kept_nowhere() -> None:
    said = refused(ledger(change(Kind.APPLY, GOOD, "a", clean=False), SECOND))
    assert "not made from a clean commit" in said
    assert f"gateway {GOOD}" in said


def test_nothing_was_applied() -> None:
    assert "Nothing was applied" in refused([])
    assert "no success before entry 2" in refused(ledger(FIRST))


def test_a_destroyed_environment_is_planned_anew() -> None:
    destroyed = change(Kind.DESTROY, GOOD, "a")
    assert "was destroyed (entry 4)" in refused(ledger(FIRST, destroyed))
    assert "no success before entry 6" in refused(ledger(FIRST, destroyed, SECOND))
    assert "does not" not in refused(ledger(FIRST, destroyed, SECOND), wanted=2)


def test_verified_then() -> None:
    verified = [record(Kind.VERIFICATION, Outcome.SUCCEEDED)]
    failed = [record(Kind.VERIFICATION, Outcome.FAILED)]
    assert target(ledger(FIRST, verified, SECOND)).verified
    assert not target(ledger(FIRST, failed, SECOND)).verified
    assert not target(ledger(FIRST, SECOND, verified)).verified, "that was the second one"
