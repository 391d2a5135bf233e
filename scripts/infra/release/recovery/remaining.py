"""What a change that did not end well has left to do, as far as the state knows."""

from infra.console import Step
from infra.environment import Environment
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Terraform
from infra.terraform.stack import plan_stack


def planned(root: Terraform, environment: Environment, step: Step, *, destroy: bool = False) -> tuple[bool, Plan]:
    """Plan without asking the account, and without the lock, which is free or a dead command's.

    Args:
        root: the initialised stack.
        environment: whose.
        step: told what goes on.
        destroy: whether everything is to go.

    Returns:
        Whether anything is to be done, and the plan.

    Raises:
        InfraError: Terraform's reason, or a format of the plan that is not known.
    """
    plan = environment.build / ".remaining.tfplan"
    try:
        changed = plan_stack(root, environment, plan, step, lock=False, refresh=False, destroy=destroy)
        return changed, Plan.from_json(root.show(plan))
    finally:
        plan.unlink(missing_ok=True)
