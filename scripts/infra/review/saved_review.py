"""The review of a saved plan, made anew from the plan file itself.

The plan's JSON and everything else that lies beside the plan file can be edited without breaking it. So whoever decides
about a saved plan asks Terraform what the file says, and checks it again.
"""

import os
from collections.abc import Callable, Sequence

from infra.account.selection import Account
from infra.environment import Environment
from infra.review.model import Finding, Review
from infra.review.review import review
from infra.terraform import saved_plan
from infra.terraform.runner import Terraform
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import open_stack

# All checks over a plan: environment and what `terraform show -json` printed -> findings. A check that could not run is
# a finding or an error, never nothing.
Checks = Callable[[Environment, str], Sequence[Finding]]


def review_saved_plan(environment: Environment, account: Account, checks: Checks) -> tuple[Review, PlanRecord]:
    """Review the saved plan of an environment.

    Args:
        environment: whose plan.
        account: that it was made for.
        checks: run over it.

    Returns:
        The review and the plan's record.

    Raises:
        InfraError: there is no saved plan, it was changed, it may not be reviewed, or a check could not run.
    """
    record = saved_plan.load(PlanFiles(environment.build), environment.name)
    with open_session(find_tools(), account.environment(os.environ)) as session:
        return review_plan_file(open_stack(environment, session), environment, record, checks), record


def review_plan_file(root: Terraform, environment: Environment, record: PlanRecord, checks: Checks) -> Review:
    """Review the saved plan of an environment, in a session that is open.

    Args:
        root: the initialised stack.
        environment: whose plan.
        record: of it.
        checks: run over it.

    Returns:
        The review.

    Raises:
        InfraError: as `review_saved_plan`.
    """
    plan = PlanFiles(environment.build).plan
    document = root.show(plan)
    return review(document, plan, record, checks(environment, document))
