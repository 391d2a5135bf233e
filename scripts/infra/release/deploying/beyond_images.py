"""What a plan changes beyond the images that a deploy is about; all of it is pure."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from infra.release.deploying.images_file import REFERENCE
from infra.terraform.plan_json import Plan

_DEFINITION: Final = "aws_ecs_task_definition"
_SERVICE: Final = "aws_ecs_service"


def beyond_images(plan: Plan, references: Collection[str], *, again: bool = False) -> tuple[str, ...]:
    """What a plan changes that is not one of some images.

    Args:
        plan: the plan.
        references: the new images, repository and digest.
        again: whether an earlier attempt did not end well. Terraform deregisters a task definition before it registers
            the next revision, so it may have left none; registering one that runs these images is then no more.

    Returns:
        Each in a few words, with its address; empty for a plan that does nothing but run these images.
    """
    return tuple(
        f"{change['address']} ({'/'.join(change['change']['actions'])}){': ' if what else ''}{what}"
        for change in plan.changes
        if not (again and _is_registered(change, references))
        for what in _beyond(change, references)
    )


def _beyond(change: Mapping[str, Any], references: Collection[str]) -> Iterator[str]:
    before, after = change["change"].get("before"), change["change"].get("after")
    if change["type"] not in (_DEFINITION, _SERVICE) or not before or not after:
        yield ""
        return
    unknown = change["change"].get("after_unknown") or {}
    changed = sorted(
        name
        for name in before.keys() | after.keys()
        if unknown.get(name) is not True and _set(before.get(name)) != _set(after.get(name))
    )
    # Of a task definition only its revision is known after apply, which says nothing of its own.
    expected = "task_definition" if change["type"] == _SERVICE else "container_definitions"
    containers = [] if change["type"] == _SERVICE else list(_containers(before, after, references))
    other = [*(name for name in changed if name != expected), *containers]
    if other:
        yield "; ".join(other)


def _is_registered(change: Mapping[str, Any], references: Collection[str]) -> bool:
    """Whether a task definition is made where there is none, and runs some images and no other."""
    after = change["change"].get("after") or {}
    if change["type"] != _DEFINITION or change["change"]["actions"] != ["create"]:
        return False
    images = {each.get("image") for each in json.loads(after.get("container_definitions") or "[]")}
    return bool(images) and images <= set(references)


def _set(value: object) -> object:
    """A value, where it is one: what is read back as "" or empty was planned as nothing."""
    return None if value in ("", [], {}) else value


def _containers(before: Mapping[str, Any], after: Mapping[str, Any], references: Collection[str]) -> Iterator[str]:
    """What changes in the containers but their images."""
    if not after.get("container_definitions"):
        yield "containers known only after apply"
        return
    were = {each["name"]: each for each in json.loads(before["container_definitions"])}
    are = {each["name"]: each for each in json.loads(after["container_definitions"])}
    for name in sorted(were.keys() | are.keys()):
        was, now = were.get(name, {}), are.get(name, {})
        for key in sorted(was.keys() | now.keys()):
            if was.get(key) == now.get(key) or (key == "image" and now.get(key) in references):
                continue
            yield f"{key} of container {name}" + (f" ({_short(now.get(key))})" if key == "image" else "")


def _short(image: object) -> str:
    match = REFERENCE.fullmatch(str(image))
    return f"{match['repository'].rpartition('/')[2]}@{match['digest'][:19]}" if match else "none"
