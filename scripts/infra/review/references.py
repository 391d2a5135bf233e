"""What uses what in a plan's configuration, through modules, variables, locals and outputs.

A node is (module path as in `alb.waf`, object as in `aws_lb.this`, `var.name`, `local.name` or `output.name`).
Terraform's JSON leaves locals out, so theirs are read from the sources that the plan file carries.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from infra.review.model import Json

Node = tuple[str, str]
_Any = TypeVar("_Any")

_LOCALS = re.compile(r"^locals\s*\{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
# Formatted HCL: an argument of the block stands two spaces deep, what belongs to it deeper or at its closing bracket.
_LOCAL = re.compile(r"^  ([A-Za-z_][\w-]*)\s*=(.*?)(?=^  [A-Za-z_]|\Z)", re.MULTILINE | re.DOTALL)
_IN_TEXT = re.compile(r"\b(?:module\.[\w-]+(?:\[[^\]]*\])?(?:\.[\w-]+)?|(?:data\.)?[a-z][\w]*\.[A-Za-z_][\w-]*)")
_KEY = re.compile(r"\[[^\]]*\]")
_NOT_OBJECTS = frozenset({"each", "count", "path", "self", "terraform"})


def references(document: Mapping[str, Any], sources: Mapping[str, str]) -> dict[Node, set[Node]]:
    """The graph of a configuration.

    Args:
        document: the plan's JSON.
        sources: text of each module's files, by module path; "" is the root.

    Returns:
        Node -> the nodes that it uses directly.
    """
    graph: dict[Node, set[Node]] = {}
    _module(document.get("configuration", {}).get("root_module", {}), "", sources, graph)
    return graph


def reached(graph: Mapping[_Any, set[_Any]], start: Iterable[_Any]) -> set[_Any]:
    """Everything that can be reached.

    Args:
        graph: node -> following nodes.
        start: where to begin.

    Returns:
        The nodes, with the start.
    """
    seen = set(start)
    left = list(seen)
    while left:
        fresh = graph.get(left.pop(), set()) - seen
        seen |= fresh
        left += fresh
    return seen


def _module(module: Mapping[str, Any], path: str, sources: Mapping[str, str], graph: dict[Node, set[Node]]) -> None:
    calls = module.get("module_calls", {})

    def nodes(found: Iterable[str]) -> set[Node]:
        return set(_nodes(found, path, calls))

    for name, found in _locals(sources.get(path, "")).items():
        graph[(path, f"local.{name}")] = nodes(found)
    for name, output in module.get("outputs", {}).items():
        graph[(path, f"output.{name}")] = nodes([*_listed(output), *output.get("depends_on", ())])
    for resource in module.get("resources", []):
        whole = [(path, "the call")] if path else []
        graph[(path, resource["address"])] = nodes([*_listed(resource), *resource.get("depends_on", ())]) | set(whole)
    for name, call in calls.items():
        inside = f"{path}.{name}" if path else name
        # count, for_each and depends_on of a call are about everything in it, and so is the call around it.
        around = [*_listed({key: call.get(key) for key in ("count_expression", "for_each_expression")})]
        graph[(inside, "the call")] = nodes([*around, *call.get("depends_on", ())]) | (
            {(path, "the call")} if path else set()
        )
        for variable, expression in call.get("expressions", {}).items():
            graph[(inside, f"var.{variable}")] = nodes(_listed(expression))
        _module(call.get("module", {}), inside, sources, graph)


def _nodes(found: Iterable[str], path: str, calls: Mapping[str, Any]) -> Iterator[Node]:
    steps = [_KEY.sub("", each).split(".") for each in found]
    # Terraform lists `module.a.b` and also `module.a`; the short one counts only where it stands alone.
    exact = {each[1] for each in steps if each[0] == "module" and len(each) > 2}
    for each in steps:
        first, name = each[0], each[1] if len(each) > 1 else ""
        if first == "module" and name in calls:
            inside = f"{path}.{name}" if path else name
            if len(each) > 2:
                yield inside, f"output.{each[2]}"
            elif name not in exact:
                yield from ((inside, f"output.{output}") for output in calls[name].get("module", {}).get("outputs", {}))
        elif first not in _NOT_OBJECTS and name:
            yield path, ".".join(each[: 3 if first == "data" else 2])


def _listed(expression: Json) -> Iterator[str]:
    """The `references` anywhere in an expression."""
    if isinstance(expression, dict):
        for key, value in expression.items():
            if key == "references":
                yield from value
            else:
                yield from _listed(value)
    elif isinstance(expression, list):
        for each in expression:
            yield from _listed(each)


def _locals(source: str) -> dict[str, list[str]]:
    return {
        name: _IN_TEXT.findall(text)
        for block in _LOCALS.findall(source.replace("\r\n", "\n"))
        for name, text in _LOCAL.findall(block)
    }
