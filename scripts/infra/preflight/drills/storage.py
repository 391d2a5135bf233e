"""Drill: S3 denies everything, because somebody changed the roles of the tasks."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from infra.preflight.drills.drill import Drill
from infra.preflight.drills.scene import BOUND_SECONDS, GATEWAY, MLFLOW, Scene
from infra.preflight.drills.watch import Watch

_DENIED_SECONDS = 2.0
_POLICY = "drill-denies-s3"
_DENIAL = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}


def _deny(watch: Watch) -> None:
    scene, roles = watch.scene, [_task_role(watch.scene, service) for service in (GATEWAY, MLFLOW)]
    watch.begin("s3:* is denied to the task roles", roles[0])
    with _denied(scene, roles):
        watch.hold_until_noticed(_DENIED_SECONDS, BOUND_SECONDS)
    watch.end("the task roles are as before")


@contextmanager
def _denied(scene: Scene, roles: list[str]) -> Iterator[None]:
    iam = scene.target.account.client("iam")
    names = [role.rpartition("/")[2] for role in roles]
    try:
        for name in names:
            iam.put_role_policy(RoleName=name, PolicyName=_POLICY, PolicyDocument=json.dumps(_DENIAL))
        scene.platform.refresh()
        yield
    finally:
        for name in names:
            iam.delete_role_policy(RoleName=name, PolicyName=_POLICY)
        scene.platform.refresh()


def _task_role(scene: Scene, service: str) -> str:
    ecs = scene.target.account.client("ecs")
    definition = scene.service(service)["taskDefinition"]
    return str(ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]["taskRoleArn"])


DRILLS = (
    Drill(
        "deny-s3",
        "When S3 denied everything, clients are told so, and all is well as soon as it allows again",
        _deny,
    ),
)
