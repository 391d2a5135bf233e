"""The gate: whether a reviewed plan may be applied now, must wait for somebody, or may not be applied at all.

`judge` is pure. It allows nothing that it could not judge: a fact of the plan that is missing or makes no sense forbids
it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum

from infra.review.approval import Approval, Makers, approval_line
from infra.review.counting import CLOCK_SKEW, count, hours
from infra.review.gates import Acknowledgement, Gates, Requirement
from infra.review.model import Change, Provenance, Review, Risk

_SHOWN_CHANGES = 5


class Decision(StrEnum):
    """What the gate says."""

    ALLOWED = "allowed"
    WAITS = "waits"
    FORBIDDEN = "forbidden"


@dataclass(frozen=True)
class Verdict:
    """What the gate says, and why.

    Args:
        decision: what it says.
        reasons: each in a sentence that says what to do; the worst first. Empty when it is allowed.
        approved_by: names of those whose approvals count.
        needed: how many approvals the plan needs.
    """

    decision: Decision
    reasons: tuple[str, ...] = ()
    approved_by: tuple[str, ...] = ()
    needed: int = 0

    def as_json(self) -> dict[str, object]:
        """The verdict for the JSON report."""
        return {
            "decision": self.decision.value,
            "reasons": list(self.reasons),
            "approved_by": list(self.approved_by),
            "approvals_needed": self.needed,
        }


@dataclass
class _Reasons:
    """Reasons as they are found."""

    forbidden: list[str] = field(default_factory=list)
    waits: list[str] = field(default_factory=list)


def judge(
    review: Review,
    gates: Gates,
    acknowledgements: Sequence[Acknowledgement],
    approvals: Sequence[Approval],
    *,
    makers: Makers,
    now: datetime,
    emergency: str = "",
) -> Verdict:
    """Decide about a plan.

    Args:
        review: of the plan.
        gates: of its environment.
        acknowledgements: of its environment.
        approvals: whatever was given; this function decides which count.
        makers: who wrote the change and made the plan; none of them may approve it.
        now: with time zone.
        emergency: the written reason of a rollback that cannot wait; the caller has proved that the plan goes back to
            what ran before and loses nothing.

    Returns:
        Forbidden when it may never be applied or could not be judged, waits when somebody or a later hour can help,
        else allowed.
    """
    reasons = _Reasons()
    reasons.forbidden += _problems(review.provenance, gates, now)
    reasons.forbidden += _failed_checks(review, gates)
    needed = Requirement.NONE
    for cause, requirement in _requirements(review, gates):
        if requirement is Requirement.FORBIDDEN:
            reasons.forbidden.append(f"{cause}: forbidden in {gates.environment}")
        needed = max(needed, requirement, key=list(Requirement).index)
    if emergency and gates.emergency_rollback is Requirement.FORBIDDEN:
        reasons.forbidden.append(
            f"a rollback in {gates.environment} has no emergency path (emergency_rollback in its gates.yaml): run it "
            "without a reason, and it is judged as any change"
        )
    if emergency:
        needed = min(needed, gates.emergency_rollback, key=list(Requirement).index)
    else:
        reasons.waits += _unacknowledged(review, gates, acknowledgements)
    counted, refused = count(approvals, review.provenance, gates, makers=makers, now=now)
    if len(counted) < needed.approvals:
        reasons.waits += [_missing(needed.approvals, counted, review.provenance, gates, makers), *refused]
    if not review.empty and not emergency and gates.hours and not gates.hours.include(now):
        reasons.waits.append(f"changes to {gates.environment} are made {gates.hours}; wait until then")
    decision = Decision.ALLOWED
    if reasons.waits:
        decision = Decision.WAITS
    if reasons.forbidden:
        decision = Decision.FORBIDDEN
    return Verdict(decision, (*reasons.forbidden, *reasons.waits), tuple(counted), needed.approvals)


def _problems(provenance: Provenance, gates: Gates, now: datetime) -> list[str]:
    """What is wrong with the plan itself."""
    problems = []
    if provenance.environment != gates.environment:
        problems.append(f"the plan is one of {provenance.environment}, the gates are those of {gates.environment}")
    for name, digest in (("digest", provenance.digest), ("plan file hash", provenance.plan_sha256)):
        if not re.fullmatch(r"[0-9a-f]{64}", digest):
            problems.append(f"the plan's {name} is no SHA-256: it cannot be told what was reviewed")
    if gates.clean_commit and not (provenance.clean and re.fullmatch(r"[0-9a-f]{40,64}", provenance.commit or "")):
        problems.append("the plan was not made from a clean commit: commit, then plan again")
    try:
        made = datetime.fromisoformat(provenance.created)
        age = now - made
    except (TypeError, ValueError):
        return [*problems, f"it cannot be told how old the plan is (created {provenance.created!r}): plan again"]
    if age > gates.plan_max_age:
        problems.append(
            f"the plan of {made.astimezone(UTC):%Y-%m-%d %H:%M} UTC is older than {hours(gates.plan_max_age)}: plan "
            "again"
        )
    if age < -CLOCK_SKEW:
        problems.append("the plan is from the future: set the clock of one of the machines, then plan again")
    return problems


def _failed_checks(review: Review, gates: Gates) -> list[str]:
    """Conditions that do not hold, and findings that are too bad."""
    failed = [
        f"the condition of {check.address} does not hold"
        for check in review.checks
        if check.status not in ("pass", "unknown")
    ]
    found = [
        f"{finding.rule} ({finding.severity}) at {finding.where}: {finding.title}"
        for finding in review.findings
        if finding.severity.rank <= gates.findings.rank
    ]
    return [*failed, *found]


def _requirements(review: Review, gates: Gates) -> list[tuple[str, Requirement]]:
    """What is in the plan, and what that needs."""
    risks = {consequence.risk for change in review.changes for consequence in change.consequences}
    found = [
        (f"it has changes with risk {risk}", gates.risks[risk]) for risk in sorted(risks, key=lambda each: each.rank)
    ]
    if review.outputs and not review.changes:
        found.append(("it changes outputs", gates.risks[Risk.NONE]))
    if review.provenance.destroy:
        found.append(("it destroys everything", gates.destroy))
    if review.unknown_access:
        found.append(
            (f"nobody can review {_listed([each.address for each in review.unknown_access])}", gates.unknown_access)
        )
    return found


def _unacknowledged(review: Review, gates: Gates, acknowledgements: Sequence[Acknowledgement]) -> list[str]:
    """The changes that must be named and are not."""
    known = {each.address for each in acknowledgements if each.digest == review.provenance.digest}
    missing = [
        change.key for change in review.changes if _must_be_named(change, review, gates) and change.key not in known
    ]
    if not missing:
        return []
    return [
        f"in environments/{gates.environment}/acknowledgements.yaml an entry with address, digest "
        f"{review.provenance.digest}, who and why must acknowledge {_listed(missing)}"
    ]


def _must_be_named(change: Change, review: Review, gates: Gates) -> bool:
    by_class = any(gates.risks[each.risk] is Requirement.ACKNOWLEDGEMENT for each in change.consequences)
    nobody_knows = gates.unknown_access is Requirement.ACKNOWLEDGEMENT and any(
        each.address == change.address for each in review.unknown_access
    )
    destroys = gates.destroy is Requirement.ACKNOWLEDGEMENT and review.provenance.destroy
    return change.needs_acknowledgement or by_class or nobody_knows or destroys


def _missing(needed: int, counted: Sequence[str], provenance: Provenance, gates: Gates, makers: Makers) -> str:
    can = [person.name for person in gates.approvers if not makers.include(person) and person.name not in counted]
    have = f" (has {', '.join(counted)})" if counted else ""
    needs = f"it needs {needed} approval{'s' if needed > 1 else ''}{have}"
    if len(can) + len(counted) < needed:
        return f"{needs}: too few may approve it, name approvers in environments/{gates.environment}/gates.yaml"
    line = approval_line(provenance.environment, provenance.digest)
    return f"{needs}: ask {', '.join(can)} to write `{line}` in an approving review, or to run `make plan approve`"


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _SHOWN_CHANGES
    return ", ".join(names[:_SHOWN_CHANGES]) + (f" and {rest} more" if rest > 0 else "")
