"""What each environment consists of: counts by type and the values that matter, as data beside the test."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.environment import environment_names
from infra.terraform.plan_json import Plan, Resource

FOLDER = Path(__file__).parent / "inventory"
REGENERATE = "REGENERATE_INVENTORY=1 .venv/bin/pytest -n0 tests/environments/test_inventory.py"

# Type -> attributes worth a line in a review when they change.
VALUES = {
    "aws_appautoscaling_target": ("min_capacity", "max_capacity"),
    "aws_cloudwatch_log_group": ("name", "retention_in_days"),
    "aws_db_instance": ("identifier", "engine_version", "instance_class", "allocated_storage", "multi_az"),
    "aws_ecs_service": ("name", "enable_execute_command", "platform_version"),
    "aws_ecs_task_definition": ("family", "cpu", "memory"),
    "aws_lb": ("name", "idle_timeout", "internal"),
    "aws_lb_listener": ("port", "protocol", "ssl_policy"),
    "aws_lb_listener_rule": ("priority",),
    "aws_lb_target_group": ("name", "port", "protocol", "target_type"),
    "aws_s3_bucket": ("bucket", "force_destroy"),
    "aws_service_discovery_service": ("name",),
    "aws_vpc": ("cidr_block",),
    "aws_vpc_endpoint": ("service_name", "vpc_endpoint_type"),
}


def value_of(resource: Resource, attribute: str) -> Any:
    return "(known after apply)" if resource.unknown.get(attribute) is True else resource[attribute]


def inventory_of(plan: Plan) -> dict[str, Any]:
    values = {
        resource.address: {attribute: value_of(resource, attribute) for attribute in VALUES[resource.type]}
        for resource in plan.resources.values()
        if resource.type in VALUES
    }
    outputs = {name: value for name, value in plan.outputs.items() if name != "listener_rules"}
    counts = Counter(resource.type for resource in plan.resources.values())
    # Through JSON: the same types as what is read back from the file.
    whole = {"resources": dict(sorted(counts.items())), "values": dict(sorted(values.items())), "outputs": outputs}
    return dict(json.loads(json.dumps(whole)))


@pytest.mark.parametrize("environment", environment_names())
def test_inventory(plans: dict[str, Plan], environment: str) -> None:
    found = inventory_of(plans[environment])
    path = FOLDER / f"{environment}.yaml"
    if os.environ.get("REGENERATE_INVENTORY") == "1":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(f"# Written by: {REGENERATE}\n" + yaml.safe_dump(found, sort_keys=True, width=120))
    expected = yaml.safe_load(path.read_text()) if path.exists() else None
    assert found == expected, f"{path.name} differs from the plan. If that is wanted: {REGENERATE}"
