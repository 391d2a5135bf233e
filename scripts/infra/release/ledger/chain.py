"""What follows from the entries of a ledger; everything here is pure.

A ledger proves itself: each entry names the hash of the one before, S3 tells when each object was written and whether a
name ever held something else, and the Terraform state tells its last version, which the last writing entry must name.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from infra.errors import InfraError
from infra.release.ledger.entry import GENESIS, Entry, Outcome, StateVersion, parse

PREFIX = "ledger/"
_SUFFIX = ".json"
_DIGITS = 8


@dataclass(frozen=True)
class Stored:
    """An object of the ledger, as S3 has it.

    Args:
        key: its name.
        content: its bytes; None when its current version is a deletion.
        modified: when its current version was written, by S3's clock.
        versions: how many versions the name has had, deletions included; 1 for an entry that nobody touched.
    """

    key: str
    content: bytes | None
    modified: datetime
    versions: int = 1


def key_of(number: int) -> str:
    """Name of the object of an entry.

    Args:
        number: of the entry.

    Returns:
        The key; keys sort as numbers do.
    """
    return f"{PREFIX}{number:0{_DIGITS}}{_SUFFIX}"


def number_of(key: str) -> int:
    """Number of the entry that an object is.

    Args:
        key: its name.

    Returns:
        The number; 0 when no entry has such a name.
    """
    digits = key.removeprefix(PREFIX).removesuffix(_SUFFIX)
    number = int(digits) if digits.isascii() and digits.isdigit() else 0
    return number if number and key_of(number) == key else 0


def open_entry(entries: Iterable[Entry]) -> Entry | None:
    """The entry whose outcome is unknown. There is one at most: nothing else is begun while there is one.

    Args:
        entries: the newest first; no more of them are read than needed.

    Returns:
        The entry, or None.
    """
    for entry in entries:
        if entry.record.outcome is Outcome.UNKNOWN:
            return entry
        if entry.record.closes:
            return None
    return None


def written_state(entries: Iterable[Entry]) -> StateVersion | None:
    """The state as the ledger knows it.

    Args:
        entries: the newest first.

    Returns:
        What the last writer left; None when no entry wrote the state.
    """
    for entry in entries:
        if entry.record.state and entry.record.outcome is not Outcome.UNKNOWN:
            return entry.record.state
    return None


def verify(stored: Sequence[Stored], environment: str, state: StateVersion) -> list[str]:
    """Hold a ledger against itself, and the state's last version against the ledger.

    Args:
        stored: all objects of the ledger, deleted ones included.
        environment: whose ledger it is.
        state: the version that the state has now.

    Returns:
        What is wrong, each in a sentence; empty when the ledger holds.
    """
    ordered = sorted(stored, key=lambda each: each.key)
    problems = [f"{each.key} is no name of an entry" for each in ordered if not number_of(each.key)]
    objects = {number_of(each.key): each for each in ordered if number_of(each.key)}
    problems += _missing(objects)
    problems += _touched(list(objects.values()))
    entries, unreadable = _read(objects)
    problems += unreadable + list(_links(entries, environment)) + list(_closings(entries))
    return problems + _last_writer(entries, state)


def _missing(objects: dict[int, Stored]) -> list[str]:
    return [f"entry {number} is missing" for number in range(1, max(objects, default=0) + 1) if number not in objects]


def _touched(objects: Sequence[Stored]) -> Iterator[str]:
    """What S3 itself tells about objects that were written once and never again."""
    for each in objects:
        if each.content is None:
            yield f"entry {number_of(each.key)} was deleted at {each.modified:%Y-%m-%d %H:%M:%S} UTC"
        elif each.versions != 1:
            yield f"entry {number_of(each.key)} was replaced: its object has {each.versions} versions"
    for earlier, later in pairwise(objects):
        if earlier.modified > later.modified:
            yield f"entry {number_of(earlier.key)} was written after entry {number_of(later.key)}: it is another one"


def _read(objects: dict[int, Stored]) -> tuple[list[Entry], list[str]]:
    entries, problems = [], []
    for number, each in sorted(objects.items()):
        if each.content is None:
            continue
        try:
            entry = parse(each.content)
        except InfraError as error:
            problems.append(f"entry {number} cannot be read: {error}")
            continue
        if entry.number != number:
            problems.append(f"entry {number} says that it is entry {entry.number}")
        entries.append(entry)
    return entries, problems


def _links(entries: Sequence[Entry], environment: str) -> Iterator[str]:
    by_number = {entry.number: entry for entry in entries}
    for entry in entries:
        if entry.record.environment != environment:
            yield f"entry {entry.number} is one of {entry.record.environment}"
        before = by_number.get(entry.number - 1)
        if entry.number == 1 and entry.previous != GENESIS:
            yield "entry 1 names an entry before it: the beginning of the ledger is gone"
        if before and entry.previous != before.hash:
            yield f"entry {before.number} was edited: entry {entry.number} names another hash of it"


def _closings(entries: Sequence[Entry]) -> Iterator[str]:
    waiting: Entry | None = None
    for index, entry in enumerate(entries):
        left = written_state(reversed(entries[:index]))
        if entry.record.outcome is Outcome.UNKNOWN and left and entry.record.state != left:
            yield f"entry {entry.number} began with another state ({entry.record.state}) than the one left ({left})"
        if entry.record.closes and (waiting is None or waiting.number != entry.record.closes):
            yield f"entry {entry.number} closes entry {entry.record.closes}, which was not open"
        if entry.record.outcome is Outcome.UNKNOWN and waiting:
            yield f"entry {entry.number} was begun while the outcome of entry {waiting.number} was unknown"
        if entry.record.closes:
            waiting = None
        if entry.record.outcome is Outcome.UNKNOWN:
            waiting = entry


def _last_writer(entries: Sequence[Entry], state: StateVersion) -> list[str]:
    newest_first = list(reversed(entries))
    waiting = open_entry(newest_first)
    if waiting:
        return [f"the outcome of entry {waiting.number} ({waiting.record.kind}) is unknown, so the state's writer is"]
    written = written_state(newest_first)
    if written == state or (written is None and not state.lineage):
        return []
    if written is None:
        return [f"the state ({state}) was not written by any entry"]
    return [f"the state ({state}) was last written by something else: the ledger knows {written}"]
