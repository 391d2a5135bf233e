"""What proves that an apply did what it should: an empty plan, and a front door that answers."""

from infra.account.selection import Account
from infra.console import Step, progress, say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release import front_door
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Terraform
from infra.terraform.stack import plan_stack


def require_health(environment: Environment, account: Account, plan: Plan) -> str:
    """Ask the front door until it answers.

    Args:
        environment: that was applied.
        account: where.
        plan: tells the host names.

    Returns:
        What was found, for the ledger.

    Raises:
        InfraError: it does not answer as it should.
    """
    with progress("asking the front door") as step:
        health = front_door.check(account, plan.outputs, step)
    if health.healthy is False:
        raise InfraError(
            f"Everything was applied, but {environment.name} does not answer as it should: {health.told}. Look at the "
            f"service's tasks and logs (docs/runbook.md), or bring back what ran before: `make rollback "
            f"ENV={environment.name}`."
        )
    say(f"Front door: {health.told}.")
    return health.told


def require_empty_plan(root: Terraform, environment: Environment, step: Step) -> None:
    """Plan once more: nothing may be left to do.

    Args:
        root: the initialised stack.
        environment: that was applied.
        step: told what Terraform is doing.

    Raises:
        InfraError: something is left; says what.
    """
    check = environment.build / ".after-apply.tfplan"
    try:
        if not plan_stack(root, environment, check, step, lock=False):
            return
        left = Plan.from_json(root.show(check)).changes
    finally:
        check.unlink(missing_ok=True)
    raise InfraError(
        "Everything was applied, but a plan made right afterwards is not empty: "
        + ", ".join(f"{change['address']} ({'/'.join(change['change']['actions'])})" for change in left)
        + ". Somebody changed the account meanwhile, or the configuration is not stable."
    )
