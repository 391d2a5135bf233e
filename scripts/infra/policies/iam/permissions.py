"""What a set of identity policies permits, judged without a request: which statements let an action through."""

from collections.abc import Iterable, Iterator
from typing import Any

from infra.policies.iam.documents import Found, Statement, listed
from infra.policies.iam.evaluation import like


def permitting(held: Iterable[Found], action: str) -> list[Statement]:
    """The statements that let an action through, on some resource and under some condition.

    Args:
        held: the identity's policies.
        action: as in `iam:PassRole`.

    Returns:
        Statements that allow it and are not taken back by an unconditional denial of the same resources.
    """
    policies = list(held)
    denials = [
        each
        for found in policies
        for each in found.statements or ()
        if each.get("Effect") == "Deny" and not each.get("Condition") and _about(each, action)
    ]
    return [
        each
        for found in policies
        for each in found.statements or ()
        if each.get("Effect") == "Allow" and _about(each, action) and not any(_takes_back(no, each) for no in denials)
    ]


def condition_keys(statement: Statement) -> Iterator[tuple[str, str, list[Any]]]:
    """The conditions of a statement.

    Args:
        statement: of a policy document.

    Yields:
        Operator, key in lower case (IAM reads keys so) and values.
    """
    for operator, keys in (statement.get("Condition") or {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), listed(values)


def bound_by(statement: Statement, keys: Iterable[str]) -> bool:
    """Whether a statement holds only for named values of one of these condition keys.

    Args:
        statement: of a policy document.
        keys: condition keys; one that ends with `*` stands for all that start so.

    Returns:
        True when an operator that fails on a missing key compares one of them with values that are not all wildcard.
    """
    patterns = [key.lower() for key in keys]
    for operator, key, values in condition_keys(statement):
        positive = operator.split(":")[-1] in (
            "StringEquals",
            "StringEqualsIgnoreCase",
            "StringLike",
            "ArnEquals",
            "ArnLike",
        )
        every = operator.startswith("ForAllValues:")  # true for a key that is missing
        named = all(str(value).strip("*?:") for value in values) and bool(values)
        if positive and not every and named and any(like(key, pattern) for pattern in patterns):
            return True
    return False


def _about(statement: Statement, action: str) -> bool:
    if "NotAction" in statement:
        return not any(like(action.lower(), str(each).lower()) for each in listed(statement["NotAction"]))
    return any(like(action.lower(), str(each).lower()) for each in listed(statement.get("Action")))


def _takes_back(denial: Statement, allowance: Statement) -> bool:
    if "NotResource" in denial or "NotResource" in allowance:
        return listed(denial.get("Resource")) == ["*"]
    # A resource that is itself a pattern is covered when the denial's pattern matches it literally.
    return all(
        any(like(str(target), str(pattern)) for pattern in listed(denial.get("Resource")))
        for target in listed(allowance.get("Resource"))
    )
