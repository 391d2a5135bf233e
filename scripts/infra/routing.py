"""What an Application Load Balancer does with a request, by its listener rules.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RuleCondition.html: rules in order of priority,
the first whose conditions all hold; a condition holds when one of its values matches; `*` is any run of characters, `?`
exactly one; host names without regard to case, paths and methods with; the query string is not part of the path.
"""

import fnmatch
import ipaddress
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.errors import InfraError
from infra.terraform.plan_json import Plan, Resource


@dataclass(frozen=True)
class Request:
    """A request as a load balancer sees it.

    Args:
        host: Host header, without a port.
        path: path as sent, without the query string.
        method: HTTP method.
        headers: other headers, names in lower case.
        source: IP address of the client.
        query: parameters of the query string, decoded, in their order.
    """

    host: str
    path: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    source: str = "203.0.113.1"
    query: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Rule:
    """A listener rule.

    Args:
        name: key of the rule in the configuration.
        listener: key of its listener.
        priority: 1 to 50,000; the lowest is asked first.
        conditions: kind ("host", "path", "method", "source", "header:<name>" or "query", whose patterns are
            "<key>=<value>", `*` for any key) -> patterns; all kinds must hold.
        outcome: what it does: "-> <target group>", "<status>" of a fixed answer, or "redirect <status> <target>".
    """

    name: str
    listener: str
    priority: int
    conditions: Mapping[str, tuple[str, ...]]
    outcome: str


def route(rules: Iterable[Rule], request: Request) -> Rule | None:
    """The rule that answers a request.

    Args:
        rules: the rules of one listener.
        request: the request.

    Returns:
        The rule, or None when the listener's default action answers.
    """
    for rule in sorted(rules, key=lambda rule: rule.priority):
        if all(_holds(kind, patterns, request) for kind, patterns in rule.conditions.items()):
            return rule
    return None


def planned_rules(plan: Plan) -> list[Rule]:
    """The listener rules of a plan, in the order in which they are asked.

    Args:
        plan: a plan of the stack or of modules/alb-rules.

    Returns:
        The rules of all listeners.

    Raises:
        InfraError: a rule has a condition or an action that this code does not know, so it cannot be judged.
    """
    rules = [_planned_rule(resource) for resource in plan.of_type("aws_lb_listener_rule")]
    return sorted(rules, key=lambda rule: (rule.listener, rule.priority))


def _planned_rule(resource: Resource) -> Rule:
    conditions: dict[str, tuple[str, ...]] = {}
    for block in resource["condition"]:
        for kind, patterns in _patterns(block, resource.address):
            if kind in conditions:
                raise InfraError(f"{resource.address} has two conditions on {kind}: not supported here")
            conditions[kind] = tuple(patterns)
    # The ARN of a target group is known only after apply; the module tags a rule with the names that it was made from.
    tags: Mapping[str, str] = resource["tags"] or {}
    return Rule(
        name=str(resource.index),
        listener=tags.get("Listener", ""),
        priority=int(resource["priority"]),
        conditions=conditions,
        outcome=_outcome(resource["action"], tags, resource.address),
    )


def _patterns(block: Mapping[str, Any], address: str) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for kind, values in block.items():
        for value in values or []:
            match kind:
                case "host_header":
                    found.append(("host", value["values"]))
                case "path_pattern":
                    found.append(("path", value["values"]))
                case "http_request_method":
                    found.append(("method", value["values"]))
                case "source_ip":
                    found.append(("source", value["values"]))
                case "http_header":
                    found.append((f"header:{value['http_header_name'].lower()}", value["values"]))
                case _:
                    raise InfraError(f"{address} has a condition {kind}, which is not supported here")
    return found


def _outcome(actions: Sequence[Mapping[str, Any]], tags: Mapping[str, str], address: str) -> str:
    [action] = actions
    match action["type"]:
        case "forward":
            if not tags.get("TargetGroup"):
                raise InfraError(f"{address} forwards, but does not say to which target group (tag TargetGroup)")
            return f"-> {tags['TargetGroup']}"
        case "fixed-response":
            return str(action["fixed_response"][0]["status_code"])
        case "redirect":
            target = action["redirect"][0]
            return f"redirect {target['status_code'].removeprefix('HTTP_')} {target['protocol']}"
        case other:
            raise InfraError(f"{address} has an action {other}, which is not supported here")


def _holds(kind: str, patterns: Sequence[str], request: Request) -> bool:
    match kind.split(":"):
        case ["host"]:
            return any(_matches(pattern.lower(), request.host.lower()) for pattern in patterns)
        case ["path"]:
            return any(_matches(pattern, request.path.partition("?")[0]) for pattern in patterns)
        case ["method"]:
            return request.method in patterns
        case ["source"]:
            address = ipaddress.ip_address(request.source)
            return any(address in ipaddress.ip_network(pattern) for pattern in patterns)
        case ["header", name]:
            value = request.headers.get(name)
            return value is not None and any(_matches(pattern.lower(), value.lower()) for pattern in patterns)
        case ["query"]:
            given = [f"{key}={value}".lower() for key, value in request.query]
            return any(_matches(pattern.lower(), each) for pattern in patterns for each in given)
        case _:
            raise InfraError(f"condition {kind} is not supported here")


def _matches(pattern: str, text: str) -> bool:
    # Brackets mean something to fnmatch and nothing to a load balancer.
    literal = pattern.replace("[", "[[]")
    return re.fullmatch(fnmatch.translate(literal), text) is not None
