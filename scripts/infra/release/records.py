"""What is entered into the ledger when a saved plan is about to be applied."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from infra.account.selection import Account
from infra.release.books import here, now
from infra.release.ledger.entry import Kind, Outcome, Record, StateVersion
from infra.review.digest import digest
from infra.review.gate import Verdict
from infra.terraform.saved_plan import PlanRecord


@dataclass(frozen=True)
class Purpose:
    """Why a saved plan is applied.

    Args:
        kind: what the ledger calls it: apply, deploy or rollback.
        note: what the entry that begins it says.
        details: facts that the entry that begins it holds.
        emergency: the written reason of a rollback that cannot wait, as the gate's `judge` takes it.
    """

    kind: Kind = Kind.APPLY
    note: str = ""
    details: Mapping[str, object] = field(default_factory=dict)
    emergency: str = ""


ORDINARY: Final = Purpose()


def records_of_apply(
    plan: PlanRecord, document: Mapping[str, Any], account: Account, verdict: Verdict | None, purpose: Purpose
) -> Iterator[Record]:
    """The plan, each approval that counted, and that it begins.

    A plan and an approval are entered by whoever acts on them: the role that plans pull requests can write nothing, and
    an approval is read from where it was given (docs/decisions/0007-approvals.md), never from the ledger.

    Args:
        plan: record of the saved plan.
        document: its JSON.
        account: that it is applied to.
        verdict: that allowed it; None where the gates do not hold.
        purpose: why it is applied.

    Yields:
        The records; the last one's outcome is unknown.
    """
    images = document.get("variables", {}).get("images", {}).get("value")
    planned = Record(
        kind=Kind.PLAN,
        environment=plan.environment,
        outcome=Outcome.SUCCEEDED,
        who=plan.caller,
        where=here(),
        written=now(),
        started=plan.created,
        ended=plan.created,
        digest=digest(document),
        commit=plan.commit or "",
        clean=plan.clean,
        images=images if isinstance(images, dict) else {},
        note="destroys everything" if plan.destroy else "",
    )
    yield planned
    for name in verdict.approved_by if verdict else ():
        yield replace(planned, kind=Kind.APPROVAL, who=name, started=now(), ended=now(), note="counted when applied")
    yield replace(
        planned,
        kind=purpose.kind,
        outcome=Outcome.UNKNOWN,
        who=account.caller,
        started=now(),
        ended="",
        state=StateVersion(plan.state_lineage, plan.state_serial),
        note=purpose.note or planned.note,
        details=purpose.details,
    )
