"""The map of modules as an SVG: what a module depends on stands to its left."""

from collections.abc import Mapping, Sequence
from html import escape

from infra.review.model import Action, ModuleNode, Risk
from infra.review.references import reached
from infra.review.reports.drawing import Point, arrow, box, drawing, places
from infra.review.reports.text import line
from infra.review.reports.words import ACTION_SIGNS, RISK_WORDS, how_many, module_words

# More than a person can follow; the table below the map has them all.
NODE_LIMIT = 60


def module_map(modules: Sequence[ModuleNode]) -> str:
    """Draw the map.

    Args:
        modules: all modules.

    Returns:
        SVG whose text is escaped; "" when there is nothing to draw.
    """
    drawn = _worth_drawing(modules)
    if len(drawn) < 2:
        return ""
    columns = layout({module.name: module.depends_on for module in drawn})
    at = places(columns)
    by_name = {module.name: module for module in drawn}
    edges = "".join(
        arrow(at[source], at[target], hit=bool(by_name[source].risk or by_name[source].affected_by))
        for target, sources in direct(by_name).items()
        for source in sources
    )
    nodes = "".join(_node(module, at[module.name]) for module in drawn)
    return drawing(columns, edges + nodes, "Map of modules")


def _worth_drawing(modules: Sequence[ModuleNode]) -> list[ModuleNode]:
    """The changing ones first, then what hangs on them, then the rest."""

    def worth(module: ModuleNode) -> tuple[int, bool]:
        return module.risk.rank if module.risk else len(Risk), not module.affected_by

    return sorted({module.name: module for module in modules}.values(), key=worth)[:NODE_LIMIT]


def layout(depends_on: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """Put each module right of what it depends on, and near to what uses it.

    Args:
        depends_on: module -> modules that it uses; those that are not a key are left out. Modules may depend on each
            other in a circle, since Terraform only forbids that of resources; some arrow then leads to the left.

    Returns:
        Columns from left to right, each from top to bottom; every module once.
    """
    depth: dict[str, int] = {}
    for name in _in_line({name: set(sources) & depends_on.keys() - {name} for name, sources in depends_on.items()}):
        depth[name] = max((depth[source] + 1 for source in depends_on[name] if source in depth), default=0)
    _pull(depends_on, depth)
    columns: list[list[str]] = [[] for _ in range(max(depth.values()) + 1)]
    for name in depends_on:
        columns[depth[name]].append(name)
    row: dict[str, float] = {}

    def middle(name: str) -> float:
        left = [row[source] for source in depends_on[name] if source in row]
        return sum(left) / len(left) if left else 0.0

    for column in columns:
        column.sort(key=middle)
        row.update((name, float(index)) for index, name in enumerate(column))
    return [column for column in columns if column]


def _in_line(uses: Mapping[str, set[str]]) -> list[str]:
    """The modules so that few depend on a later one: the heuristic of Eades, Lin and Smyth (1993)."""
    uses = {name: set(sources) for name, sources in uses.items()}
    used_by: dict[str, set[str]] = {name: set() for name in uses}
    for name, sources in uses.items():
        for source in sources:
            used_by[source].add(name)
    first: list[str] = []
    last: list[str] = []
    while uses:
        free = [name for name in uses if not uses[name]]
        unused = [name for name in uses if not used_by[name]]
        if free or not unused:
            name = free[0] if free else max(uses, key=lambda each: len(used_by[each]) - len(uses[each]))
            first.append(name)
        else:
            name = unused[0]
            last.append(name)
        for source in uses.pop(name):
            used_by[source].discard(name)
        for user in used_by.pop(name):
            uses[user].discard(name)
    return first + last[::-1]


def _pull(depends_on: Mapping[str, Sequence[str]], depth: dict[str, int]) -> None:
    """Move each module as far right as what uses it allows, so that arrows are short and cross no other module."""
    used_by: dict[str, list[str]] = {name: [] for name in depends_on}
    for name, sources in depends_on.items():
        for source in sources:
            if source in depth and depth[source] < depth[name]:
                used_by[source].append(name)
    for name in sorted(depth, key=lambda each: -depth[each]):
        if used_by[name]:
            depth[name] = min(depth[user] for user in used_by[name]) - 1


def direct(modules: Mapping[str, ModuleNode]) -> dict[str, list[str]]:
    """The arrows to draw: without those that follow from two others, except in a circle, where each would.

    Args:
        modules: by name.

    Returns:
        Module -> the modules that an arrow leads from to it.
    """
    uses = {name: set(node.depends_on) & modules.keys() - {name} for name, node in modules.items()}
    reach = {name: reached(uses, uses[name]) for name in uses}
    return {
        name: sorted(
            source
            for source in sources
            if not any(
                source in reach[other] and other not in reach[source] and name not in reach[other] for other in sources
            )
        )
        for name, sources in uses.items()
    }


def _node(module: ModuleNode, at: Point) -> str:
    name = module_words(module.name)
    counts = ", ".join(
        f"{count} {ACTION_SIGNS[action]}" for action in Action if (count := module.actions.get(action, 0))
    )
    if module.risk is not None:
        kind, hint = f"changing {module.risk}", f"{name}: {counts}; worst: {RISK_WORDS[module.risk]}"
        button = f' role="button" tabindex="0" aria-pressed="false" data-module="{escape(line(module.name))}"'
    elif module.affected_by:
        kind, button = "affected", ""
        counts = f"uses {how_many(len(module.affected_by), 'changing module')}"
        hint = f"{name}: uses {', '.join(module_words(each) for each in module.affected_by[:10])}"
    else:
        kind, button, counts, hint = "still", "", "nothing changes", f"{name}: nothing changes"
    return box(at, kind, name, counts, hint, button)
