"""Drills: a revision that cannot start is rolled back, and a good one replaces the tasks without a lost request."""

import time
from typing import Any

from infra.preflight.drills.drill import Drill
from infra.preflight.drills.scene import BOUND_SECONDS, GATEWAY, MLFLOW, Scene
from infra.preflight.drills.watch import Watch
from infra.preflight.platform.rolling import failure_threshold
from infra.verification.steps import CheckFailed

_NO_COMMAND = "no-such-command"
_ROLLBACK_SECONDS = 30.0
_LOOK_SECONDS = 0.05
# What RegisterTaskDefinition takes of what DescribeTaskDefinition says.
_TAKEN = (
    "family",
    "taskRoleArn",
    "executionRoleArn",
    "networkMode",
    "containerDefinitions",
    "volumes",
    "placementConstraints",
    "requiresCompatibilities",
    "cpu",
    "memory",
    "ephemeralStorage",
    "runtimePlatform",
)


def _good(watch: Watch, name: str) -> None:
    scene = watch.scene
    service = scene.service(name)
    revision = _register(scene, service, {})
    watch.begin(f"{name} gets a new revision that works", str(service["serviceArn"]))
    _use(scene, name, revision)
    scene.platform.wait_until_steady(BOUND_SECONDS)
    watch.end()
    if scene.newest_task(name).task_definition_arn != revision:
        raise CheckFailed(
            f"{name} was rolled back to {_short(scene.newest_task(name).task_definition_arn)} although its new "
            "revision is the same as the one before",
            arn=watch.blamed,
        )


def _broken(watch: Watch, name: str) -> None:
    scene = watch.scene
    service = scene.service(name)
    before = str(service["taskDefinition"])
    revision = _register(scene, service, {"command": [_NO_COMMAND]})
    watch.begin(f"{name} gets a new revision that cannot start", str(service["serviceArn"]))
    _use(scene, name, revision)
    try:
        _wait_for_rollback(watch, name, before, revision)
    except CheckFailed:
        _use(scene, name, before)
        raise
    watch.end()


def _wait_for_rollback(watch: Watch, name: str, before: str, broken: str) -> None:
    scene = watch.scene
    threshold = failure_threshold(int(scene.service(name)["desiredCount"]))
    begun, failing_since = time.monotonic(), 0.0
    while str(scene.service(name)["taskDefinition"]) != before:
        failed = [task for task in scene.platform.tasks if task.task_definition_arn == broken and task.stopped]
        failing_since = failing_since or (time.monotonic() if len(failed) >= threshold else 0.0)
        late = failing_since and time.monotonic() - failing_since > _ROLLBACK_SECONDS
        if late or time.monotonic() - begun > BOUND_SECONDS:
            raise CheckFailed(
                f"{watch.did}: {len(failed)} of its tasks failed, and no circuit breaker brought {_short(before)} back",
                arn=watch.blamed,
                attribute="deployment_circuit_breaker",
                remedy="Enable the deployment circuit breaker of the service, with rollback.",
            )
        time.sleep(_LOOK_SECONDS)


def _register(scene: Scene, service: dict[str, Any], change: dict[str, object]) -> str:
    """A new revision of a service's task definition: the same, but for a change of its first container."""
    ecs = scene.target.account.client("ecs")
    found = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    first, *others = found["containerDefinitions"]
    taken = {name: found[name] for name in _TAKEN if found.get(name)} | {
        "containerDefinitions": [{**first, **change}, *others]
    }
    return str(ecs.register_task_definition(**taken)["taskDefinition"]["taskDefinitionArn"])


def _use(scene: Scene, name: str, revision: str) -> None:
    ecs = scene.target.account.client("ecs")
    ecs.update_service(cluster=scene.target.cluster, service=name, taskDefinition=revision)
    scene.platform.refresh()


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]


def _drills_of(name: str) -> tuple[Drill, Drill]:
    short = name.removeprefix("hokusai-")
    return (
        Drill(
            f"broken-{short}",
            f"A revision of {name} that cannot start is rolled back by the circuit breaker",
            lambda watch: _broken(watch, name),
        ),
        Drill(
            f"deploy-{short}",
            f"A new revision of {name} replaces its tasks, and no client loses a request",
            lambda watch: _good(watch, name),
            lossless="deployment_minimum_healthy_percent",
            remedy="Keep every task until another one is healthy (minimum healthy percent 100), give it time to finish "
            "what it began (deregistration delay, stop timeout), and let the program do so at SIGTERM.",
        ),
    )


DRILLS = (*_drills_of(GATEWAY), *_drills_of(MLFLOW))
