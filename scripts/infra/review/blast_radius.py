"""Which modules hang on what changes: the map of the modules that the root calls."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from infra.review import addresses
from infra.review.model import Change, ModuleNode
from infra.review.references import Node, reached, references


def modules_of(
    document: Mapping[str, Any], sources: Mapping[str, str], changes: Iterable[Change]
) -> tuple[ModuleNode, ...]:
    """The map.

    Args:
        document: the plan's JSON.
        sources: text of each module's files, by module path; "" is the root.
        changes: of the plan.

    Returns:
        A node for each module that the root calls, once for each key, and one for the root's own resources, by name.
    """
    graph = references(document, sources)
    users: dict[Node, set[Node]] = {}
    for node, used in graph.items():
        for each in used:
            users.setdefault(each, set()).add(node)
    mine: dict[str, list[Change]] = {}
    for change in changes:
        mine.setdefault(addresses.first_module(change.address), []).append(change)
    instances = _instances(document, mine)
    affects = {
        name: {_call(path) for path, thing in reached(users, {_node(each) for each in here}) if _is_resource(thing)}
        for name, here in mine.items()
    }
    uses = _uses(graph)
    nodes = []
    for call, names in instances.items():
        for name in names:
            here = mine.get(name, [])
            nodes.append(
                ModuleNode(
                    name=name,
                    actions=Counter(change.action for change in here),
                    risk=min((change.risk for change in here), key=lambda risk: risk.rank, default=None),
                    depends_on=tuple(sorted(e for used in uses.get(call, ()) for e in instances.get(used, ()))),
                    affected_by=tuple(sorted(e for e in mine if call in affects[e] and e not in names)),
                )
            )
    return tuple(sorted(nodes, key=lambda node: node.name))


def _uses(graph: Mapping[Node, set[Node]]) -> dict[str, set[str]]:
    """Call -> the calls whose resources its own use, with nothing but variables, locals and outputs between."""
    direct = {node: used for node, used in graph.items() if not _is_resource(node[1])}
    uses: dict[str, set[str]] = {}
    for (path, thing), used in graph.items():
        if _is_resource(thing):
            ends = {_call(end) for end, what in reached(direct, used) if _is_resource(what) and (end, what) in graph}
            uses.setdefault(_call(path), set()).update(ends - {_call(path)})
    return uses


def _instances(document: Mapping[str, Any], mine: Mapping[str, list[Change]]) -> dict[str, list[str]]:
    """Call -> its instances in the plan; a call without resources in it stands for itself."""
    names = {addresses.first_module(entry["address"]) for entry in document.get("resource_changes", [])} | set(mine)
    instances: dict[str, list[str]] = {}
    for name in sorted(names):
        instances.setdefault(addresses.without_keys(name), []).append(name)
    for call in document.get("configuration", {}).get("root_module", {}).get("module_calls", {}):
        instances.setdefault(call, [call])
    return instances


def _node(change: Change) -> Node:
    *calls, last = addresses.without_keys(change.address).split("module.")
    path = ".".join(call.rstrip(".") for call in [*calls[1:], last.partition(".")[0] if calls else ""] if call)
    return path, last.partition(".")[2] if calls else last


def _is_resource(thing: str) -> bool:
    """Managed ones: a data source only passes on what it depends on."""
    return not thing.startswith(("var.", "local.", "output.", "data.")) and thing != "the call"


def _call(path: str) -> str:
    return path.partition(".")[0]
