"""What a rollback goes back to, from the entries of the ledger; everything here is pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from infra.errors import InfraError
from infra.release.ledger.entry import Entry, Kind, Outcome, Record
from infra.release.ledger.report import rows

_CHANGES: Final = (Kind.APPLY, Kind.DEPLOY, Kind.ROLLBACK)
# What a rollback's entry says in its details: the entry that it went back to. What ran in between was left on purpose.
WENT_TO: Final = "went_to"

# Whether two commits configure the environment alike.
Alike = Callable[[str, str], bool]


@dataclass(frozen=True)
class Target:
    """Where to go back to, and from where.

    Args:
        entry: that ended what ran before; its configuration and images are wanted again.
        current: what was done last.
        verified: whether a verification succeeded after it and before anything else was done.
    """

    entry: Entry
    current: Entry
    verified: bool

    @property
    def record(self) -> Record:
        """What ran before."""
        return self.entry.record

    @property
    def images(self) -> Mapping[str, tuple[str, str]]:
        """The images that differ: by service, what runs and what ran."""
        runs, ran = self.current.record.images, self.record.images
        return {
            name: (runs.get(name, ""), ran.get(name, ""))
            for name in sorted(runs.keys() | ran.keys())
            if runs.get(name) != ran.get(name)
        }


def choose(entries: Sequence[Entry], wanted: int, environment: str, alike: Alike) -> Target:
    """The entry to go back to.

    Without a wish it is the newest success that differs from what was done last, and that no earlier rollback has left:
    rolling back twice goes further back, not to and fro. A rollback that was not finished is gone on with,
    also where its recovery found everything done: nobody has seen it run.

    Args:
        entries: the whole ledger, the oldest first.
        wanted: number of an entry, the one that began the change or the one that ended it; 0 for none.
        environment: whose ledger, for the messages.
        alike: compares the commits of two entries.

    Returns:
        The target.

    Raises:
        InfraError: there is nothing to go back to, or the entry that is wanted is none that can be gone back to.
    """
    done = [(entry, outcome) for entry, outcome in rows(entries) if _changed(entry, entries) and _took_effect(outcome)]
    if not done:
        raise InfraError(f"Nothing was applied to {environment} yet, so there is nothing to go back from.")
    current, ended = done[-1]
    if _kind(current, entries) is Kind.DESTROY:
        raise InfraError(
            f"{environment} was destroyed (entry {current.number}): there is nothing to roll back. "
            f"`make plan ENV={environment}` plans it anew."
        )
    since = max((index for index, (entry, _) in enumerate(done) if _kind(entry, entries) is Kind.DESTROY), default=-1)
    successes = [entry for entry, outcome in done[since + 1 :] if outcome is Outcome.SUCCEEDED]
    if not wanted and (ended is not Outcome.SUCCEEDED or current.record.kind is Kind.RECOVER):
        wanted = _went_to(current, entries)
    found = _wanted(wanted, entries, successes, environment) if wanted else _before(current, entries, successes, alike)
    if found is None:
        raise InfraError(
            f"The ledger of {environment} has no success before entry {current.number} with another configuration "
            f"that was not left by a rollback. `make history ENV={environment} ALL=1` shows what there was; "
            "TO=<entry> takes one of it."
        )
    if not found.record.commit or not found.record.clean:
        raise InfraError(
            f"Entry {found.number} was not made from a clean commit: its configuration is kept nowhere. Name an "
            f"earlier one with TO=<entry> (`make history ENV={environment}`), or deploy its images: "
            + ", ".join(f"{name} {image}" for name, image in sorted(found.record.images.items()))
        )
    return Target(found, current, _verified(found, entries))


def _took_effect(outcome: Outcome) -> bool:
    return outcome in {Outcome.SUCCEEDED, Outcome.FAILED, Outcome.PARTIAL}


def _changed(entry: Entry, entries: Sequence[Entry]) -> bool:
    return _kind(entry, entries) in {*_CHANGES, Kind.DESTROY} and bool(entry.record.closes)


def _kind(entry: Entry, entries: Sequence[Entry]) -> Kind:
    """What was done; the entry of a recovery closes something of another kind."""
    if entry.record.kind is not Kind.RECOVER:
        return entry.record.kind
    return next((each.record.kind for each in entries if each.number == entry.record.closes), Kind.RECOVER)


def _wanted(wanted: int, entries: Sequence[Entry], successes: Sequence[Entry], environment: str) -> Entry:
    for entry in successes:
        if wanted in {entry.number, entry.record.closes}:
            return entry
    there = next((entry for entry in entries if entry.number == wanted), None)
    can = ", ".join(str(entry.number) for entry in successes[-10:]) or "none"
    reason = f"is a {there.record.kind} ({there.record.outcome})" if there else "does not exist"
    raise InfraError(
        f"TO={wanted}: that entry of {environment} {reason}. What succeeded and can be gone back to, since it was "
        f"made: {can}."
    )


def _before(current: Entry, entries: Sequence[Entry], successes: Sequence[Entry], alike: Alike) -> Entry | None:
    """The newest success before the current change that is another configuration and was not left on purpose."""
    left = _left_on_purpose(entries)
    for entry in reversed(successes):
        if (
            entry.number < current.number
            and entry.number not in left
            and not _same(entry.record, current.record, alike)
        ):
            return entry
    return None


def _same(one: Record, other: Record, alike: Alike) -> bool:
    return one.images == other.images and one.clean and other.clean and alike(one.commit, other.commit)


def _left_on_purpose(entries: Sequence[Entry]) -> set[int]:
    """Numbers of the entries between each rollback that succeeded and what it went to."""
    left: set[int] = set()
    for entry in entries:
        to = _went_to(entry, entries)
        if to and entry.record.outcome is Outcome.SUCCEEDED:
            left |= set(range(to + 1, entry.record.closes))
    return left


def _went_to(entry: Entry, entries: Sequence[Entry]) -> int:
    """Number of the entry that a rollback went to; 0 for an entry that closes something else."""
    began = next((each for each in entries if each.number == entry.record.closes), None)
    return int(began.record.details[WENT_TO]) if began and began.record.kind is Kind.ROLLBACK else 0


def _verified(entry: Entry, entries: Sequence[Entry]) -> bool:
    for each in entries:
        if each.number <= entry.number:
            continue
        if each.record.kind is Kind.VERIFICATION and each.record.outcome is Outcome.SUCCEEDED:
            return True
        if each.record.outcome is Outcome.UNKNOWN:
            return False
    return False
