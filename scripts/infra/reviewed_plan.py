"""A plan that is made, saved and reviewed in one go; its configuration is judged while Terraform plans."""

from infra.account.selection import Account
from infra.environment import Environment
from infra.planning import make_plan
from infra.review.model import Review
from infra.review.plan_checks import running_checks
from infra.review.review import review
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import find_tools


def make_reviewed_plan(
    environment: Environment, account: Account, *, destroy: bool = False, lock: bool = True
) -> tuple[Review, PlanRecord]:
    """Plan an environment, save the plan and review it.

    Args:
        environment: what to plan.
        account: where.
        destroy: plan the destruction of everything.
        lock: whether to take the state lock.

    Returns:
        The review and the saved plan's record.

    Raises:
        InfraError: it could not be planned or reviewed.
    """
    tools = find_tools()
    with running_checks(environment) as check:
        document, record = make_plan(environment, account, tools, destroy=destroy, lock=lock)
        return review(document, PlanFiles(environment.build).plan, record, check(document)), record
