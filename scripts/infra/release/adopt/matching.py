"""Which of the objects that a plan would make exist already; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.release.drift.seen import Seen
from infra.release.natural_key import natural_key
from infra.review import paths
from infra.review.changes import attributes_of

# A revision is made beside the others of its family, and nothing in Terraform's own state is in the account.
_NOT_ADOPTED: Final = ("aws_ecs_task_definition", "aws_default_security_group", "terraform_data")


@dataclass(frozen=True)
class Refused:
    """Something that exists and cannot be taken over as it is.

    Args:
        address: of the configuration.
        import_id: of the object.
        type: Terraform's.
        because: paths of what can only be changed by replacing it.
    """

    address: str
    import_id: str
    type: str
    because: tuple[str, ...]


@dataclass(frozen=True)
class Adopted:
    """Something that is taken over.

    Args:
        address: of the configuration.
        import_id: of the object.
        type: Terraform's.
        changes: paths of what the next apply changes on it.
    """

    address: str
    import_id: str
    type: str
    changes: tuple[str, ...]


def matches(document: Mapping[str, Any], there: Iterable[Seen]) -> tuple[dict[str, Seen], list[str]]:
    """Pair what a plan would make with what exists.

    Args:
        document: the plan's JSON.
        there: what exists.

    Returns:
        The object by address, and addresses for which several fit, so that a person has to choose.
    """
    by_key: dict[tuple[str, tuple[str, ...]], dict[str, Seen]] = {}
    for seen in there:
        if seen.import_id and seen.natural:
            by_key.setdefault((seen.type, seen.natural), {}).setdefault(seen.import_id, seen)
    found, unclear = {}, []
    for entry in document.get("resource_changes", []):
        if entry["change"]["actions"] != ["create"] or entry["mode"] != "managed" or entry["type"] in _NOT_ADOPTED:
            continue
        key = natural_key(entry["type"], entry["change"].get("after") or {})
        fits = by_key.get((entry["type"], key), {}) if key else {}
        if len(fits) == 1:
            found[entry["address"]] = next(iter(fits.values()))
        elif fits:
            unclear.append(f"{entry['address']} (one of {', '.join(sorted(fits))})")
    return found, unclear


def replaced(document: Mapping[str, Any], adoptions: Mapping[str, str]) -> list[Refused]:
    """What a plan would take over only to replace it.

    Args:
        document: the plan's JSON.
        adoptions: import id by address.

    Returns:
        Those, with the reason.
    """
    return [
        Refused(
            entry["address"],
            adoptions[entry["address"]],
            entry["type"],
            tuple(paths.of(steps) for steps in entry["change"].get("replace_paths", ())),
        )
        for entry in document.get("resource_changes", [])
        if entry["address"] in adoptions and "delete" in entry["change"]["actions"]
    ]


def adopted(document: Mapping[str, Any], adoptions: Mapping[str, str]) -> list[Adopted]:
    """What a plan takes over, and what it changes on it.

    Args:
        document: the plan's JSON.
        adoptions: import id by address.

    Returns:
        Those, by address.
    """
    return [
        Adopted(
            entry["address"],
            adoptions[entry["address"]],
            entry["type"],
            tuple(each.path for each in attributes_of(entry["change"])),
        )
        for entry in sorted(document.get("resource_changes", []), key=lambda each: str(each["address"]))
        if entry["address"] in adoptions
    ]
