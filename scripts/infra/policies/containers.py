"""The containers of a plan's ECS task definitions."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.policies.iam.documents import listed
from infra.policies.origins import origins, without_index
from infra.terraform.plan_json import Plan, Resource

_MLFLOW_IMAGE = re.compile(r"(^|/)mlflow(-server|-tracking|-tracking-server)?(?=$|[:@])")
_MLFLOW_COMMAND = re.compile(r"\bmlflow\s+(server|ui)\b|\bmlflow-server\b")


@dataclass(frozen=True)
class Container:
    """One container of a task definition.

    Args:
        task: the task definition.
        name: of the container.
        definition: as ECS takes it
            (https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html).
    """

    task: Resource
    name: str
    definition: Mapping[str, Any]

    @property
    def image(self) -> str:
        """What it runs."""
        return str(self.definition.get("image") or "")

    @property
    def environment(self) -> dict[str, str]:
        """Plain environment variables."""
        return {str(each["name"]): str(each.get("value") or "") for each in self.definition.get("environment") or []}

    @property
    def secrets(self) -> dict[str, str]:
        """Environment variables that ECS fills from elsewhere, by name: where from."""
        return {str(each["name"]): str(each.get("valueFrom") or "") for each in self.definition.get("secrets") or []}

    @property
    def command(self) -> str:
        """Entry point and command in one line."""
        return " ".join([*listed(self.definition.get("entryPoint")), *listed(self.definition.get("command"))])

    @property
    def ports(self) -> set[int]:
        """Ports that it listens on."""
        return {
            int(each["containerPort"]) for each in self.definition.get("portMappings") or [] if "containerPort" in each
        }

    @property
    def is_mlflow(self) -> bool:
        """Whether it is an MLflow server: by its image, its command or its name."""
        return bool(self.name == "mlflow" or _MLFLOW_IMAGE.search(self.image) or _MLFLOW_COMMAND.search(self.command))


def containers(plan: Plan) -> Iterator[Container]:
    """Every container that is known at plan.

    Args:
        plan: the plan.

    Yields:
        The containers; those of an unknown definition are a violation of `container_images.py`.
    """
    for task in plan.of_type("aws_ecs_task_definition"):
        text = task.values.get("container_definitions")
        for definition in json.loads(text) if text else []:
            yield Container(task, str(definition.get("name", "")), definition)


def containers_of(plan: Plan, service: Resource) -> list[Container]:
    """The containers that an ECS service runs.

    Args:
        plan: the plan.
        service: an `aws_ecs_service`.

    Returns:
        Those of its task definition; of every task definition when nobody can tell which one is its own.
    """
    own = origins(plan, service, "task_definition")
    every = list(containers(plan))
    return [
        each for each in every if without_index(each.task.address) in own and _same_key(each.task, service)
    ] or every


def _same_key(task: Resource, service: Resource) -> bool:
    """Whether both are in the same instance of their module, or in different modules."""
    return task.module == service.module or without_index(task.module) != without_index(service.module)
