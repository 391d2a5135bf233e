"""How the reports of a preflight say things."""

from collections.abc import Iterator
from datetime import UTC, datetime

from infra.preflight.base.applied import ORIGINS
from infra.preflight.record import PreflightRecord, Verdict
from infra.verification.steps import Outcome


def headline(record: PreflightRecord) -> str:
    """One sentence about a preflight.

    Args:
        record: a finished preflight.

    Returns:
        As in "27 steps passed in 41 s: what is configured works when applied."
    """
    count = {outcome: sum(each.outcome is outcome for each in record.results) for outcome in Outcome}
    match record.verdict:
        case Verdict.PASSED:
            return f"{count[Outcome.PASSED]} steps passed in {record.seconds:.0f} s: the platform works as configured."
        case Verdict.FAILED:
            left = f", {count[Outcome.NOT_RUN]} not run" if count[Outcome.NOT_RUN] else ""
            return f"{count[Outcome.FAILED]} of {len(record.results)} steps failed{left}, after {record.seconds:.0f} s."
        case _:
            return "Nothing is known about the configuration: the preflight itself could not go on."


def account_words(record: PreflightRecord) -> str:
    """Where the account came from.

    Args:
        record: a finished preflight.

    Returns:
        In words.
    """
    origin = ORIGINS[record.account_origin] if record.account_origin else "there was none"
    return f"{record.account_id}, emulated: {origin}"


def made_from(record: PreflightRecord) -> Iterator[tuple[str, str]]:
    """What was tried.

    Args:
        record: a finished preflight.

    Yields:
        Name and fact.
    """
    changed = "" if record.clean else " with changes"
    yield "Environment", record.environment
    yield "Commit", f"{record.commit or 'no git checkout'}{changed if record.commit else ''}"
    yield "Tools", record.tools
    yield "Started", datetime.fromtimestamp(record.started, UTC).isoformat(timespec="seconds")
