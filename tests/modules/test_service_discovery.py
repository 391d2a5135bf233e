"""service-discovery: names of the namespace, with health and time to live, known at plan."""

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

MODULE = "service-discovery"
INPUTS: dict[str, object] = {
    "environment": "staging",
    "vpc_id": "vpc-0a1b2c3d4e5f60718",
    "services": {"mlflow": {}, "auth": {"ttl_seconds": 5}},
}


@pytest.fixture(scope="module")
def names(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


def test_the_namespace_is_private_and_keeps_its_name(names: Plan) -> None:
    namespace = names["aws_service_discovery_private_dns_namespace.this"]
    assert namespace["name"] == "hokusai-staging.local"
    assert namespace["vpc"] == INPUTS["vpc_id"]


@pytest.mark.parametrize(("service", "ttl"), [("mlflow", 10), ("auth", 5)])
def test_a_service_answers_with_healthy_addresses_for_a_short_time(names: Plan, service: str, ttl: int) -> None:
    planned = names[f'aws_service_discovery_service.this["{service}"]']
    assert planned["name"] == service
    (dns,) = planned["dns_config"]
    assert dns["routing_policy"] == "MULTIVALUE"
    assert dns["dns_records"] == [{"type": "A", "ttl": ttl}]
    # Without it ECS cannot take an unhealthy task out of the answers.
    assert planned["health_check_custom_config"] == [{"failure_threshold": 1}]
    assert planned["force_destroy"] is True


def test_names_are_known_at_plan(names: Plan) -> None:
    assert names.outputs["namespace_name"] == "hokusai-staging.local"
    assert names.outputs["hostnames"] == {
        "mlflow": "mlflow.hokusai-staging.local",
        "auth": "auth.hokusai-staging.local",
    }


def test_the_example_plans(plan: ModulePlans) -> None:
    assert len(plan(MODULE, {}, root="examples/basic").of_type("aws_service_discovery_service")) == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "s"}, "environment must be lower-case letters"),
        ({"services": {"ml_flow": {}}}, 'services has names that are no DNS label: "ml_flow"'),
        (
            {"services": {"mlflow": {"ttl_seconds": 0}}},
            'a whole number from 1 to 60; change "mlflow" (0)',
        ),
        ({"services": {"auth": {}, "mlflow": {"ttl_seconds": 300}}}, 'change "mlflow" (300)'),
    ],
)
def test_what_is_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
