"""ecs-cluster: Fargate, Spot only where it was allowed, shells only with a record of them."""

from typing import Any

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "ecs-cluster"
LOG_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SPOT = {"FARGATE": {"base": 1, "weight": 0}, "FARGATE_SPOT": {"weight": 1}}
INPUTS: dict[str, object] = {
    "environment": "staging",
    "container_insights": "enabled",
    "log_retention_days": 90,
    "log_kms_key_arn": LOG_KEY,
}


@pytest.fixture(scope="module")
def closed(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def with_exec(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS | {"exec": {}, "allow_spot": True, "capacity_providers": SPOT})


def strategy(plan: Plan) -> dict[str, tuple[int, int]]:
    providers = plan["aws_ecs_cluster_capacity_providers.this"]
    items: list[dict[str, Any]] = providers["default_capacity_provider_strategy"]
    assert {item["capacity_provider"] for item in items} == set(providers["capacity_providers"])
    return {item["capacity_provider"]: (item["base"], item["weight"]) for item in items}


def test_nobody_opens_a_shell_unless_asked_for(closed: Plan) -> None:
    cluster = closed["aws_ecs_cluster.this"]
    assert cluster["name"] == "hokusai-staging"
    assert cluster["setting"] == [{"name": "containerInsights", "value": "enabled"}]
    assert cluster["configuration"] == []
    assert closed.of_type("aws_kms_key") == []
    assert closed.of_type("aws_cloudwatch_log_group") == []
    assert strategy(closed) == {"FARGATE": (0, 1)}


def test_sessions_are_encrypted_and_recorded(with_exec: Plan) -> None:
    (configuration,) = with_exec["aws_ecs_cluster.this"]["configuration"]
    (command,) = configuration["execute_command_configuration"]
    assert command["logging"] == "OVERRIDE"
    (record,) = command["log_configuration"]
    assert record["cloud_watch_encryption_enabled"] is True
    assert record["cloud_watch_log_group_name"] == "/ecs/hokusai/exec/staging"
    # Known only after apply, so it is the module's own key.
    (unknown,) = with_exec["aws_ecs_cluster.this"].unknown["configuration"]
    assert unknown["execute_command_configuration"][0]["kms_key_id"] is True

    log = with_exec["aws_cloudwatch_log_group.exec[0]"]
    assert (log["name"], log["retention_in_days"], log["kms_key_id"]) == ("/ecs/hokusai/exec/staging", 90, LOG_KEY)
    key = with_exec["aws_kms_key.exec[0]"]
    assert key["enable_key_rotation"] is True
    assert [statement["Principal"] for statement in key.policy()["Statement"]] == [
        {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    ]
    assert strategy(with_exec) == {"FARGATE": (1, 0), "FARGATE_SPOT": (0, 1)}


def test_what_policies_and_services_name_is_known_at_plan(closed: Plan, with_exec: Plan) -> None:
    assert closed.outputs["name"] == "hokusai-staging"
    assert closed.outputs["arn"] == f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/hokusai-staging"
    assert closed.outputs.get("exec_log_group_arn") is None
    assert closed.outputs.get("exec_key_alias") is None
    assert (
        with_exec.outputs["exec_log_group_arn"]
        == f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/ecs/hokusai/exec/staging"
    )
    assert with_exec.outputs["exec_key_alias"] == "alias/hokusai-exec-staging"
    assert set(with_exec.outputs["capacity_providers"]) == {"FARGATE", "FARGATE_SPOT"}


@pytest.mark.parametrize(("example", "groups"), [("basic", 0), ("development", 1)])
def test_the_examples_plan(plan: ModulePlans, example: str, groups: int) -> None:
    assert len(plan(MODULE, {}, root=f"examples/{example}").of_type("aws_cloudwatch_log_group")) == groups


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "Staging"}, "environment must be lower-case letters"),
        ({"capacity_providers": SPOT}, "capacity_providers has FARGATE_SPOT, but allow_spot is false"),
        (
            {"environment": "production", "allow_spot": True, "capacity_providers": SPOT},
            "allow_spot must be false in production",
        ),
        ({"capacity_providers": {"EC2": {"weight": 1}}}, 'capacity_providers has ["EC2"]: give FARGATE'),
        ({"capacity_providers": {}}, "capacity_providers has []: give FARGATE"),
        ({"capacity_providers": {"FARGATE": {"weight": 0}}}, "and one weight above 0"),
        (
            {
                "allow_spot": True,
                "capacity_providers": {
                    "FARGATE": {"base": 1, "weight": 1},
                    "FARGATE_SPOT": {"base": 1, "weight": 1},
                },
            },
            "ECS wants at most one base",
        ),
        ({"container_insights": "on"}, 'container_insights is "on"'),
        ({"log_retention_days": 42}, "log_retention_days is 42: CloudWatch accepts"),
        ({"log_kms_key_arn": "alias/hokusai-logs-staging"}, "CloudWatch Logs accepts no alias"),
        ({"key_deletion_window_days": 3}, "key_deletion_window_days is 3: KMS accepts whole days from 7 to 30"),
    ],
)
def test_what_is_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
