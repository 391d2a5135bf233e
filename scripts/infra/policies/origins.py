"""Where an attribute's value comes from, by the references in the plan's configuration.

An ARN of something that does not exist yet is unknown at plan, but the configuration says whose ARN it is. References
are followed through module inputs and outputs. Locals and data sources end the trail: the JSON has no expression for
them (https://developer.hashicorp.com/terraform/internals/json-format#configuration-representation).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from infra.terraform.plan_json import Plan, Resource

_INDEX = re.compile(r"\[(?:\"(?:[^\"\\]|\\.)*\"|\d+)\]")


def without_index(address: str) -> str:
    """An address as the configuration has it.

    Args:
        address: as in `module.a["x"].aws_lb.this[0]`.

    Returns:
        As in `module.a.aws_lb.this`.
    """
    return _INDEX.sub("", address)


def configured(plan: Plan, resource: Resource) -> Mapping[str, Any]:
    """The expressions that the configuration gives a resource.

    Args:
        plan: the plan.
        resource: one of its resources.

    Returns:
        Expressions by attribute; empty when the plan has no configuration of it.
    """
    expressions: Mapping[str, Any] = _block(plan, resource).get("expressions", {})
    return expressions


def origins(plan: Plan, resource: Resource, *attributes: str) -> set[str]:
    """The resources that a resource's attribute is made from.

    Args:
        plan: the plan.
        resource: whose attribute.
        attributes: path of block names down to the attribute, as in `"load_balancer", "target_group_arn"`.

    Returns:
        Addresses without indexes. Empty when it is a constant, or when the trail ends in a local or a data source.
    """
    expressions: list[Any] = [configured(plan, resource)]
    for attribute in attributes:
        nested = [each.get(attribute) for each in expressions if isinstance(each, Mapping)]
        expressions = [item for each in nested for item in (each if isinstance(each, list) else [each]) if item]
    references = [reference for expression in expressions for reference in _references(expression)]
    if any(reference.startswith("each.") for reference in references):
        references += _references(_block(plan, resource).get("for_each_expression", {}))
    module = without_index(resource.module)
    return {found for reference in references for found in _follow(plan, module, reference, frozenset())}


def _block(plan: Plan, resource: Resource) -> Mapping[str, Any]:
    module = _module(plan, without_index(resource.module)) or {}
    for each in module.get("resources", []):
        if (each["type"], each["name"], each["mode"]) == (resource.type, resource.name, "managed"):
            found: Mapping[str, Any] = each
            return found
    return {}


def _references(expression: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(expression, Mapping):
        for key, value in expression.items():
            if key == "references" and isinstance(value, list):
                yield from value
            elif key != "constant_value":
                yield from _references(value)
    elif isinstance(expression, list):
        for each in expression:
            yield from _references(each)


def _follow(plan: Plan, module: str, reference: str, seen: frozenset[tuple[str, str]]) -> Iterator[str]:
    if (module, reference) in seen:
        return
    seen |= {(module, reference)}
    parts = without_index(reference).split(".")
    here = _module(plan, module) or {}
    if parts[0] == "var" and module:
        parent, name = _parent(module)
        call = (_module(plan, parent) or {}).get("module_calls", {}).get(name, {})
        for each in _references(call.get("expressions", {}).get(parts[1], {})):
            yield from _follow(plan, parent, each, seen)
    elif parts[0] == "module" and len(parts) > 2:
        child = here.get("module_calls", {}).get(parts[1], {}).get("module", {})
        inside = f"{module}.module.{parts[1]}" if module else f"module.{parts[1]}"
        for each in _references(child.get("outputs", {}).get(parts[2], {})):
            yield from _follow(plan, inside, each, seen)
    elif len(parts) > 1 and parts[0] not in ("var", "local", "data", "module", "each", "count", "path", "terraform"):
        yield f"{module}.{parts[0]}.{parts[1]}" if module else f"{parts[0]}.{parts[1]}"


def _module(plan: Plan, address: str) -> Mapping[str, Any] | None:
    module: Mapping[str, Any] | None = plan.document.get("configuration", {}).get("root_module", {})
    for name in address.split(".")[1::2] if address else []:
        module = (module or {}).get("module_calls", {}).get(name, {}).get("module")
    return module


def _parent(module: str) -> tuple[str, str]:
    parts = module.split(".")
    return ".".join(parts[:-2]), parts[-1]
