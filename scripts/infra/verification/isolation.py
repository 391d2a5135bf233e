"""Steps about MLflow's isolation: it is reached through the gateway or not at all."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.verification.front_door import expect_nothing
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_MLFLOW, _GATEWAY = "hokusai-mlflow", "hokusai-gateway"


def _only_through_gateway(target: Target) -> str:
    services = {
        service["serviceName"]: service
        for service in target.account.client("ecs").describe_services(
            cluster=target.cluster, services=[_MLFLOW, _GATEWAY]
        )["services"]
    }
    mlflow, gateway = services[_MLFLOW], services[_GATEWAY]
    if mlflow.get("loadBalancers"):
        group = mlflow["loadBalancers"][0]["targetGroupArn"]
        raise CheckFailed(
            f"MLflow is a target of {group.split('/')[-2]}: requests get to it without a key",
            arn=group,
            remedy="Take the service out of every target group: only the gateway may be behind a load balancer.",
        )
    allowed = _groups(gateway)
    for group in sorted(_groups(mlflow)):
        for rule in _ingress(target, group):
            if rule.get("ReferencedGroupInfo", {}).get("GroupId") not in allowed:
                raise CheckFailed(
                    f"Others than the gateway may connect to MLflow: its security group {group} lets in "
                    f"{_source(rule)} on port {rule.get('FromPort')}",
                    arn=rule["SecurityGroupRuleId"],
                    remedy="Remove that rule: MLflow trusts whoever reaches it.",
                )
    for host in (f"mlflow.hokusai-{target.environment}.local:5000", "localhost:5000"):
        answer = target.ask("GET", "/api/2.0/mlflow/experiments/get?experiment_id=0", claimed_host=host)
        expect_nothing(target, answer, "MLflow's own host name leads nowhere from outside")
    return "no load balancer, no other security group, no host name leads to it"


def _groups(service: Mapping[str, Any]) -> set[str]:
    return set(service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"])


def _ingress(target: Target, group: str) -> Iterator[Mapping[str, Any]]:
    pages = (
        target.account.client("ec2")
        .get_paginator("describe_security_group_rules")
        .paginate(Filters=[{"Name": "group-id", "Values": [group]}])
    )
    for page in pages:
        yield from (rule for rule in page["SecurityGroupRules"] if not rule["IsEgress"])


def _source(rule: Mapping[str, Any]) -> str:
    group = rule.get("ReferencedGroupInfo", {}).get("GroupId")
    return str(group or rule.get("CidrIpv4") or rule.get("CidrIpv6") or rule.get("PrefixListId") or "everybody")


STEPS = (
    Step(
        "mlflow-isolated",
        "MLflow is reached through the gateway or not at all",
        _only_through_gateway,
        needs=("hosts",),
    ),
)
