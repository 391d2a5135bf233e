"""What must hold before a saved plan is applied, in this order; nothing is changed before all of it does.

plan file unmodified (saved_plan.load), its commit and a clean tree, its account (apply.planned_account), approvals and
age (the gate), the state's version, and a fresh plan that does the same.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from infra.account.selection import Account
from infra.console import note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, require_settled
from infra.release.ledger.entry import StateVersion
from infra.release.plan_difference import differences
from infra.release.run import require_known_state
from infra.review.gate import Verdict
from infra.review.permission import Delivery, gates_hold, require_permission_to_apply, require_same_commit
from infra.review.saved_review import Checks, review_plan_file
from infra.terraform.runner import Terraform
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.stack import locked, plan_stack

_SHOWN = 20


def require_commit(environment: Environment, record: PlanRecord) -> None:
    """What is checked out is the clean commit that the plan was made from.

    An emulated account is for trying out what is not committed yet: where the gates do not hold, this is only said.

    Args:
        environment: of the plan.
        record: of the saved plan.

    Raises:
        InfraError: it is something else, and the gates hold.
    """
    holds = gates_hold(record.account_kind)
    if holds:
        require_same_commit(environment, record.commit, clean=record.clean)
    elif not record.clean:
        note("  The plan was not made from a clean commit. AWS would not take it; this account is emulated and does.")


def require_permission(  # noqa: PLR0917 - each has a name that callers use
    root: Terraform,
    environment: Environment,
    account: Account,
    record: PlanRecord,
    checks: Checks,
    delivery: Delivery | None,
    emergency: str = "",
) -> Verdict | None:
    """The gate allows the plan now: approvals, age, hours, findings.

    Args:
        root: the initialised stack.
        environment: of the plan.
        account: of the plan.
        record: of the plan.
        checks: all checks over a plan.
        delivery: the pull request, in a workflow run.
        emergency: the written reason of a rollback that cannot wait.

    Returns:
        The verdict; None where the gates do not hold.

    Raises:
        InfraError: it does not.
    """
    if not gates_hold(account.kind):
        return None
    review = review_plan_file(root, environment, record, checks)
    return require_permission_to_apply(
        environment, account, record, review, now=datetime.now(UTC), delivery=delivery, emergency=emergency
    )


def require_state(environment: Environment, record: PlanRecord, books: Books) -> None:
    """The state is free and the version that the plan was made on, and the ledger knows who wrote it.

    Terraform asks for the lock itself, but only after a snapshot or a migration may have been begun.

    Args:
        environment: of the plan.
        record: of the plan.
        books: ledger and state.

    Raises:
        InfraError: something was applied meanwhile, or is being applied.
    """
    lock = books.state.lock()  # asked first: if it is that of a release, the ledger tells so afterwards
    tail = books.ledger.tail()
    require_settled(environment, tail)
    planned, there = StateVersion(record.state_lineage, record.state_serial), books.state.version()
    if there != planned:
        writer = f" Last in the ledger: {tail.last.record.kind} by {tail.last.record.who}." if tail.last else ""
        raise InfraError(
            f"The saved plan is stale: it was made on {planned} of {environment.name}, and the state is {there} now, "
            f"so something else was applied meanwhile.{writer} Nothing was changed. "
            f"Run `make plan ENV={environment.name}` again and review it."
        )
    require_known_state(environment, tail, books)
    if lock:
        raise locked(environment, f"{lock}. Nothing was changed.", lock.lock_id)


def require_same_fresh_plan(
    root: Terraform, environment: Environment, document: Mapping[str, Any], *, destroy: bool
) -> None:
    """A plan made now does the same as the saved one.

    Terraform itself compares states only: a change made in the console since the review would be applied over.

    Args:
        root: the initialised stack.
        environment: of the plan.
        document: the saved plan's JSON, as Terraform prints it now.
        destroy: whether it destroys everything.

    Raises:
        InfraError: it does something else; says what.
    """
    fresh = environment.build / ".fresh.tfplan"
    try:
        with progress("planning again: it must be what was reviewed") as step:
            # Without the lock, which would outlive a kill: this plan is thrown away, and the ledger lets one begin.
            plan_stack(root, environment, fresh, step, destroy=destroy, lock=False)
            now = json.loads(root.show(fresh))
    finally:
        fresh.unlink(missing_ok=True)
    found = differences(document, now)
    if found:
        more = [f"  … and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
        raise InfraError(
            f"The saved plan of {environment.name} is not what would be planned now: the account or the configuration "
            "was changed since. Nothing was changed by this command.\n"
            + "\n".join([*(f"  - {each}" for each in found[:_SHOWN]), *more])
            + f"\nRun `make plan ENV={environment.name}` again and review it."
        )


def saved_document(root: Terraform, environment: Environment) -> dict[str, Any]:
    """The saved plan as Terraform prints it now; the JSON beside it could have been edited.

    Args:
        root: the initialised stack.
        environment: of the plan.

    Returns:
        The plan's JSON.
    """
    document: dict[str, Any] = json.loads(root.show(PlanFiles(environment.build).plan))
    return document
