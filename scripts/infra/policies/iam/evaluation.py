"""Evaluates IAM policies the way AWS documents it, as far as this repository's policies go.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: an explicit denial wins, then
an allowance, and what nobody mentions is denied. An operator or an element that is not known here raises, so that no
policy passes by not being understood.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from ipaddress import ip_address, ip_network
from operator import eq
from typing import Any, Literal

Decision = Literal["allowed", "denied", "not allowed"]
Context = Mapping[str, str | Sequence[str]]

_KNOWN_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "NotAction", "Resource", "NotResource", "Condition"}


def decide(
    policies: Iterable[Mapping[str, Any]], action: str, resource: str, context: Context | None = None
) -> Decision:
    """What AWS answers to one request.

    Args:
        policies: the policy documents that apply to it together.
        action: as in `s3:PutObject`.
        resource: ARN that the request is about.
        context: condition keys of the request, as in `{"aws:SecureTransport": "false"}`.

    Returns:
        "denied" when a statement denies it, "allowed" when one allows it and none denies, else "not allowed".
    """
    decision: Decision = "not allowed"
    for statement in (statement for policy in policies for statement in as_list(policy["Statement"])):
        if applies(statement, action, resource, context or {}):
            if statement["Effect"] == "Deny":
                return "denied"
            decision = "allowed"
    return decision


def applies(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    """Whether a statement is about a request."""
    unknown = statement.keys() - _KNOWN_ELEMENTS
    if unknown:
        raise NotImplementedError(f"statement with {unknown}")
    named = "NotAction" if "NotAction" in statement else "Action"
    if any(like(action.lower(), pattern.lower()) for pattern in as_list(statement[named])) == (named == "NotAction"):
        return False
    if "NotResource" in statement:
        about = not any(like(resource, pattern) for pattern in as_list(statement["NotResource"]))
    else:
        about = any(like(resource, pattern) for pattern in as_list(statement["Resource"]))
    lowered = {key.lower(): as_list(value) for key, value in context.items()}
    return about and all(
        _holds(operator, as_list(wanted), lowered.get(key.lower(), []))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def _holds(operator: str, wanted: list[str], given: list[str]) -> bool:
    if any("${" in str(value) for value in wanted):
        raise NotImplementedError(f"policy variables: {wanted}")
    if operator == "Null":
        return (not given) == (str(wanted[0]).lower() == "true")
    quantifier, _, test = operator.rpartition(":")
    if test.endswith("IfExists"):
        test = test.removesuffix("IfExists")
        if not given:
            return True
    matches = [_matches(test, [str(value) for value in wanted], value) for value in given]
    if quantifier == "ForAllValues":
        return all(matches)
    if quantifier == "ForAnyValue":
        return any(matches)
    if quantifier or len(given) > 1:
        raise NotImplementedError(f"{operator} with {given}")
    # A missing key fails a positive comparison and passes a negated one.
    return matches[0] if matches else "Not" in test


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in pattern), re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """IAM's wildcard match: `*` is any text, `?` one character."""
    return _expression(pattern).fullmatch(value) is not None


# Each compares a request's value with one of the policy's; `Not` in an operator's name turns the whole round.
_TESTS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": eq,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": like,
    "ArnLike": like,
    "ArnEquals": like,
    "IpAddress": lambda value, wanted: ip_address(value) in ip_network(wanted),
    "NumericEquals": lambda value, wanted: float(value) == float(wanted),
    "NumericLessThan": lambda value, wanted: float(value) < float(wanted),
    "NumericLessThanEquals": lambda value, wanted: float(value) <= float(wanted),
    "NumericGreaterThan": lambda value, wanted: float(value) > float(wanted),
    "NumericGreaterThanEquals": lambda value, wanted: float(value) >= float(wanted),
}


def _matches(operator: str, wanted: list[str], value: str) -> bool:
    test = _TESTS.get(operator.replace("Not", ""))
    if test is None:
        raise NotImplementedError(f"condition operator {operator}")
    return any(test(value, each) for each in wanted) is not ("Not" in operator)


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - IAM writes one value where it could write a list
    """A policy's one-or-many element as a list."""
    return list(value) if isinstance(value, (list, tuple)) else [value]
