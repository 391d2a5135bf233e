"""The digest of a plan: the same for two plans that do the same, another one for any difference that matters.

What is left out, and why it cannot matter:
- `timestamp`: when the plan was made.
- `planned_values` and `prior_state`: they repeat the changes. What of the prior state flows into a change is named by
  `relevant_attributes`; those values stay in, sorted: Terraform lists them in another order each time.
- changes that do nothing, and drift: the account moves all the time (the time up to which a database can be restored,
  the number of tasks that autoscaling wants), and an approval must not die of it.
Every other key of the document stays in, also one that this code does not know.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.review import addresses
from infra.review.model import Json

_LEFT_OUT: Final = {
    "timestamp",
    "planned_values",
    "prior_state",
    "resource_changes",
    "resource_drift",
    "output_changes",
    "relevant_attributes",
}

# What AWS changes by itself. It leaves a change only where before and after are the same.
_RESTLESS: Final[Mapping[str, frozenset[str]]] = {
    "aws_db_instance": frozenset({"latest_restorable_time", "status"}),
    "aws_ecs_service": frozenset({"desired_count"}),
    "aws_nat_gateway": frozenset({"status"}),
}


def digest(document: Mapping[str, Any]) -> str:
    """Digest of a plan.

    Args:
        document: the plan's JSON.

    Returns:
        SHA-256 in hexadecimal.
    """
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def canonical(document: Mapping[str, Any]) -> str:
    """What the digest is made of; holds secrets.

    Args:
        document: the plan's JSON.

    Returns:
        JSON with sorted keys and no white space.
    """
    matters = {key: value for key, value in document.items() if key not in _LEFT_OUT}
    matters["resource_changes"] = sorted(
        (_change(entry) for entry in document.get("resource_changes", []) if does_something(entry)),
        key=lambda entry: (entry["address"], entry.get("deposed", "")),
    )
    matters["output_changes"] = {
        name: change for name, change in document.get("output_changes", {}).items() if change["actions"] != ["no-op"]
    }
    matters["used"] = sorted(set(_used(document)))
    return json.dumps(matters, sort_keys=True, separators=(",", ":"))


def does_something(entry: Mapping[str, Any]) -> bool:
    """Whether a resource change is more than "nothing to do".

    Args:
        entry: of `resource_changes`.

    Returns:
        False for a no-op that is neither moved nor imported.
    """
    change = entry["change"]
    return change["actions"] != ["no-op"] or bool(entry.get("previous_address")) or bool(change.get("importing"))


def _change(entry: Mapping[str, Any]) -> dict[str, Any]:
    restless = _RESTLESS.get(entry["type"], frozenset())
    change = dict(entry["change"])
    before, after = change.get("before"), change.get("after")
    if restless and isinstance(before, dict) and isinstance(after, dict):
        same = {name for name in restless if name in before and name in after and before[name] == after[name]}
        for part in ("before", "after"):
            change[part] = {name: value for name, value in change[part].items() if name not in same}
    return {**entry, "change": change}


def _used(document: Mapping[str, Any]) -> Iterator[str]:
    """The values of the prior state that the configuration uses for what changes."""
    wanted: dict[str, list[list[str | int]]] = {}
    for item in document.get("relevant_attributes", []):
        wanted.setdefault(addresses.without_keys(item["resource"]), []).append(item["attribute"])
    for resource in _resources(document.get("prior_state", {}).get("values", {}).get("root_module", {})):
        for steps in wanted.get(addresses.without_keys(resource["address"]), ()):
            value = _at(resource.get("values", {}), steps)
            yield json.dumps([resource["address"], steps, value], sort_keys=True, separators=(",", ":"))


def _resources(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _resources(child)


def _at(value: Json, steps: list[str | int]) -> Json:
    """The value at a path, as far down as the path leads."""
    for key in steps:
        inside = (isinstance(value, dict) and key in value) or (
            isinstance(value, list) and isinstance(key, int) and key < len(value)
        )
        if not inside:
            return value
        value = value[key]
    return value
