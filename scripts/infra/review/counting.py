"""Which approvals count for a plan, and why the others do not."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from infra.review.approval import Approval, Makers, Person
from infra.review.gates import Gates
from infra.review.model import Provenance

# Clocks of two machines differ. What is from further in the future than this was not made by an honest one.
CLOCK_SKEW = timedelta(minutes=5)


def count(
    approvals: Iterable[Approval], provenance: Provenance, gates: Gates, *, makers: Makers, now: datetime
) -> tuple[list[str], list[str]]:
    """Which approvals count for a plan.

    Args:
        approvals: whatever was given.
        provenance: of the plan.
        gates: who may approve, and how long an approval lives.
        makers: who may not.
        now: with time zone.

    Returns:
        Names of the persons whose approvals count, each once, and why the others do not.
    """
    counted: list[str] = []
    refused: list[str] = []
    for approval in approvals:
        person = next((each for each in gates.approvers if approval.is_by(each)), None)
        wrong = _why_not(approval, person, provenance, gates, makers=makers, now=now)
        if wrong:
            refused.append(f"the approval by {approval.identity} does not count: {wrong}")
        elif person and person.name not in counted:
            counted.append(person.name)
    return counted, refused


def _why_not(
    approval: Approval, person: Person | None, provenance: Provenance, gates: Gates, *, makers: Makers, now: datetime
) -> str:
    """Why an approval does not count; "" when it does."""
    age = now - approval.time
    checks = (
        (bool(approval.dead), approval.dead),
        (person is None, f"nobody of that name is an approver in environments/{gates.environment}/gates.yaml"),
        (approval.environment != provenance.environment, f"it is for a plan of {approval.environment}"),
        (approval.digest != provenance.digest, f"it is for another plan, {approval.digest[:12]}"),
        (approval.commit != provenance.commit, f"it is for commit {approval.commit[:12]}"),
        (person is not None and makers.include(person), "who makes a change cannot approve it"),
        (age > gates.plan_max_age, f"it is older than {hours(gates.plan_max_age)}"),
        (age < -CLOCK_SKEW, "it is from the future"),
    )
    return next((text for wrong, text in checks if wrong), "")


def hours(span: timedelta) -> str:
    """A span of time for a sentence, as in "24 hours".

    Args:
        span: the span.
    """
    return f"{span.total_seconds() / 3600:g} hours"
