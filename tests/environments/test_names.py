"""The names of the running system stay: clients, dashboards and data hang on them."""

import pytest

from infra.terraform.plan_json import Plan
from tests.environments.services import SERVICES

HOSTS = {
    "development": {"registry.development.hokus.ai", "auth.development.hokus.ai"},
    "staging": {"registry.staging.hokus.ai", "auth.staging.hokus.ai"},
    "production": {"registry.hokus.ai", "auth.hokus.ai"},
}


def names(plan: Plan, kind: str, attribute: str = "name") -> set[str]:
    return {str(each[attribute]) for each in plan.of_type(kind)}


@pytest.mark.parametrize("environment", sorted(HOSTS))
def test_names_of_the_running_system(plans: dict[str, Plan], environment: str) -> None:
    plan = plans[environment]
    assert f"hokusai-mlflow-artifacts-{environment}" in names(plan, "aws_s3_bucket", "bucket")
    assert names(plan, "aws_ecs_cluster") == {f"hokusai-{environment}"}
    assert names(plan, "aws_ecs_service") == {f"hokusai-{service}" for service in SERVICES}
    assert names(plan, "aws_service_discovery_private_dns_namespace") == {f"hokusai-{environment}.local"}
    assert {f"/ecs/hokusai/{service}/{environment}" for service in SERVICES} <= names(plan, "aws_cloudwatch_log_group")
    assert names(plan, "aws_route53_record") == HOSTS[environment]
    balancers = {"shared": {"edge"}, "dedicated": {"registry", "auth"}}
    topology = plan.document["variables"]["edge"]["value"]["topology"]
    assert names(plan, "aws_lb") == {f"hokusai-{name}-{environment}" for name in balancers[topology]}
