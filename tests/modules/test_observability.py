"""observability: alarms on metrics that exist, an encrypted topic that AWS can publish to, no log without key."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "observability"
# Namespace -> metric -> sets of dimensions, from AWS's documentation; each namespace names its page.
DOCUMENTED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "aws_metrics.json").read_text())
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT_ID}:hokusai-alarms-staging"
ALARMS = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:hokusai-staging-*"
LOAD_BALANCER = "app/hokusai-edge-staging/50dc6c495c0c9188"
TARGET_GROUP = "targetgroup/hokusai-gateway-staging/73e2d6bc24d8a067"
INPUTS: dict[str, object] = {
    "environment": "staging",
    "log_retention_days": 30,
    "key_deletion_window_days": 14,
    "notification_emails": ["platform@hokus.ai", "night@hokus.ai"],
    "log_groups": {
        "gateway": {"name": "/ecs/hokusai/gateway/staging"},
        "mlflow": {"name": "/ecs/hokusai/mlflow/staging"},
    },
    "services": {
        "gateway": {"cluster_name": "hokusai-staging", "service_name": "hokusai-gateway", "minimum_tasks": 2},
        "mlflow": {
            "cluster_name": "hokusai-staging",
            "service_name": "hokusai-mlflow",
            "cpu_percent": 70,
            "memory_percent": 90,
        },
        "worker": {"cluster_name": "hokusai-staging", "service_name": "hokusai-worker", "minimum_tasks": 0},
    },
    "load_balancers": {
        "edge": {
            "arn_suffix": LOAD_BALANCER,
            "target_groups": {"gateway": TARGET_GROUP, "legacy": "targetgroup/legacy/0123456789abcdef"},
            "error_percent": 2,
        }
    },
    "database": {"identifier": "hokusai-mlflow-staging", "allocated_storage_gib": 50, "max_connections": 400},
    "tags": {"team": "platform"},
}


@pytest.fixture(scope="module")
def full(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def alarms(full: Plan) -> dict[str, dict[str, Any]]:
    """Planned alarms by the part of their name after the environment."""
    found = {item["alarm_name"]: dict(item.values) for item in full.of_type("aws_cloudwatch_metric_alarm")}
    assert all(name.startswith("hokusai-staging-") for name in found)
    return {name.removeprefix("hokusai-staging-"): alarm for name, alarm in found.items()}


@pytest.fixture(scope="module")
def widgets(full: Plan) -> list[dict[str, Any]]:
    body: dict[str, list[dict[str, Any]]] = json.loads(full["aws_cloudwatch_dashboard.this"]["dashboard_body"])
    return body["widgets"]


def statements(plan: Plan, address: str) -> dict[str, dict[str, Any]]:
    return {statement["Sid"]: statement for statement in plan[address].policy()["Statement"]}


def of_alarms(alarms: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    for name, alarm in alarms.items():
        if alarm["metric_name"]:
            yield name, alarm["namespace"], alarm["metric_name"], frozenset(alarm["dimensions"])
        for query in alarm["metric_query"]:
            for metric in query["metric"]:
                yield name, metric["namespace"], metric["metric_name"], frozenset(metric["dimensions"])


def of_widgets(widgets: list[dict[str, Any]]) -> Iterator[tuple[str, str, str, frozenset[str]]]:
    for widget in widgets:
        for line in widget["properties"].get("metrics", []):
            namespace, metric, *dimensions = [part for part in line if isinstance(part, str)]
            yield widget["properties"]["title"], namespace, metric, frozenset(dimensions[::2])


def test_alarms_and_widgets_use_only_metrics_that_aws_publishes(
    alarms: dict[str, dict[str, Any]], widgets: list[dict[str, Any]]
) -> None:
    used = [*of_alarms(alarms), *of_widgets(widgets)]
    assert len(used) > 30
    unknown = [
        (where, namespace, metric, sorted(dimensions))
        for where, namespace, metric, dimensions in used
        if dimensions not in map(frozenset, DOCUMENTED.get(namespace, {}).get("metrics", {}).get(metric, []))
    ]
    assert unknown == []


NOT_BREACHING, BREACHING, IGNORE = "notBreaching", "breaching", "ignore"


@dataclass(frozen=True)
class Rule:
    """When an alarm goes off: `seconds` is the whole time it looks at, `missing` what silence means."""

    metric: str
    statistic: str
    comparison: str
    threshold: float
    seconds: int
    missing: str


ABOVE, FROM, BELOW = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold", "LessThanThreshold"
RULES = {
    "gateway-cpu": Rule("CPUUtilization", "Average", ABOVE, 85, 900, NOT_BREACHING),
    "mlflow-cpu": Rule("CPUUtilization", "Average", ABOVE, 70, 900, NOT_BREACHING),
    "gateway-memory": Rule("MemoryUtilization", "Average", ABOVE, 85, 900, NOT_BREACHING),
    "mlflow-memory": Rule("MemoryUtilization", "Average", ABOVE, 90, 900, NOT_BREACHING),
    "gateway-tasks": Rule("CPUUtilization", "SampleCount", BELOW, 2, 300, BREACHING),
    "mlflow-tasks": Rule("CPUUtilization", "SampleCount", BELOW, 1, 300, BREACHING),
    "edge-balancer-errors": Rule("HTTPCode_ELB_5XX_Count", "Sum", FROM, 10, 300, NOT_BREACHING),
    "edge-gateway-no-healthy-target": Rule("HealthyHostCount", "Maximum", BELOW, 1, 120, BREACHING),
    "edge-gateway-unhealthy-targets": Rule("UnHealthyHostCount", "Maximum", ABOVE, 0, 600, NOT_BREACHING),
    "database-cpu": Rule("CPUUtilization", "Average", ABOVE, 80, 900, BREACHING),
    "database-storage": Rule("FreeStorageSpace", "Minimum", BELOW, 5 * 2**30, 1800, IGNORE),
    "database-connections": Rule("DatabaseConnections", "Maximum", ABOVE, 320, 900, NOT_BREACHING),
    "database-transaction-ids": Rule("MaximumUsedTransactionIDs", "Maximum", FROM, 10**9, 900, IGNORE),
}


@pytest.mark.parametrize("name", RULES)
def test_each_alarm_means_what_its_description_says(alarms: dict[str, dict[str, Any]], name: str) -> None:
    alarm = alarms[name]
    assert RULES[name] == Rule(
        alarm["metric_name"],
        alarm["statistic"],
        alarm["comparison_operator"],
        alarm["threshold"],
        alarm["period"] * alarm["evaluation_periods"],
        alarm["treat_missing_data"],
    )
    assert alarm["alarm_description"]


def test_no_alarm_is_without_a_rule(alarms: dict[str, dict[str, Any]]) -> None:
    """The other services and target groups repeat the kinds that RULES states; there is no kind beside them."""
    kinds = {name.split("-", 1)[1] for name in RULES} | {"target-errors"}
    assert [name for name in alarms if not any(name.endswith(kind.removeprefix("gateway-")) for kind in kinds)] == []


def test_target_errors_are_a_share_of_enough_requests(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["edge-gateway-target-errors"]
    queries = {query["id"]: query for query in alarm["metric_query"]}
    assert queries["share"]["expression"] == "IF(requests >= 20, 100 * FILL(errors, 0) / requests, 0)"
    assert [name for name, query in queries.items() if query["return_data"]] == ["share"]
    assert {name: query["metric"][0]["metric_name"] for name, query in queries.items() if query["metric"]} == {
        "errors": "HTTPCode_Target_5XX_Count",
        "requests": "RequestCount",
    }
    assert (alarm["threshold"], alarm["evaluation_periods"], alarm["treat_missing_data"]) == (2, 2, "notBreaching")
    for query in queries.values():
        for metric in query["metric"]:
            assert metric["dimensions"] == {"LoadBalancer": LOAD_BALANCER, "TargetGroup": TARGET_GROUP}
            assert (metric["stat"], metric["period"]) == ("Sum", 300)


def test_alarms_watch_what_they_name(alarms: dict[str, dict[str, Any]]) -> None:
    assert alarms["gateway-cpu"]["dimensions"] == {"ClusterName": "hokusai-staging", "ServiceName": "hokusai-gateway"}
    assert alarms["edge-balancer-errors"]["dimensions"] == {"LoadBalancer": LOAD_BALANCER}
    assert alarms["database-cpu"]["dimensions"] == {"DBInstanceIdentifier": "hokusai-mlflow-staging"}


def test_a_service_that_may_be_scaled_to_nothing_is_no_outage(alarms: dict[str, dict[str, Any]]) -> None:
    assert {name for name in alarms if name.startswith("worker-")} == {"worker-cpu", "worker-memory"}


def test_every_alarm_tells_the_topic_both_ways(full: Plan) -> None:
    configured = full.document["configuration"]["root_module"]["resources"]
    for resource in configured:
        if resource["type"] == "aws_cloudwatch_metric_alarm":
            for action in ("alarm_actions", "ok_actions"):
                assert "aws_sns_topic.this.arn" in resource["expressions"][action]["references"]
    for alarm in full.of_type("aws_cloudwatch_metric_alarm"):
        assert alarm.values.get("actions_enabled", True) is True


def test_deployment_alarms_are_known_at_plan_and_exist(full: Plan, alarms: dict[str, dict[str, Any]]) -> None:
    found = {service: set(names) for service, names in full.outputs["deployment_alarm_names"].items()}
    assert found == {
        "gateway": {
            "hokusai-staging-gateway-cpu",
            "hokusai-staging-gateway-memory",
            "hokusai-staging-edge-gateway-target-errors",
        },
        "mlflow": {"hokusai-staging-mlflow-cpu", "hokusai-staging-mlflow-memory"},
        "worker": {"hokusai-staging-worker-cpu", "hokusai-staging-worker-memory"},
    }
    assert set().union(*found.values()) <= {f"hokusai-staging-{name}" for name in alarms}


def test_log_groups_have_retention_and_the_key(full: Plan) -> None:
    groups = full.of_type("aws_cloudwatch_log_group")
    assert {group["name"]: group["retention_in_days"] for group in groups} == {
        "/ecs/hokusai/gateway/staging": 30,
        "/ecs/hokusai/mlflow/staging": 30,
    }
    assert all(group.unknown["kms_key_id"] is True for group in groups)
    assert full.outputs["log_group_names"] == {
        "gateway": "/ecs/hokusai/gateway/staging",
        "mlflow": "/ecs/hokusai/mlflow/staging",
    }
    assert full.outputs["log_group_arns"] == {
        name: f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/ecs/hokusai/{name}/staging"
        for name in ("gateway", "mlflow")
    }


def test_the_key_serves_the_logs_of_this_account_and_region_only(full: Plan) -> None:
    key = full["aws_kms_key.this"]
    assert (key["enable_key_rotation"], key["deletion_window_in_days"]) == (True, 14)
    found = statements(full, "aws_kms_key.this")
    assert set(found) == {"AccountDecidesByIam", "CloudWatchLogs", "CloudWatchAlarms"}
    assert found["AccountDecidesByIam"]["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT_ID}:root"}
    logs = found["CloudWatchLogs"]
    assert logs["Principal"] == {"Service": f"logs.{REGION}.amazonaws.com"}
    assert logs["Condition"] == {
        "ArnLike": {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:*"}
    }
    assert set(logs["Action"]) == {
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey",
        "kms:GenerateDataKeyWithoutPlaintext",
        "kms:ReEncryptFrom",
        "kms:ReEncryptTo",
    }
    assert full.outputs["log_key_alias"] == "alias/hokusai-logs-staging"


def test_alarms_of_this_environment_can_publish_to_the_encrypted_topic(full: Plan) -> None:
    topic = full["aws_sns_topic.this"]
    assert topic["name"] == "hokusai-alarms-staging"
    assert topic.unknown["kms_master_key_id"] is True, "no key"
    key = statements(full, "aws_kms_key.this")["CloudWatchAlarms"]
    assert key["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert set(key["Action"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert key["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID, "kms:EncryptionContext:aws:sns:topicArn": TOPIC},
        "ArnLike": {"aws:SourceArn": ALARMS},
    }
    publish = statements(full, "aws_sns_topic_policy.this")["AlarmsOfThisEnvironment"]
    assert publish["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert (publish["Effect"], publish["Action"], publish["Resource"]) == ("Allow", "sns:Publish", TOPIC)
    assert publish["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": ALARMS},
    }


def test_the_topic_takes_nothing_in_clear_text(full: Plan) -> None:
    found = statements(full, "aws_sns_topic_policy.this")
    assert set(found) == {"AlarmsOfThisEnvironment", "TlsOnly"}
    deny = found["TlsOnly"]
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert set(deny["Action"]) == {"sns:Publish", "sns:Subscribe"}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_address_is_subscribed(full: Plan) -> None:
    subscriptions = full.of_type("aws_sns_topic_subscription")
    assert {(item["protocol"], item["endpoint"]) for item in subscriptions} == {
        ("email", "platform@hokus.ai"),
        ("email", "night@hokus.ai"),
    }


def test_the_dashboard_shows_alarms_first_and_every_layer(
    full: Plan, widgets: list[dict[str, Any]], alarms: dict[str, dict[str, Any]]
) -> None:
    assert full["aws_cloudwatch_dashboard.this"]["dashboard_name"] == "hokusai-staging"
    assert widgets[0]["type"] == "alarm"
    assert widgets[0]["properties"]["alarms"] == sorted(
        f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:hokusai-staging-{name}" for name in alarms
    )
    assert [widget["properties"]["title"].split(":")[0] for widget in widgets[1:-1]] == ["edge"] * 3 + [
        "Services"
    ] * 3 + ["Database"] * 6
    query = widgets[-1]["properties"]["query"]
    assert query.startswith("SOURCE '/ecs/hokusai/gateway/staging' | SOURCE '/ecs/hokusai/mlflow/staging' | fields")
    assert all(widget["properties"].get("region", REGION) == REGION for widget in widgets)


def test_widgets_do_not_cover_each_other(widgets: list[dict[str, Any]]) -> None:
    cells = [
        (x, y)
        for widget in widgets
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_tags_reach_every_resource_that_takes_them(full: Plan) -> None:
    tagged = [resource for resource in full.resources.values() if "tags" in resource.values]
    assert {resource.type for resource in tagged} == {
        "aws_cloudwatch_log_group",
        "aws_cloudwatch_metric_alarm",
        "aws_kms_key",
        "aws_sns_topic",
    }
    assert all(resource["tags"]["team"] == "platform" for resource in tagged)


def test_without_anything_to_watch_there_are_no_alarms(plan: ModulePlans) -> None:
    bare = plan(MODULE, {"environment": "development", "log_groups": {}, "log_retention_days": 7})
    assert bare.of_type("aws_cloudwatch_metric_alarm") == []
    assert bare.of_type("aws_sns_topic_subscription") == []
    assert json.loads(bare["aws_cloudwatch_dashboard.this"]["dashboard_body"]) == {"widgets": []}
    assert bare.outputs["deployment_alarm_names"] == {}


def test_without_a_known_limit_there_is_no_alarm_on_connections(plan: ModulePlans) -> None:
    database = {"identifier": "hokusai-mlflow-staging", "allocated_storage_gib": 50}
    found = plan(MODULE, INPUTS | {"database": database}).of_type("aws_cloudwatch_metric_alarm")
    assert {alarm.index for alarm in found if str(alarm.index).startswith("database-")} == {
        "database-cpu",
        "database-storage",
        "database-transaction-ids",
    }


@pytest.mark.parametrize("example", ["basic", "logs-only"])
def test_the_examples_plan(plan: ModulePlans, example: str) -> None:
    assert plan(MODULE, {}, root=f"examples/{example}").of_type("aws_cloudwatch_log_group")


SERVICE = {"cluster_name": "hokusai-staging", "service_name": "hokusai-mlflow"}
BALANCER = {"arn_suffix": LOAD_BALANCER, "target_groups": {}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "s"}, "environment must be lower-case letters, digits and hyphens, 2 to 20 characters"),
        ({"log_retention_days": 0}, "log_retention_days is 0: CloudWatch accepts"),
        ({"key_deletion_window_days": 1}, "key_deletion_window_days is 1: KMS accepts whole days from 7 to 30"),
        ({"log_groups": {"a": {"name": "/ecs/a b"}}}, 'names that CloudWatch does not accept: "a" (/ecs/a b)'),
        ({"log_groups": {"a": {"name": "aws/ecs"}}}, 'names that CloudWatch does not accept: "a" (aws/ecs)'),
        ({"log_groups": {"a": {"name": "/x"}, "b": {"name": "/x"}}}, "one name under several keys: /x (a, b)"),
        ({"notification_emails": ["platform"]}, 'what is no mail address: "platform"'),
        ({"services": {"database": SERVICE}}, '"database" is taken by the alarms of RDS'),
        ({"services": {"ML Flow": SERVICE}}, 'cannot be part of an alarm\'s name: "ML Flow"'),
        ({"services": {"mlflow": {**SERVICE, "cpu_percent": 120}}}, 'change "mlflow" (CPU 120, memory 85)'),
        ({"services": {"mlflow": {**SERVICE, "memory_percent": 0}}}, 'change "mlflow" (CPU 85, memory 0)'),
        ({"services": {"mlflow": {**SERVICE, "minimum_tasks": -1}}}, "minimum_tasks must be a whole number, 0 or more"),
        ({"load_balancers": {"edge": {**BALANCER, "error_percent": 100}}}, 'change it in "edge" (100)'),
        (
            {"database": {"identifier": "x", "allocated_storage_gib": 0}},
            "allocated_storage_gib must be more than 0 GiB",
        ),
        (
            {"database": {"identifier": "x", "allocated_storage_gib": 20, "max_connections": 1}},
            "max_connections at least 5",
        ),
    ],
)
def test_it_refuses(refuse: Refusal, change: dict[str, Any], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
