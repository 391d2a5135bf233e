"""What the ledger says about what should run, and when something was applied."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from infra.release.ledger.entry import Entry, Kind, Outcome


@dataclass(frozen=True)
class Recorded:
    """What the ledger says about what should run.

    Args:
        images: by name of the service; empty when nothing was ever applied.
        entry: number of the entry that says so; 0 for none.
        changes: when something was applied, each from its beginning to its end.
    """

    images: Mapping[str, str]
    entry: int
    changes: Sequence[tuple[datetime, datetime]]


def recorded(entries: Sequence[Entry]) -> Recorded:
    """Read the ledger.

    Args:
        entries: the oldest first.

    Returns:
        The images of the last change that was completed, and all times of change.
    """
    writing = (Kind.APPLY, Kind.DEPLOY, Kind.ROLLBACK, Kind.RECOVER, Kind.DESTROY)
    closed = [each for each in entries if each.record.kind in writing and each.record.outcome is not Outcome.UNKNOWN]
    last = next((each for each in reversed(closed) if each.record.outcome is Outcome.SUCCEEDED), None)
    changes = [
        (datetime.fromisoformat(each.record.started), datetime.fromisoformat(each.record.ended))
        for each in closed
        if each.record.ended
    ]
    images = last.record.images if last and last.record.kind is not Kind.DESTROY else {}
    return Recorded(images, last.number if last else 0, changes)
