"""How what is planned for one environment differs from what was verified in another, for the person who decides."""

from typing import Final

from rich.console import Console
from rich.table import Table

from infra.console import say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.deploying.environment_difference import Difference, differences
from infra.release.deploying.promotion import Promotion
from infra.review.reports.text import line
from infra.terraform.plan_json import Plan

# What CONFIRM has to be for tasks that differ in something that the environments' variables do not explain.
UNEXPLAINED: Final = "unexplained-differences"
_VALUE: Final = 60


def compare(  # noqa: PLR0917 - the last two come from the deploy
    source: Environment, promotion: Promotion, command: str, confirmation: str, target: Environment, plan: Plan
) -> None:
    """Show how the tasks of two environments differ, and refuse what nothing explains.

    Args:
        source: where it was verified.
        promotion: what runs there.
        command: that promotes, as a person types it.
        confirmation: the CONFIRM variable.
        target: to where.
        plan: of the target.

    Raises:
        InfraError: something differs that no variable of the environments decides, and nobody said that it is wanted.
    """
    planned = {str(each.values["family"]): each.values for each in plan.of_type("aws_ecs_task_definition")}
    found = differences(source, promotion.definitions, target, planned)
    unexplained = [each for each in found if not each.because]
    if not found:
        say(f"The tasks of {target.name} are those of {source.name}.")
        return
    _print(source, target, found)
    if unexplained and UNEXPLAINED not in confirmation.split(","):
        raise InfraError(
            f"{len(unexplained)} of these differences between {target.name} and {source.name} follow from no variable "
            "of the environments, so what was verified is not what would run: "
            + "; ".join(f"{each.task}: {each.what}" for each in unexplained)
            + f". Nothing was deployed. Deploy the same configuration to {source.name} and verify it there, or say "
            f"that it is wanted: `{command} CONFIRM={UNEXPLAINED}`."
        )


def _print(source: Environment, target: Environment, found: tuple[Difference, ...]) -> None:
    say(f"What runs in {source.name} and what is planned for {target.name} differ in:")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("task", "what", source.name, target.name, "because of"):
        table.add_column(column, overflow="fold")
    for each in found:
        table.add_row(
            each.task,
            each.what,
            line(each.source, _VALUE),
            line(each.target, _VALUE),
            each.because or "NO VARIABLE",
            style=None if each.because else "bold red",
        )
    Console(highlight=False, markup=False, emoji=False).print(table)
