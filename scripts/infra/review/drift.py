"""What was changed outside Terraform, as far as this plan makes use of it.

Terraform lists every difference that it found while reading the account; most are noise. One matters when the plan's
`relevant_attributes` name it (its value flows into a change), or when the plan changes the same attribute (it takes a
change made by hand back).

Where the configuration goes over all instances of a resource, Terraform names the resource as a whole. What AWS filled
in after it was made (who uses an address, since when) is then left out, unless the resource decides about access.
"""

from collections.abc import Mapping
from typing import Any

from infra.review import addresses, paths
from infra.review.changes import attributes_of
from infra.review.digest import does_something
from infra.review.model import AttributeChange, Drift
from infra.review.risk_table import KINDS


def drift_of(document: Mapping[str, Any]) -> tuple[tuple[Drift, ...], int]:
    """The drift that meets the plan.

    Args:
        document: the plan's JSON.

    Returns:
        The drift by address, and how many drifted objects do not meet the plan.
    """
    entries = [entry for entry in document.get("resource_drift", []) if does_something(entry)]
    if not _changes_anything(document):
        return (), len(entries)
    wanted = _wanted(document) if entries else {}
    changed = {
        entry["address"]: [attribute.path for attribute in attributes_of(entry["change"])]
        for entry in document.get("resource_changes", [])
        if entries and does_something(entry) and entry["address"] in {each["address"] for each in entries}
    }
    found = []
    for entry in entries:
        address = entry["address"]
        relevant = [*wanted.get(addresses.without_keys(address), []), *changed.get(address, [])]
        if entry["change"]["actions"] == ["delete"]:
            if relevant or address in changed:
                found.append(_drift(entry, ()))
            continue
        attributes = tuple(
            attribute
            for attribute in attributes_of(entry["change"])
            if any(paths.meet(attribute.path, path) and (path or not _filled_in(attribute, entry)) for path in relevant)
        )
        if attributes:
            found.append(_drift(entry, attributes))
    return tuple(sorted(found, key=lambda drift: drift.address)), len(entries) - len(found)


def _changes_anything(document: Mapping[str, Any]) -> bool:
    outputs = document.get("output_changes", {}).values()
    return any(map(does_something, document.get("resource_changes", []))) or any(
        output["actions"] != ["no-op"] for output in outputs
    )


def _wanted(document: Mapping[str, Any]) -> dict[str, list[str]]:
    wanted: dict[str, list[str]] = {}
    for item in document.get("relevant_attributes", []):
        wanted.setdefault(addresses.without_keys(item["resource"]), []).append(paths.of(item["attribute"]))
    return wanted


def _filled_in(attribute: AttributeChange, entry: Mapping[str, Any]) -> bool:
    kind = KINDS.get(entry["type"])
    return attribute.before in (None, "", [], {}) and kind is not None and not kind.grants


def _drift(entry: Mapping[str, Any], attributes: tuple[AttributeChange, ...]) -> Drift:
    return Drift(
        address=entry["address"],
        module=entry.get("module_address", ""),
        type=entry["type"],
        action="delete" if entry["change"]["actions"] == ["delete"] else "update",
        attributes=attributes,
    )
