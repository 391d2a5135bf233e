"""What happens to each object of a plan: action, reason, what differs, and what that brings about."""

from collections.abc import Mapping
from typing import Any, Final, Literal

from infra.errors import InfraError
from infra.review import marks, paths
from infra.review.differences import Side, differences
from infra.review.digest import does_something
from infra.review.model import Action, AttributeChange, Change, OutputChange
from infra.review.risk import consequences

_ACTIONS: Final[Mapping[tuple[str, ...], Action]] = {
    ("create",): Action.CREATE,
    ("update",): Action.UPDATE,
    ("delete", "create"): Action.REPLACE_DELETE_FIRST,
    ("create", "delete"): Action.REPLACE_CREATE_FIRST,
    ("delete",): Action.DELETE,
    ("forget",): Action.FORGET,
    ("read",): Action.READ,
}

_OUTPUT_ACTIONS: Final[Mapping[tuple[str, ...], Literal["create", "update", "delete"]]] = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
}

# Terraform says that more values may come; one that is not here is shown as it is.
# https://developer.hashicorp.com/terraform/internals/json-format#plan-representation (`action_reason`)
_REASONS: Final[Mapping[str, str]] = {
    "replace_because_tainted": "an earlier apply broke off while making it",
    "replace_because_cannot_update": "AWS cannot change this in place",
    "replace_by_request": "asked for with -replace",
    "replace_by_triggers": "something in its replace_triggered_by changes",
    "delete_because_no_resource_config": "no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "it now has count or for_each where it had none, or the reverse",
    "delete_because_count_index": "its index is beyond count",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "it was moved to an address that is not in the configuration",
    "read_because_config_unknown": "its arguments are known only during apply",
    "read_because_dependency_pending": "something that it depends on changes",
    "read_because_check_nested": "read for a check, as always",
}


def changes_of(document: Mapping[str, Any]) -> tuple[Change, ...]:
    """Everything that a plan does.

    Args:
        document: the plan's JSON.

    Returns:
        The changes, the worst first, then by address.

    Raises:
        InfraError: an action that this code does not know, so that it could not be judged.
    """
    found = [_change(entry) for entry in document.get("resource_changes", []) if does_something(entry)]
    return tuple(sorted(found, key=lambda change: (change.risk.rank, change.address, change.deposed)))


def unchanged(document: Mapping[str, Any]) -> int:
    """How many managed resources nothing happens to.

    Args:
        document: the plan's JSON.

    Returns:
        Their number.
    """
    entries = document.get("resource_changes", [])
    return sum(entry.get("mode") != "data" and not does_something(entry) for entry in entries)


def outputs_of(document: Mapping[str, Any]) -> tuple[OutputChange, ...]:
    """The root outputs that change.

    Args:
        document: the plan's JSON.

    Returns:
        The changes, by name.

    Raises:
        InfraError: an action that this code does not know.
    """
    declared = document.get("configuration", {}).get("root_module", {}).get("outputs", {})
    found = []
    for name, change in sorted(document.get("output_changes", {}).items()):
        if change["actions"] == ["no-op"]:
            continue
        action = _OUTPUT_ACTIONS.get(tuple(change["actions"]))
        if action is None:
            raise InfraError(f"The plan does {change['actions']} to output {name}; this tooling does not know that.")
        secret = bool(declared.get(name, {}).get("sensitive"))
        before, after = (
            Side(change.get(side), True if secret else change.get(f"{side}_sensitive")) for side in ("before", "after")
        )
        found.append(
            OutputChange(
                name=name,
                action=action,
                before=before.masked(),
                after=after.masked(),
                unknown=marks.holds(change.get("after_unknown")),
                sensitive=secret or before.sensitive is True or after.sensitive is True,
            )
        )
    return tuple(found)


def attributes_of(change: Mapping[str, Any]) -> tuple[AttributeChange, ...]:
    """What differs in an object.

    Args:
        change: the `change` object of Terraform's JSON.

    Returns:
        The differences. A tag that changes alike in `tags` and in `tags_all` stands there once.
    """
    found = differences(
        Side(change.get("before"), change.get("before_sensitive")),
        Side(change.get("after"), change.get("after_sensitive")),
        change.get("after_unknown"),
        tuple(paths.of(steps) for steps in change.get("replace_paths", ())),
    )
    tags = {attribute.path for attribute in found if attribute.path.startswith("tags")}
    return tuple(
        attribute
        for attribute in found
        if not (attribute.path.startswith("tags_all") and attribute.path.replace("tags_all", "tags", 1) in tags)
    )


def _change(entry: Mapping[str, Any]) -> Change:
    change = entry["change"]
    address = entry["address"]
    action = _action(entry)
    attributes = attributes_of(change)
    reason = entry.get("action_reason", "")
    return Change(
        address=address,
        deposed=entry.get("deposed", ""),
        module=entry.get("module_address", ""),
        mode=entry.get("mode", "managed"),
        type=entry["type"],
        name=entry.get("name", ""),
        index=entry.get("index"),
        provider=entry.get("provider_name", ""),
        action=action,
        reason=_REASONS.get(reason, reason),
        previous_address=entry.get("previous_address", ""),
        import_id=str((change.get("importing") or {}).get("id", "")),
        replace_paths=tuple(paths.of(steps) for steps in change.get("replace_paths", ())),
        attributes=attributes,
        consequences=consequences(entry["type"], action, attributes),
    )


def _action(entry: Mapping[str, Any]) -> Action:
    change = entry["change"]
    actions = tuple(change["actions"])
    if actions == ("no-op",):
        return Action.IMPORT if change.get("importing") else Action.MOVE
    if actions not in _ACTIONS:
        raise InfraError(
            f"The plan does {'/'.join(map(str, actions))} to {entry['address']}; this tooling does not know that, so "
            "the plan cannot be judged. Use a Terraform version that `make doctor` accepts."
        )
    if actions == ("delete",) and entry.get("deposed"):
        return Action.DELETE_DEPOSED
    return _ACTIONS[actions]
