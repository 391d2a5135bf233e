"""Task definitions and services as they are applied, read through the ECS API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.model import PlatformFailure


@dataclass(frozen=True)
class HealthCheck:
    """A container health check; seconds throughout.

    Args:
        command: with CMD or CMD-SHELL in front.
        interval: between two.
        timeout: for one.
        retries: failures in a row that make a container unhealthy.
        start_period: failures before that do not count.
    """

    command: tuple[str, ...]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True)
class ContainerDefinition:
    """A container of a task definition; see the ECS API for the fields."""

    name: str
    image: str
    essential: bool
    entrypoint: tuple[str, ...] | None
    command: tuple[str, ...] | None
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    ports: tuple[int, ...]
    mounts: Mapping[str, str]
    read_only: bool
    user: str | None
    directory: str | None
    memory: int | None
    ulimits: Mapping[str, tuple[int, int]]
    health_check: HealthCheck | None
    stop_timeout: int
    log_group: str | None


@dataclass(frozen=True)
class TaskDefinition:
    """A task definition; see the ECS API for the fields. `cpu` in units, `memory` in MiB."""

    arn: str
    family: str
    revision: int
    execution_role: str | None
    task_role: str | None
    cpu: int
    memory: int
    containers: tuple[ContainerDefinition, ...]


@dataclass(frozen=True)
class Balanced:
    """Where a service's tasks are registered as targets."""

    target_group: str
    container: str
    port: int


@dataclass(frozen=True)
class ServiceDefinition:
    """A service; see the ECS API for the fields. `registries` are ARNs of Cloud Map services."""

    arn: str
    name: str
    cluster: str
    task_definition: str
    desired: int
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    balanced: tuple[Balanced, ...]
    registries: tuple[str, ...]
    grace_seconds: int
    maximum_percent: int
    minimum_healthy_percent: int
    circuit_breaker: bool
    rollback: bool


def read_services(account: EmulatedAccount, cluster: str) -> list[ServiceDefinition]:
    """The active services of a cluster.

    Args:
        account: where it is.
        cluster: its name.

    Raises:
        PlatformFailure: there is no such cluster.
    """
    ecs = account.client("ecs")
    if not ecs.describe_clusters(clusters=[cluster])["clusters"]:
        raise PlatformFailure(f"There is no ECS cluster {cluster} in the account.", remedy="Apply the stack first.")
    pages = ecs.get_paginator("list_services").paginate(cluster=cluster)
    found = []
    for arn in (arn for page in pages for arn in page["serviceArns"]):
        [service] = ecs.describe_services(cluster=cluster, services=[arn])["services"]
        if service["status"] == "ACTIVE":
            found.append(_service(service))
    return found


def read_definition(account: EmulatedAccount, name: str) -> TaskDefinition:
    """A task definition.

    Args:
        account: where it is.
        name: ARN, family:revision, or family for its newest active revision.
    """
    found = account.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
    return TaskDefinition(
        arn=found["taskDefinitionArn"],
        family=found["family"],
        revision=int(found["revision"]),
        execution_role=found.get("executionRoleArn"),
        task_role=found.get("taskRoleArn"),
        cpu=int(found.get("cpu") or 0),
        memory=int(found.get("memory") or 0),
        containers=tuple(_container(each) for each in found["containerDefinitions"]),
    )


def _container(found: Mapping[str, Any]) -> ContainerDefinition:
    check = found.get("healthCheck")
    options = (found.get("logConfiguration") or {}).get("options") or {}
    return ContainerDefinition(
        name=found["name"],
        image=found["image"],
        essential=found.get("essential", True),
        entrypoint=tuple(found["entryPoint"]) if found.get("entryPoint") else None,
        command=tuple(found["command"]) if found.get("command") else None,
        environment={each["name"]: each["value"] for each in found.get("environment") or ()},
        secrets={each["name"]: each["valueFrom"] for each in found.get("secrets") or ()},
        ports=tuple(each["containerPort"] for each in found.get("portMappings") or ()),
        mounts={each["containerPath"]: each["sourceVolume"] for each in found.get("mountPoints") or ()},
        read_only=bool(found.get("readonlyRootFilesystem")),
        user=found.get("user"),
        directory=found.get("workingDirectory"),
        memory=found.get("memory"),
        ulimits={each["name"]: (each["softLimit"], each["hardLimit"]) for each in found.get("ulimits") or ()},
        # What ECS fills in: API_HealthCheck.
        health_check=None
        if not check or check["command"][0] == "NONE"
        else HealthCheck(
            tuple(check["command"]),
            check.get("interval", 30),
            check.get("timeout", 5),
            check.get("retries", 3),
            check.get("startPeriod") or 0,
        ),
        stop_timeout=found.get("stopTimeout") or 30,
        log_group=options.get("awslogs-group"),
    )


def _service(found: Mapping[str, Any]) -> ServiceDefinition:
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    deployment = found.get("deploymentConfiguration") or {}
    breaker = deployment.get("deploymentCircuitBreaker") or {}
    return ServiceDefinition(
        arn=found["serviceArn"],
        name=found["serviceName"],
        cluster=found["clusterArn"],
        task_definition=found["taskDefinition"],
        desired=int(found["desiredCount"]),
        groups=tuple(network.get("securityGroups") or ()),
        subnets=tuple(network["subnets"]),
        balanced=tuple(
            Balanced(each["targetGroupArn"], each["containerName"], int(each["containerPort"]))
            for each in found.get("loadBalancers") or ()
        ),
        registries=tuple(each["registryArn"] for each in found.get("serviceRegistries") or ()),
        grace_seconds=int(found.get("healthCheckGracePeriodSeconds") or 0),
        maximum_percent=int(deployment.get("maximumPercent", 200)),
        minimum_healthy_percent=int(deployment.get("minimumHealthyPercent", 100)),
        circuit_breaker=bool(breaker.get("enable")),
        rollback=bool(breaker.get("rollback")),
    )
