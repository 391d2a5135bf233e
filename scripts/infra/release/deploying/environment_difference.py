"""How the tasks of two environments differ, and which of it their variables explain; everything here is pure.

Names that say only which environment it is (its name, account and domain) are no difference.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.environment import Environment

# A task definition as state and plan have it: attributes of aws_ecs_task_definition.
Definitions = Mapping[str, Mapping[str, Any]]

_ABSENT: Final = "(absent)"
_SIZES: Final = {"cpu": "cpu", "memory": "memory", "ephemeral_storage": "ephemeral_storage_gib"}
# Which variable decides a setting that environments/stack/services.tf gives a program.
_SETTINGS: Final = {
    "ARTIFACTS_DESTINATION": "artifact_lane",
    "ARTIFACT_LANE": "artifact_lane",
    "AUTH_DEFAULT_SCOPES": "default_scopes",
    "AWS_REGION": "region",
    "KEEP_ALIVE_SECONDS": "edge.idle_timeout_seconds",
    "LEGACY_SERVICE_ID_UNTIL": "legacy_service_id_until",
}
# What ECS Exec needs of a task.
_EXEC: Final = ("mountPoints", "volume")


@dataclass(frozen=True)
class Difference:
    """Something that two environments do differently.

    Args:
        task: name of the task, as in "mlflow".
        what: in a few words.
        source: how the one that is promoted from does it.
        target: how the other one does it.
        because: the variable that the environments set differently and that decides it; "" when none does.
    """

    task: str
    what: str
    source: str
    target: str
    because: str


def differences(
    source: Environment, runs: Definitions, target: Environment, planned: Definitions
) -> tuple[Difference, ...]:
    """Compare what runs in one environment with what is planned for another.

    Args:
        source: the environment that is promoted from.
        runs: its task definitions, by family.
        target: the other one.
        planned: its task definitions, by family.

    Returns:
        The differences by task; an image counts by its digest.
    """
    ours, theirs = _by_task(runs, source), _by_task(planned, target)
    return tuple(
        Difference(task, what, one, other, _because(task, what, source, target))
        for task in sorted(ours.keys() | theirs.keys())
        for what, one, other in _compared(ours.get(task, {}), theirs.get(task, {}))
    )


def _by_task(definitions: Definitions, environment: Environment) -> dict[str, dict[str, str]]:
    """Facts by task, without what only says which environment it is."""
    plain = _without_names(environment)
    return {
        family.removeprefix("hokusai-").removesuffix(f"-{environment.name}"): {
            what: plain(value) for what, value in _facts(definition)
        }
        for family, definition in definitions.items()
    }


def _facts(definition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in ("cpu", "memory", "network_mode"):
        yield name, str(definition.get(name, ""))
    storage = definition.get("ephemeral_storage") or [{}]
    yield "ephemeral_storage", str(storage[0].get("size_in_gib", ""))
    yield "volume", ", ".join(sorted(str(each.get("name")) for each in definition.get("volume") or ()))
    yield "runtime_platform", json.dumps(definition.get("runtime_platform") or [], sort_keys=True)
    for container in json.loads(definition.get("container_definitions") or "[]"):
        for key, value in sorted(container.items()):
            if key == "environment":
                yield from ((f"setting {each['name']}", each["value"]) for each in value)
            elif key == "secrets":
                yield from ((f"secret {each['name']}", each["valueFrom"]) for each in value)
            elif key == "image":
                yield "image", str(value).rpartition("@")[2]
            elif key == "mountPoints":
                yield key, ", ".join(sorted(str(each.get("containerPath")) for each in value))
            else:
                yield key, json.dumps(value, sort_keys=True)


def _compared(one: Mapping[str, str], other: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    for what in sorted(one.keys() | other.keys()):
        if one.get(what) != other.get(what):
            yield what, one.get(what, _ABSENT), other.get(what, _ABSENT)


def _because(task: str, what: str, source: Environment, target: Environment) -> str:
    setting = what.removeprefix("setting ")
    if what in _SIZES:
        names = [f"sizes.{task}.{_SIZES[what]}"]
    elif what in _EXEC:
        names = ["exec_enabled"]
    elif what.startswith("setting "):
        names = [f"sizes.{task}.environment.{setting}", _SETTINGS.get(setting, "")]
    else:
        names = []
    for name in filter(None, names):
        if _value(source, name) != _value(target, name):
            return name
    return ""


def _value(environment: Environment, path: str) -> object:
    value: Any = environment.variables
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _without_names(environment: Environment) -> Callable[[str], str]:
    domain, account = (
        re.compile(rf"(?<![\w.-]){re.escape(environment.domain)}|(?<=\.){re.escape(environment.domain)}"),
        environment.account_id,
    )
    name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(environment.name)}(?![A-Za-z0-9])")

    def plain(text: str) -> str:
        return name.sub("<environment>", domain.sub("<domain>", text).replace(account, "<account>"))

    return plain
