"""What a second plan does otherwise than the first, in words without values: values may be secrets."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.review import paths
from infra.review.changes import attributes_of
from infra.review.digest import digest, does_something
from infra.review.reports.text import line

_LENGTH = 300


def differences(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Compare two plans.

    Args:
        reviewed: JSON of the plan that was reviewed.
        now: JSON of a plan of the same environment made now.

    Returns:
        A line for each difference; empty when both do the same, that is when their digests agree.
    """
    if digest(reviewed) == digest(now):
        return []
    found = [*_outside(reviewed, now), *_changes(reviewed, now), *_outputs(reviewed, now)]
    if not found:
        found = [
            f"the part `{name}` of the plan differs"
            for name in sorted({*reviewed, *now})
            if _part(reviewed, name) != _part(now, name)
        ]
    return [line(each, _LENGTH) for each in found] or ["values that flow into its changes differ"]


def _part(document: Mapping[str, Any], name: str) -> object:
    kept = ("configuration", "variables", "terraform_version", "checks")
    return document.get(name) if name in kept else None


def _outside(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    """What Terraform found changed in the account, and had not found before."""
    before = {entry["address"]: entry["change"] for entry in reviewed.get("resource_drift", [])}
    for entry in now.get("resource_drift", []):
        if does_something(entry) and before.get(entry["address"]) != entry["change"]:
            if entry["change"]["actions"] == ["delete"]:
                yield f"{entry['address']} was deleted outside Terraform"
            else:
                what = ", ".join(attribute.path for attribute in attributes_of(entry["change"]))
                yield f"{entry['address']} was changed outside Terraform ({what or 'details'})"


def _changes(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = _by_address(reviewed), _by_address(now)
    for address in sorted({*before, *after}):
        was, would = before.get(address), after.get(address)
        if was == would:
            continue
        if would is None:
            yield f"{address} would not be changed any more (reviewed: {_actions(was)})"
        elif was is None:
            yield f"{address} would be changed too ({_actions(would)})"
        elif was["actions"] != would["actions"]:
            yield f"{address} would be another change ({_actions(would)} instead of {_actions(was)})"
        else:
            yield f"{address} would be changed otherwise ({', '.join(_attributes(was, would)) or 'details'})"


def _by_address(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {
        entry["address"] + (f" (deposed {entry['deposed']})" if "deposed" in entry else ""): entry["change"]
        for entry in document.get("resource_changes", [])
        if does_something(entry)
    }


def _actions(change: Mapping[str, Any] | None) -> str:
    return " and ".join(change["actions"]) if change else "nothing"


def _attributes(was: Mapping[str, Any], would: Mapping[str, Any]) -> list[str]:
    found = set()
    for part in ("before", "after"):
        one, other = was.get(part) or {}, would.get(part) or {}
        found |= {paths.step("", name) for name in {*one, *other} if one.get(name) != other.get(name)}
    return sorted(found)


def _outputs(reviewed: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    before, after = reviewed.get("output_changes", {}), now.get("output_changes", {})
    for name in sorted({*before, *after}):
        was, would = before.get(name), after.get(name)
        if was != would and any(each and each["actions"] != ["no-op"] for each in (was, would)):
            yield f"output {name} would be another one"
