"""The ledger for a person and for machines."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.release.ledger.entry import Entry, Outcome
from infra.review.reports.text import line

_STYLES: Final = {
    Outcome.UNKNOWN: "bold yellow",
    Outcome.SUCCEEDED: "green",
    Outcome.FAILED: "bold red",
    Outcome.PARTIAL: "bold yellow",
    Outcome.NOTHING: "yellow",
}
_NOTE: Final = 300


def rows(entries: Sequence[Entry]) -> Iterator[tuple[Entry, Outcome]]:
    """The entries that tell something of their own, with how each ended.

    Args:
        entries: the oldest first.

    Yields:
        An entry that was closed stands in the one that closes it; one that is open is unknown.
    """
    closed = {entry.record.closes for entry in entries}
    for entry in entries:
        if entry.number not in closed:
            yield entry, entry.record.outcome


def print_table(entries: Sequence[Entry], console: Console | None = None) -> None:
    """Print the ledger, the newest last, where the eye is.

    Args:
        entries: the oldest first.
        console: where to; stdout by default.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("entry", "when (UTC)", "what", "outcome", "who", "commit", "digest", "state", "took", "note"):
        table.add_column(column, overflow="fold", no_wrap=column in {"entry", "when (UTC)", "what", "outcome"})
    for entry, outcome in rows(entries):
        record = entry.record
        table.add_row(
            str(entry.number),
            record.started[:19].replace("T", " "),
            str(record.kind),
            Text(str(outcome), style=_STYLES[outcome]),
            line(record.who.rpartition(":")[2]),
            record.commit[:12] + ("" if record.clean or not record.commit else " (not clean)"),
            record.digest[:12],
            str(record.state.serial) if record.state and outcome is not Outcome.UNKNOWN else "",
            _took(record.started, record.ended),
            line(record.note, _NOTE),
        )
    (console or Console(highlight=False, emoji=False)).print(table)


def as_json(entries: Sequence[Entry]) -> list[Mapping[str, Any]]:
    """All entries as data.

    Args:
        entries: the oldest first.

    Returns:
        Each with its number, its hash and the hash before it.
    """
    return [
        {"number": entry.number, "previous": entry.previous, "hash": entry.hash, **asdict(entry.record)}
        for entry in entries
    ]


def _took(started: str, ended: str) -> str:
    if not ended or started == ended:
        return ""
    return f"{(datetime.fromisoformat(ended) - datetime.fromisoformat(started)).total_seconds():.0f} s"
