"""Steps about what ECS runs: every service as many tasks as it should, of one revision."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.account.inventory import Clients
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target


def services_of(account: Clients, cluster: str) -> Iterator[Mapping[str, Any]]:
    """The services of a cluster, as ECS describes them.

    Args:
        account: where.
        cluster: its name.

    Yields:
        The services.
    """
    ecs = account.client("ecs")
    for page in ecs.get_paginator("list_services").paginate(cluster=cluster, maxResults=10):
        if page["serviceArns"]:
            yield from ecs.describe_services(cluster=cluster, services=page["serviceArns"])["services"]


def _steady(target: Target) -> str:
    services = list(services_of(target.account, target.cluster))
    if not services:
        raise CheckFailed(f"No service runs in the cluster {target.cluster}", remedy="Apply the stack first.")
    for service in services:
        require_steady(service)
    return ", ".join(f"{each['serviceName']} {each['runningCount']}" for each in services)


def require_steady(service: Mapping[str, Any]) -> None:
    """Raise unless a service runs as it should.

    Args:
        service: as ECS describes it.

    Raises:
        CheckFailed: a rollout is under way or failed, or tasks are missing.
    """
    name, deployments = service["serviceName"], service["deployments"]
    last = service.get("events") or [{"message": "no event"}]
    if len(deployments) != 1 or deployments[0].get("rolloutState", "COMPLETED") != "COMPLETED":
        newest = deployments[0]
        raise CheckFailed(
            f"A rollout of {name} is not complete: {newest.get('rolloutState')}, "
            f"{newest.get('rolloutStateReason', last[0]['message'])}",
            arn=service["serviceArn"],
            remedy="Wait until it has ended, and verify again: until then two revisions answer.",
        )
    runs, wanted = service["runningCount"], service["desiredCount"]
    if runs < wanted:
        raise CheckFailed(
            f"{name} runs {runs} of {wanted} tasks. Last event: {last[0]['message']}",
            arn=service["serviceArn"],
        )


STEPS = (
    Step(
        "rollout",
        "Every service runs as many tasks as it should, of one revision",
        _steady,
        on_aws_only=True,
    ),
)
