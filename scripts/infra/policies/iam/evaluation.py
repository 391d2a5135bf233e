"""Evaluates IAM policies the way AWS documents it, as far as this repository's policies go.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html: an explicit denial wins, then
an allowance, and what nobody mentions is denied. An operator or an element that is not known here raises, so that no
policy passes by not being understood.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Literal

Decision = Literal["allowed", "denied", "not allowed"]
Context = Mapping[str, str | Sequence[str]]

_KNOWN_ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "NotResource", "Condition"}


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
    if not any(like(action.lower(), pattern.lower()) for pattern in as_list(statement["Action"])):
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
    if operator == "Null":
        return (not given) == (wanted == ["true"])
    quantifier, _, test = operator.rpartition(":")
    matches = [_matches(test, wanted, value) for value in given]
    if quantifier == "ForAllValues":
        return all(matches)
    if quantifier == "ForAnyValue":
        return any(matches)
    if quantifier or len(given) > 1:
        raise NotImplementedError(f"{operator} with {given}")
    # A missing key fails a positive comparison and passes a negated one.
    return matches[0] if matches else "Not" in test


def _matches(test: str, wanted: list[str], value: str) -> bool:
    match test:
        case "StringEquals" | "Bool":
            return value in wanted
        case "StringNotEquals":
            return value not in wanted
        case "StringLike" | "ArnLike":
            return any(like(value, pattern) for pattern in wanted)
        case "NumericLessThan":
            return any(float(value) < float(limit) for limit in wanted)
        case _:
            raise NotImplementedError(f"condition operator {test}")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in pattern), re.DOTALL)


def like(value: str, pattern: str) -> bool:
    """IAM's wildcard match: `*` is any text, `?` one character."""
    return _expression(pattern).fullmatch(value) is not None


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - IAM writes one value where it could write a list
    """A policy's one-or-many element as a list."""
    return [value] if isinstance(value, (str, dict)) else list(value)
