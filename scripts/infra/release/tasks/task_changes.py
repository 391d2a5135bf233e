"""What a plan does to tasks: which services it changes, whether the schema has to be migrated; all of it is pure."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.terraform.plan_json import Plan, Resource

_DEFINITION: Final = "aws_ecs_task_definition"
_SERVICE: Final = "aws_ecs_service"
_GROUP: Final = "aws_security_group"
_SUBNET: Final = "aws_subnet"
# Changed after everything that the migration could need, or of no use to it.
_AFTERWARDS: Final = (_SERVICE, "aws_appautoscaling_target", "aws_appautoscaling_policy")


@dataclass(frozen=True)
class Migration:
    """The migration task as the plan has it.

    Args:
        family: of its task definition.
        image: that it runs.
        module: address of the module that it is made by.
        changed: whether the plan changes its task definition.
    """

    family: str
    image: str
    module: str
    changed: bool


@dataclass(frozen=True)
class Network:
    """Where a task runs.

    Args:
        subnets: ids.
        groups: ids of its security groups.
    """

    subnets: tuple[str, ...]
    groups: tuple[str, ...]


def changed_services(plan: Plan) -> tuple[str, ...]:
    """The services whose tasks a plan replaces.

    Args:
        plan: the plan.

    Returns:
        Names of the services that are made or changed, or whose task definition is.
    """
    modules = {
        change.get("module_address", "")
        for change in plan.changes
        if change["type"] in (_DEFINITION, _SERVICE) and _makes(change)
    }
    return tuple(str(service["name"]) for service in plan.of_type(_SERVICE) if service.module in modules)


def services_running(plan: Plan, references: Collection[str]) -> tuple[str, ...]:
    """The services that run some images.

    Args:
        plan: the plan.
        references: repository and digest of each.

    Returns:
        Names of the services.
    """
    modules = {each.module for each in plan.of_type(_DEFINITION) if image_of(each) in references}
    return tuple(str(service["name"]) for service in plan.of_type(_SERVICE) if service.module in modules)


def migration_of(plan: Plan, environment: str) -> Migration | None:
    """The task that migrates the schema.

    Args:
        plan: the plan.
        environment: its name.

    Returns:
        The task; None where the stack has none.
    """
    family = f"hokusai-mlflow-migration-{environment}"
    for definition in plan.of_type(_DEFINITION):
        if definition.values.get("family") == family:
            return Migration(family, image_of(definition), definition.module, definition.actions != ("no-op",))
    return None


def image_of(definition: Resource) -> str:
    """The image of the first container of a task definition.

    Args:
        definition: the planned resource.

    Returns:
        Repository and digest; "" when it is known only after apply.
    """
    text = definition.values.get("container_definitions")
    containers = json.loads(text) if text else []
    return str(containers[0]["image"]) if containers else ""


def needed_first(plan: Plan) -> frozenset[str]:
    """What has to be made before the migration can run: everything but the services, which it must not wait for.

    Args:
        plan: the plan.

    Returns:
        Addresses of resources that the plan makes or changes.
    """
    return frozenset(
        change["address"] for change in plan.changes if _makes(change) and not change["type"].startswith(_AFTERWARDS)
    )


def network_of(plan: Plan, migration: Migration, made: Mapping[str, str]) -> Network | None:
    """Where the migration runs: in the tasks' subnets, in a security group of its own that the database lets in.

    Args:
        plan: the plan.
        migration: the task.
        made: ids of what Terraform has made meanwhile, by address.

    Returns:
        The network; None while a part of it is not made.
    """
    groups = [each for each in plan.of_type(_GROUP) if each.module == migration.module]
    subnets = [each for each in plan.of_type(_SUBNET) if each.name == "private"]
    found = Network(tuple(_ids(subnets, made)), tuple(_ids(groups, made)))
    complete = len(found.subnets) == len(subnets) > 0 and len(found.groups) == len(groups) > 0
    return found if complete else None


def revisions_of(state: Mapping[str, Any], services: Iterable[str]) -> dict[str, str]:
    """The revision that Terraform gave each service.

    Args:
        state: the state's document.
        services: their names.

    Returns:
        Name of the service -> ARN of the task definition in the same module.
    """
    wanted = set(services)
    definitions = {module: str(each["arn"]) for module, each in _of_type(state, _DEFINITION)}
    return {
        str(each["name"]): definitions[module]
        for module, each in _of_type(state, _SERVICE)
        if each["name"] in wanted and module in definitions
    }


def database_of(plan: Plan) -> str:
    """The database that keeps the schema, if it is there before the plan is applied.

    Args:
        plan: the plan.

    Returns:
        Identifier of the instance; "" when the plan makes it.
    """
    for database in plan.of_type("aws_db_instance"):
        if "create" not in database.actions:
            return str(database["identifier"])
    return ""


def _of_type(state: Mapping[str, Any], kind: str) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for resource in state.get("resources", []):
        if resource.get("mode") == "managed" and resource.get("type") == kind:
            for instance in resource.get("instances", []):
                if "deposed" not in instance:
                    yield resource.get("module", ""), instance["attributes"]


def _ids(resources: Iterable[Resource], made: Mapping[str, str]) -> Iterable[str]:
    for each in resources:
        found = made.get(each.address) or each.values.get("id")
        if found:
            yield str(found)


def _makes(change: Mapping[str, Any]) -> bool:
    return bool({"create", "update"} & set(change["change"]["actions"]))
