"""A name that somebody calls is registered: a namespace without services attached answers nobody.

This was the first outage of the platform: the namespace existed, no ECS service was attached to it.
"""

import re
from collections.abc import Iterator

from infra.policies.containers import containers
from infra.policies.iam.documents import listed
from infra.policies.origins import origins, without_index
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan, Resource


def _check(plan: Plan) -> Iterator[Violation]:
    names = plan.of_type("aws_service_discovery_service")
    for name in names:
        if not _registers(plan, name, names):
            yield Violation(name.address, f"no ECS service registers as {name.values.get('name')}")
    registered = {str(name.values.get("name")) for name in names}
    for namespace in plan.of_type("aws_service_discovery_private_dns_namespace"):
        domain = re.escape(str(namespace.values.get("name")))
        for container in containers(plan):
            for variable, value in container.environment.items():
                for called in set(re.findall(rf"([a-z0-9-]+)\.{domain}\b", value)) - registered:
                    message = f"{variable} of container {container.name} calls {called}, which nobody registers"
                    yield Violation(container.task.address, message)


def _registers(plan: Plan, name: Resource, names: list[Resource]) -> bool:
    """Whether an ECS service registers under a name: by the ARN, else by whose ARN it is, else by what it is called."""
    candidates = []
    for service in plan.of_type("aws_ecs_service"):
        blocks = listed(service.values.get("service_registries"))
        arns = {str(block["registry_arn"]) for block in blocks if block.get("registry_arn")}
        if arns:
            if name.values.get("arn") in arns:
                return True
            continue
        # The trail of a dynamic block ends there: Terraform's JSON has no expressions for those.
        made_from = origins(plan, service, "service_registries", "registry_arn")
        if blocks and (not made_from or without_index(name.address) in made_from):
            candidates.append(service)
    alike = [each for each in names if without_index(each.address) == without_index(name.address)]
    wanted = str(name.values.get("name"))
    called = [each for each in candidates if f"-{each.values.get('name')}".endswith(f"-{wanted}")]
    return bool(called) or (len(candidates) >= len(alike) and not _all_called(candidates, names))


def _all_called(services: list[Resource], names: list[Resource]) -> bool:
    """Whether every service has a name of its own already, so that none is left for another."""
    wanted = [str(each.values.get("name")) for each in names]
    return all(any(f"-{each.values.get('name')}".endswith(f"-{name}") for name in wanted) for each in services)


POLICY = Policy(
    id="HOK_DISCOVERY",
    title="Every name of service discovery has its service",
    severity=Severity.HIGH,
    remedy="Attach the ECS service with `service_registries`, or correct the name that is called.",
    check=_check,
)
