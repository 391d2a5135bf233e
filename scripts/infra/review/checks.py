"""Conditions of the configuration and how they came out.

Source: https://developer.hashicorp.com/terraform/internals/json-format#checks-representation
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.review.model import Check

_ORDER: Final = ("fail", "error", "unknown", "pass")


def checks_of(document: Mapping[str, Any]) -> tuple[Check, ...]:
    """All conditions.

    Args:
        document: the plan's JSON.

    Returns:
        One for each object that has conditions, those that did not pass first. A status that is not known counts as
        worse than a failure.
    """
    found = [check for entry in document.get("checks", []) for check in _instances(entry)]
    return tuple(sorted(found, key=lambda check: (_rank(check.status), check.address)))


def _rank(status: str) -> int:
    return _ORDER.index(status) if status in _ORDER else -1


def _instances(entry: Mapping[str, Any]) -> Iterator[Check]:
    kind = entry["address"].get("kind", "")
    # An object without instances (count = 0) has a status of its own.
    for instance in entry.get("instances") or [entry]:
        yield Check(
            address=instance["address"].get("to_display") or entry["address"].get("to_display", ""),
            kind=kind,
            status=instance.get("status", ""),
            messages=tuple(problem.get("message", "") for problem in instance.get("problems", [])),
        )
