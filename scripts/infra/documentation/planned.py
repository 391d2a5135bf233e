"""The saved plans that documents are made from."""

from collections.abc import Mapping

from infra.console import note
from infra.environment import environment_names, load_environment
from infra.repository import revision
from infra.terraform import saved_plan
from infra.terraform.plan_json import Plan
from infra.terraform.saved_plan import PlanFiles


def saved_plans() -> dict[str, Plan]:
    """The saved plan of each environment that has one on this machine, destructions left out.

    Returns:
        Plan by environment. A plan of another commit is given too, with a note: a test holds the documents against
        plans that it makes itself.

    Raises:
        InfraError: a saved plan cannot be read, or is not the one that was saved.
    """
    plans = {}
    commit = revision().commit
    for name in environment_names():
        files = PlanFiles(load_environment(name).build)
        if not files.record.exists():
            continue
        record = saved_plan.load(files, name)
        if record.destroy:
            continue
        if record.commit != commit:
            note(
                f"The saved plan of {name} is of another commit ({str(record.commit)[:7]}): run `make plan ENV={name}`"
                " first if the configuration changed since.",
                style="yellow",
            )
        plans[name] = Plan.from_json(files.document.read_bytes())
    return plans


def unplanned(plans: Mapping[str, Plan]) -> str:
    """The commands that make the plans which are missing.

    Args:
        plans: those that are there.

    Returns:
        As in "`make plan ENV=staging`"; "" when there are all.
    """
    return ", ".join(f"`make plan ENV={name}`" for name in environment_names() if name not in plans)
