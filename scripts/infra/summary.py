"""A short summary of a plan, by module, for the terminal."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from infra.terraform.plan_json import Plan

_COLUMNS = ("create", "update", "replace", "delete", "forget")


def action_of(change: Mapping[str, Any]) -> str:
    """The one word for what a change does.

    Args:
        change: an entry of the plan's `resource_changes`.

    Returns:
        "create", "update", "replace", "delete" or "forget".
    """
    actions: Sequence[str] = change["change"]["actions"]
    if "delete" in actions and "create" in actions:
        return "replace"
    return actions[0] if actions[0] in _COLUMNS else "/".join(actions)


def changes_by_module(plan: Plan) -> dict[str, Counter[str]]:
    """Count what changes in each module that the stack calls.

    Args:
        plan: the plan.

    Returns:
        Module (as the stack calls it, "(root)" for the stack's own resources) -> action -> how often.
    """
    counts: dict[str, Counter[str]] = {}
    for change in plan.changes:
        # module.alb["edge"].module.x -> alb["edge"]: the part that a reader finds in environments/stack.
        parts = change.get("module_address", "").split(".module.")
        module = parts[0].removeprefix("module.") or "(root)"
        counts.setdefault(module, Counter())[action_of(change)] += 1
    return dict(sorted(counts.items()))


def print_summary(plan: Plan) -> None:
    """Print the table of changes, or that there are none.

    Args:
        plan: the plan.
    """
    counts = changes_by_module(plan)
    console = Console(highlight=False)
    if not counts:
        console.print("No changes: the account is what the configuration says.")
        return
    total: Counter[str] = sum(counts.values(), Counter())
    columns = [column for column in _COLUMNS if total[column]]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("module")
    for column in columns:
        table.add_column(column, justify="right")
    for module, count in counts.items():
        table.add_row(module, *(str(count[column] or "") for column in columns))
    table.add_section()
    table.add_row("all", *(str(total[column]) for column in columns), style="bold")
    console.print(table)
