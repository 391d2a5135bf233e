"""What is being promoted, kept between the two runs of the command: they have the credentials of two accounts."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from infra.environment import Environment
from infra.errors import InfraError
from infra.release.deploying.verified_images import Verified


@dataclass(frozen=True)
class Promotion:
    """What was verified in one environment, for another.

    Args:
        source: name of the environment that it was verified in.
        change: number of the entry of its ledger that ended the deploy there.
        verification: number of the entry that verified it.
        commit: of the configuration that it was verified with.
        images: program -> repository and digest, in the target's repositories.
        definitions: the task definitions that run there, by family; attributes of aws_ecs_task_definition.
    """

    source: str
    change: int
    verification: int
    commit: str
    images: Mapping[str, str]
    definitions: Mapping[str, Mapping[str, Any]]

    @property
    def told(self) -> str:
        """For the ledger and for people."""
        return f"Promote what was verified in {self.source} (entry {self.verification})"


def promotion_of(
    source: Environment, verified: Verified, images: Mapping[str, str], state: Mapping[str, Any]
) -> Promotion:
    """What is promoted.

    Args:
        source: where it was verified.
        verified: what.
        images: the same images in the target's repositories.
        state: of the source's stack.

    Returns:
        The promotion.
    """
    return Promotion(
        source.name, verified.change, verified.verification, verified.commit, images, definitions_in_state(state)
    )


def definitions_in_state(state: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The task definitions of a stack.

    Args:
        state: its document.

    Returns:
        Attributes by family, those alone that say what runs.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for resource in state.get("resources", []):
        if resource.get("mode") == "managed" and resource.get("type") == "aws_ecs_task_definition":
            for instance in resource.get("instances", []):
                if "deposed" not in instance:
                    found[str(instance["attributes"]["family"])] = _told(instance["attributes"])
    return found


def keep(promotion: Promotion, target: Environment) -> None:
    """Keep it for the run that goes on, in one step.

    Args:
        promotion: what is promoted.
        target: to where.
    """
    path = target.build / "promotion.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(promotion), file)
    partial.replace(path)


def kept(source: Environment, target: Environment) -> Promotion:
    """The promotion that an earlier run has prepared.

    Args:
        source: that it has to be from.
        target: to where.

    Returns:
        The promotion.

    Raises:
        InfraError: there is none from there.
    """
    try:
        found = Promotion(**json.loads((target.build / "promotion.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        found = None
    if found is None or found.source != source.name:
        raise InfraError(
            f"What was verified in {source.name} is not known here: these are the credentials of {target.name}. Run "
            f"the command first with those of account {source.account_id} ({source.name}), in this checkout."
        )
    return found


def _told(attributes: Mapping[str, Any]) -> Mapping[str, Any]:
    names = (
        "container_definitions",
        "cpu",
        "ephemeral_storage",
        "family",
        "memory",
        "network_mode",
        "runtime_platform",
        "volume",
    )
    return {name: attributes.get(name) for name in names}
