"""Ledgers made for tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.release.ledger.chain import Stored, key_of
from infra.release.ledger.entry import GENESIS, Entry, Kind, Outcome, Record, StateVersion

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINEAGE = "5f0e7a2c-0000-4000-8000-000000000001"


def state(serial: int) -> StateVersion:
    return StateVersion(LINEAGE if serial else "", serial)


def record(kind: Kind = Kind.APPLY, outcome: Outcome = Outcome.UNKNOWN, **fields: object) -> Record:
    made = Record(
        kind=kind,
        environment="staging",
        outcome=outcome,
        who="arn:aws:sts::123456789012:assumed-role/hokusai-apply-staging/run-1",
        where="runner@host (process 1)",
        written=BEGAN.isoformat(timespec="microseconds"),
        started=BEGAN.isoformat(),
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def chained(records: list[Record]) -> list[Entry]:
    entries: list[Entry] = []
    for number, each in enumerate(records, start=1):
        entries.append(Entry(number, entries[-1].hash if entries else GENESIS, each))
    return entries


def stored(entries: list[Entry]) -> list[Stored]:
    return [Stored(key_of(entry.number), entry.bytes, BEGAN + timedelta(minutes=entry.number)) for entry in entries]


def history() -> list[Entry]:
    """Two applies, a plan and an approval before each, the second one recovered."""
    return chained(
        [
            record(Kind.PLAN, Outcome.SUCCEEDED, digest="a" * 64, commit="c" * 40, clean=True),
            record(Kind.APPLY, Outcome.UNKNOWN, state=state(0), images={"gateway": "r@sha256:1"}),
            record(Kind.APPLY, Outcome.SUCCEEDED, state=state(3), closes=2, images={"gateway": "r@sha256:1"}),
            record(Kind.VERIFICATION, Outcome.SUCCEEDED),
            record(Kind.PLAN, Outcome.SUCCEEDED, digest="b" * 64),
            record(Kind.APPROVAL, Outcome.SUCCEEDED, digest="b" * 64, who="Bob"),
            record(Kind.APPLY, Outcome.UNKNOWN, state=state(3)),
            record(Kind.RECOVER, Outcome.PARTIAL, state=state(5), closes=7),
        ]
    )
