"""A verification as an entry of the ledger: `make promote` takes what one that succeeded names."""

from datetime import UTC, datetime

from infra.account.selection import Account
from infra.environment import Environment
from infra.release.books import here, now, open_books
from infra.release.ledger.entry import Entry, Kind, Outcome, Record
from infra.verify.record import VerificationRecord


def enter(environment: Environment, account: Account, record: VerificationRecord) -> Entry:
    """Enter a whole verification.

    Args:
        environment: which was verified.
        account: its account; of a platform that was left running, the platform's own copy.
        record: what was found.

    Returns:
        The entry.

    Raises:
        InfraError: S3 refused it.
    """
    return open_books(environment, account).ledger.append(entry_of(account.caller, record))


def entry_of(who: str, record: VerificationRecord) -> Record:
    """What the ledger says of a whole verification.

    Args:
        who: ARN of the caller.
        record: what was found.

    Returns:
        The record; its images are what was verified.
    """
    return Record(
        kind=Kind.VERIFICATION,
        environment=record.environment,
        outcome=Outcome.SUCCEEDED if record.passed else Outcome.FAILED,
        who=who,
        where=here(),
        written=now(),
        started=_time(record.started),
        ended=_time(record.started + record.seconds),
        commit=record.commit,
        clean=record.clean,
        images=dict(record.images),
        note=record.headline,
        details={
            "steps": {result.name: str(result.outcome) for result in record.results},
            "left_out": dict(record.left_out),
            "task_definitions": dict(record.task_definitions),
        },
    )


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
