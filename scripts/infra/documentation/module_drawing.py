"""How a root module composes the modules: which call uses what another call makes, as a picture."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.documentation.layers import COLUMN, downward, layered
from infra.documentation.picture import picture
from infra.review.addresses import without_keys
from infra.review.blast_radius import modules_of
from infra.review.model import ModuleNode
from infra.review.references import reached
from infra.review.reports.drawing import Point, box
from infra.review.reports.module_map import direct, layout
from infra.terraform.plan_json import Plan


def module_drawing(plan: Plan, root: Path) -> str:
    """Draw the calls of a root module. What a call uses stands above it; what follows from two arrows has no third.

    Terraform forbids circles of resources, not of modules: a module that gives something to others and takes something
    else from them stands beside the rest, without arrows.

    Args:
        plan: of the root module.
        root: its folder, which holds what was planned.

    Returns:
        A whole SVG file.
    """
    configuration = plan.document["configuration"]["root_module"]
    nodes = _calls(modules_of(plan.document, _texts(configuration, root), ()))
    beside = _in_circles(nodes)
    in_line = {
        name: replace(node, depends_on=tuple(each for each in node.depends_on if each not in beside))
        for name, node in nodes.items()
        if name not in beside
    }
    edges = {(source, target) for target, sources in direct(in_line).items() for source in sources}
    at = layered(layout({name: node.depends_on for name, node in in_line.items()}), edges, ())
    at |= dict(zip(beside, _free(set(at.values())), strict=False))
    arrows = "".join(downward(at[source], at[target]) for source, target in sorted(edges))
    calls = configuration["module_calls"]
    boxes = "".join(_box(name, calls, name in beside, at[name]) for name in at)
    return picture(at, arrows + boxes, [], f"How {root.name} composes the modules")


def _free(taken: Collection[Point]) -> Iterator[Point]:
    """Places from the lower right corner on, then right of everything."""
    ys = sorted({y for _, y in taken}, reverse=True)
    right = max(x for x, _ in taken)
    for x in (right, *range(right + COLUMN, right + COLUMN * 99, COLUMN)):
        yield from ((x, y) for y in ys if (x, y) not in taken)


def _calls(instances: tuple[ModuleNode, ...]) -> dict[str, ModuleNode]:
    """One node a call, where the plan has one an instance."""
    found: dict[str, ModuleNode] = {}
    for node in instances:
        name = without_keys(node.name)
        uses = tuple(sorted({without_keys(each) for each in node.depends_on} - {name}))
        found.setdefault(name, ModuleNode(name=name, actions={}, risk=None, depends_on=uses, affected_by=()))
    return found


def _in_circles(nodes: Mapping[str, ModuleNode]) -> list[str]:
    """As few modules as suffice so that the others depend on each other in no circle: always the busiest."""
    uses = {name: set(node.depends_on) for name, node in nodes.items()}
    removed: list[str] = []
    while circle := [name for name in uses if name in reached(uses, uses[name])]:
        busiest = max(circle, key=lambda name: len(uses[name]) + sum(name in uses[other] for other in circle))
        removed.append(busiest)
        uses = {name: used - {busiest} for name, used in uses.items() if name != busiest}
    return removed


def _box(name: str, calls: Mapping[str, Any], both_ways: bool, at: Point) -> str:
    if name not in calls:
        return box(at, "outside", "(the root itself)", "DNS records of the hosts", "resources outside every module")
    about = str(calls[name]["source"]).rpartition("../")[2]
    if "for_each_expression" in calls[name]:
        about += ", several"
    if both_ways:
        about = "gives and takes"
    return box(at, "aws" if both_ways else "ours", name, about, f"module.{name}: {about}")


def _texts(module: Mapping[str, Any], folder: Path, path: str = "") -> dict[str, str]:
    """The text of each module's files, by module path, as far as they are in this repository."""
    texts = {path: "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))}
    for name, call in module.get("module_calls", {}).items():
        inside = (folder / call["source"]).resolve()
        texts |= _texts(call["module"], inside, f"{path}.{name}" if path else name)
    return texts
