"""Plans with the tasks of a stack, made by hand as Terraform's JSON has them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from infra.terraform.plan_json import Plan

REPOSITORY = "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai"


def reference(program: str, digit: str) -> str:
    return f"{REPOSITORY}/{program}@sha256:{digit * 64}"


OLD, NEW = reference("mlflow", "1"), reference("mlflow", "2")


def containers(name: str, image: str, **more: Any) -> str:
    return json.dumps([{"name": name, "image": image, "environment": [{"name": "PORT", "value": "5000"}], **more}])


def resource(
    address: str,
    actions: Iterable[str],
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    unknown: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    module, _, rest = address.rpartition(".aws_")
    kind, _, name = f"aws_{rest}".partition(".")
    label, _, key = name.partition("[")
    made = {
        "address": address,
        "module_address": module,
        "mode": "managed",
        "type": kind,
        "name": label,
        "change": {
            "actions": list(actions),
            "before": dict(before) if before is not None else None,
            "after": dict(after) if after is not None else None,
            "after_unknown": dict(unknown or {}),
        },
    }
    return made | ({"index": json.loads(key.removesuffix("]"))} if key else {})


def plan(resources: Iterable[Mapping[str, Any]], cluster: str = "hokusai-staging") -> Plan:
    listed = list(resources)
    values = [
        {"address": each["address"], "values": each["change"]["after"]}
        for each in listed
        if each["change"]["after"] is not None
    ]
    return Plan(
        {
            "format_version": "1.2",
            "resource_changes": listed,
            "planned_values": {
                "outputs": {"cluster_name": {"value": cluster}, "hosts": {"value": {"registry": "r.example"}}},
                "root_module": {"resources": values},
            },
        }
    )


def definition(name: str, was: str, now: str, **more: Any) -> dict[str, Any]:
    family = f"hokusai-{name}-staging"
    before = {"family": family, "cpu": "512", "container_definitions": containers(name, was), "arn": "a:6"}
    after = {"family": family, "cpu": "512", "container_definitions": containers(name, now)} | more
    same = was == now and not more
    return resource(
        f'module.task["{name}"].aws_ecs_task_definition.this',
        ["no-op"] if same else ["delete", "create"],
        before,
        before if same else after,
        {} if same else {"arn": True, "revision": True},
    )


def service(name: str, *, changed: bool, **more: Any) -> dict[str, Any]:
    before = {"name": f"hokusai-{name}", "task_definition": "a:6", "desired_count": 2}
    after = {"name": f"hokusai-{name}", "desired_count": 2} | more
    return resource(
        f'module.task["{name}"].aws_ecs_service.this[0]',
        ["update"] if changed else ["no-op"],
        before,
        after if changed else before,
        {"task_definition": True} if changed else {},
    )


def network(*, made: bool) -> list[dict[str, Any]]:
    """The private subnets, one public one, and the migration's security group."""
    addresses = {
        'module.network.aws_subnet.private["a"]': "subnet-a",
        'module.network.aws_subnet.private["b"]': "subnet-b",
        'module.network.aws_subnet.public["a"]': "subnet-p",
        'module.task["mlflow-migration"].aws_security_group.this': "sg-migration",
        'module.task["mlflow"].aws_security_group.this': "sg-mlflow",
    }
    return [
        resource(address, ["no-op"], {"id": identity}, {"id": identity})
        if made
        else resource(address, ["create"], None, {}, {"id": True})
        for address, identity in addresses.items()
    ]


def database(*, made: bool) -> dict[str, Any]:
    values = {"identifier": "hokusai-mlflow-staging"}
    return resource(
        "module.database.aws_db_instance.this", ["no-op"] if made else ["create"], values if made else None, values
    )


def mlflow_deploy(*more: Mapping[str, Any]) -> Plan:
    """What a deploy of MLflow plans."""
    return plan(
        [
            definition("mlflow", OLD, NEW),
            definition("mlflow-migration", OLD, NEW),
            definition("gateway", reference("gateway", "7"), reference("gateway", "7")),
            service("mlflow", changed=True),
            service("gateway", changed=False),
            *network(made=True),
            database(made=True),
            *more,
        ]
    )


def first_apply() -> Plan:
    """What the first plan of all makes."""
    return plan(
        [
            resource(
                f'module.task["{name}"].aws_ecs_task_definition.this',
                ["create"],
                None,
                {"family": f"hokusai-{name}-staging", "container_definitions": containers(name, NEW)},
            )
            for name in ("mlflow", "mlflow-migration")
        ]
        + [
            resource('module.task["mlflow"].aws_ecs_service.this[0]', ["create"], None, {"name": "hokusai-mlflow"}),
            *network(made=False),
            database(made=False),
        ]
    )


MIGRATION_DEFINITION = 'module.task["mlflow-migration"].aws_ecs_task_definition.this'


def complete(address: str, identity: str = "", action: str = "create") -> dict[str, Any]:
    """Terraform's message that something was made."""
    hook = {"resource": {"addr": address}, "action": action, "elapsed_seconds": 1, "id_key": "id", "id_value": identity}
    return {"type": "apply_complete", "hook": hook}
