"""Production is stricter than development wherever they differ, and staging stands between them."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from infra.terraform.plan_json import Plan


def _variable(plan: Plan, *path: str) -> Any:
    value: Any = plan.document["variables"][path[0]]["value"]
    for key in path[1:]:
        value = value[key]
    return value


def _smallest(plan: Plan, kind: str, attribute: str) -> int:
    return min(int(each[attribute]) for each in plan.of_type(kind))


def _nat(plan: Plan) -> int:
    """2: no way to the internet at all, 1: through NAT."""
    return 1 if plan.of_type("aws_nat_gateway") else 2


def _on_demand(plan: Plan) -> int:
    return 0 if any("FARGATE_SPOT" in json.dumps(dict(each.values)) for each in plan.of_type("aws_ecs_service")) else 1


# What is compared: the larger number is the stricter one.
MEASURES: dict[str, Callable[[Plan], int]] = {
    "deletion protection of buckets": lambda plan: (
        -sum(each["force_destroy"] for each in plan.of_type("aws_s3_bucket"))
    ),
    "deletion protection of load balancers": lambda plan: int(
        all(each["enable_deletion_protection"] for each in plan.of_type("aws_lb"))
    ),
    "deletion protection of the database": lambda plan: int(plan.of_type("aws_db_instance")[0]["deletion_protection"]),
    "backups of the database, days": lambda plan: _smallest(plan, "aws_db_instance", "backup_retention_period"),
    "standby of the database": lambda plan: int(plan.of_type("aws_db_instance")[0]["multi_az"]),
    "final snapshot": lambda plan: -int(plan.of_type("aws_db_instance")[0]["skip_final_snapshot"]),
    "log retention, days": lambda plan: _smallest(plan, "aws_cloudwatch_log_group", "retention_in_days"),
    "shells into tasks": lambda plan: (
        -sum(bool(each["enable_execute_command"]) for each in plan.of_type("aws_ecs_service"))
    ),
    "availability zones": lambda plan: len({each["availability_zone"] for each in plan.of_type("aws_subnet")}),
    "tasks of a service at least": lambda plan: _smallest(plan, "aws_appautoscaling_target", "min_capacity"),
    "way out to the internet": _nat,
    "tasks that AWS may take back": _on_demand,
    "roles with the boundary": lambda plan: int(
        all(each.values.get("permissions_boundary") for each in plan.of_type("aws_iam_role"))
    ),
    "load balancers apart": lambda plan: len(plan.of_type("aws_lb")),
}


@pytest.mark.parametrize("measure", sorted(MEASURES))
def test_production_is_the_strictest(plans: dict[str, Plan], measure: str) -> None:
    development, staging, production = (
        MEASURES[measure](plans[name]) for name in ("development", "staging", "production")
    )
    assert development <= staging <= production, f"{measure}: {development}, {staging}, {production}"


def test_wherever_the_variables_differ_somebody_looked(plans: dict[str, Plan]) -> None:
    """A new difference between the environments needs a measure above, or a place in this list."""
    sizes_only = {
        "account_id",
        "environment",
        "domain",
        "images",
        "network",
        "sizes",
        "database",
        "edge",
        "capacity_providers",
    }
    measured = {"deletion_protection", "log_retention_days", "access_log_retention_days", "allow_spot", "exec_enabled"}
    described = {"container_insights", "alarm_emails"}
    variables = plans["production"].document["variables"]
    differing = {
        name
        for name in variables
        if len({json.dumps(_variable(plan, name), sort_keys=True) for plan in plans.values()}) > 1
    }
    assert differing <= sizes_only | measured | described, differing - sizes_only - measured - described
