"""MLflow authenticates nobody: it is reached through the gateway, never through a load balancer."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.policies.containers import Container, containers, containers_of
from infra.policies.iam.documents import listed
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan, Resource

_EVERYBODY = {"0.0.0.0/0", "::/0"}


def _check(plan: Plan) -> Iterator[Violation]:
    servers = [each for each in containers(plan) if each.is_mlflow]
    ports = {port for each in servers for port in each.ports} - {port for each in _others(plan) for port in each.ports}
    for service in plan.of_type("aws_ecs_service"):
        balanced = [str(each.get("container_name")) for each in listed(service.values.get("load_balancer"))]
        for container in containers_of(plan, service):
            if container.is_mlflow and container.name in balanced:
                yield Violation(service.address, f"a load balancer forwards to {container.name}, which is MLflow")
    for group in plan.of_type("aws_lb_target_group"):
        if group.values.get("port") in ports or _named_mlflow(group):
            yield Violation(
                group.address, "a target group for MLflow: whatever a listener forwards to it is not authenticated"
            )
    for address, rule in _from_everybody(plan):
        if _covers(rule, ports):
            yield Violation(address, "everybody may connect to MLflow's port")


def _from_everybody(plan: Plan) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Rules that let everybody connect to something, in each of the forms that Terraform has for them."""
    for rule in plan.of_type("aws_vpc_security_group_ingress_rule"):
        if {rule.values.get("cidr_ipv4"), rule.values.get("cidr_ipv6")} & _EVERYBODY:
            yield rule.address, rule.values
    for rule in plan.of_type("aws_security_group_rule"):
        if rule.values.get("type") == "ingress" and _ranges(rule.values) & _EVERYBODY:
            yield rule.address, rule.values
    for kind in ("aws_security_group", "aws_default_security_group"):
        for group in plan.of_type(kind):
            for block in listed(group.values.get("ingress")):
                if _ranges(block) & _EVERYBODY:
                    yield group.address, block


def _ranges(rule: Mapping[str, Any]) -> set[str]:
    return {*listed(rule.get("cidr_blocks")), *listed(rule.get("ipv6_cidr_blocks"))}


def _others(plan: Plan) -> Iterator[Container]:
    return (each for each in containers(plan) if not each.is_mlflow)


def _named_mlflow(group: Resource) -> bool:
    words = str(group.values.get("name") or "").lower().replace("_", "-").split("-")
    return "mlflow" in words and not {"gateway", "proxy", "auth"} & set(words)


def _covers(rule: Mapping[str, Any], ports: set[int]) -> bool:
    if str(rule.get("ip_protocol") or rule.get("protocol")) == "-1":
        return bool(ports)
    first, last = rule.get("from_port"), rule.get("to_port")
    return first is not None and last is not None and any(first <= port <= last for port in ports)


POLICY = Policy(
    id="HOK_MLFLOW",
    title="MLflow is never behind a listener",
    severity=Severity.CRITICAL,
    remedy="Forward to the gateway instead; let only the gateway's security group connect to MLflow.",
    check=_check,
)
