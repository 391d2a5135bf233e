"""Plans of a few resources, as far as documents look at them."""

from collections.abc import Mapping
from typing import Any

from infra.terraform.plan_json import Plan

_RULE = "aws_vpc_security_group_ingress_rule"


def connection(source: str, target: str, port: int) -> dict[str, Any]:
    tags = {"From": source, "To": target}
    return resource(_RULE, "this", f"{source}-{target}", tags=tags, from_port=port, description="for a test")


def resource(kind: str, label: str, key: str | None = None, of: str = "", /, **values: Any) -> dict[str, Any]:
    """A resource: its type, label, key of for_each and module; then what is planned for it."""
    address = f"{of + '.' if of else ''}{kind}.{label}" + (f'["{key}"]' if key else "")
    return {"address": address, "module": of, "type": kind, "name": label, "index": key, "values": values}


def plan(*resources: dict[str, Any], rules: Mapping[str, Any] | None = None) -> Plan:
    """A plan of a small environment with these besides its network."""
    whole = [
        resource("aws_vpc", "this", cidr_block="10.0.0.0/16"),
        resource("aws_subnet", "public", "a", cidr_block="10.0.0.0/24"),
        resource("aws_subnet", "private", "a", cidr_block="10.0.16.0/20"),
        *resources,
    ]
    return Plan(
        {
            "format_version": "1.2",
            "variables": {"environment": {"value": "small"}},
            "resource_changes": [
                {
                    **{key: each[key] for key in ("address", "type", "name", "index")},
                    "module_address": each["module"],
                    "mode": "managed",
                    "change": {"actions": ["create"], "after_unknown": {}},
                }
                for each in whole
            ],
            "planned_values": {
                "outputs": {"listener_rules": {"value": rules or {}}},
                "root_module": {
                    "resources": [{"address": each["address"], "values": each["values"]} for each in whole]
                },
            },
        }
    )


def scaled(name: str, least: int, most: int) -> dict[str, Any]:
    group = f"service/hokusai-small/hokusai-{name}"
    return resource("aws_appautoscaling_target", name, resource_id=group, min_capacity=least, max_capacity=most)
