"""network: private by default, S3 without NAT and only to own buckets, the way out a choice, logs that arrive."""

from typing import Any

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "network"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1d6f0f3c-6a2f-4b8e-9d35-7c1f6f0a2b11"
BOUNDARY = f"arn:aws:iam::{ACCOUNT_ID}:policy/hokusai-boundary-staging"
ZONES = {
    "a": {"public_cidr": "10.20.0.0/24", "private_cidr": "10.20.16.0/20"},
    "b": {"public_cidr": "10.20.1.0/24", "private_cidr": "10.20.32.0/20"},
    "c": {"public_cidr": "10.20.2.0/24", "private_cidr": "10.20.48.0/20"},
}
FARGATE_ENDPOINTS = ["ecr.api", "ecr.dkr", "kms", "logs", "ssm"]
INPUTS: dict[str, object] = {
    "environment": "staging",
    "cidr": "10.20.0.0/16",
    "zones": ZONES,
    "log_retention_days": 90,
    "log_kms_key_arn": KEY,
}


@pytest.fixture(scope="module")
def defaults(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def single_nat(plan: ModulePlans) -> Plan:
    inputs = {
        "nat": "single",
        "interface_endpoints": [],
        "permissions_boundary_arn": BOUNDARY,
        "tags": {"team": "core"},
    }
    return plan(MODULE, INPUTS | inputs)


@pytest.fixture(scope="module")
def no_nat(plan: ModulePlans) -> Plan:
    return plan(MODULE, {}, root="examples/without-nat")


def test_each_zone_has_a_public_and_a_private_subnet_without_public_addresses(defaults: Plan) -> None:
    for zone, cidrs in ZONES.items():
        for kind in ("public", "private"):
            subnet = defaults[f'aws_subnet.{kind}["{zone}"]']
            assert subnet["cidr_block"] == cidrs[f"{kind}_cidr"]
            assert subnet["availability_zone"] == f"{REGION}{zone}"
            assert subnet["map_public_ip_on_launch"] is False
    vpc = defaults["aws_vpc.this"]
    assert vpc["cidr_block"] == defaults.outputs["vpc_cidr"] == "10.20.0.0/16"
    assert vpc["enable_dns_hostnames"] is True
    assert vpc["enable_dns_support"] is True


def test_the_vpcs_default_security_group_is_emptied(defaults: Plan) -> None:
    group = defaults["aws_default_security_group.this"]
    assert group["ingress"] == []
    assert group["egress"] == []


def test_security_groups_have_no_rules_of_their_own(defaults: Plan) -> None:
    [group] = defaults.of_type("aws_security_group")
    assert group["name"] == "hokusai-endpoints-staging"
    assert "ingress" not in group.values or group["ingress"] == []
    assert "egress" not in group.values or group["egress"] == []
    assert not [name for name in defaults.resources if "security_group_rule" in name or "_group_ingress_" in name]


def test_private_subnets_leave_through_a_nat_gateway_of_their_zone(defaults: Plan) -> None:
    assert {gateway.index for gateway in defaults.of_type("aws_nat_gateway")} == set(ZONES)
    assert {address.index for address in defaults.of_type("aws_eip")} == set(ZONES)
    routes = {route.address: route["destination_cidr_block"] for route in defaults.of_type("aws_route")}
    assert routes == {"aws_route.public_internet": "0.0.0.0/0"} | {
        f'aws_route.private_internet["{zone}"]': "0.0.0.0/0" for zone in ZONES
    }


def test_a_single_nat_gateway_serves_every_zone(single_nat: Plan) -> None:
    assert [gateway.index for gateway in single_nat.of_type("aws_nat_gateway")] == ["a"]
    assert {route.index for route in single_nat.of_type("aws_route") if route.name == "private_internet"} == set(ZONES)
    # Tables stay by zone, so that going to per_zone changes routes and nothing else.
    assert {table.index for table in single_nat.of_type("aws_route_table") if table.name == "private"} == set(ZONES)


def test_without_nat_there_is_no_way_out_but_the_endpoints(no_nat: Plan) -> None:
    assert no_nat.of_type("aws_nat_gateway") == []
    assert no_nat.of_type("aws_eip") == []
    assert [route.name for route in no_nat.of_type("aws_route")] == ["public_internet"]


def test_s3_is_reached_through_the_gateway_endpoint_and_only_own_buckets(defaults: Plan) -> None:
    endpoint = defaults["aws_vpc_endpoint.s3"]
    assert endpoint["vpc_endpoint_type"] == "Gateway"
    assert endpoint["service_name"] == f"com.amazonaws.{REGION}.s3"
    own, layers = endpoint.policy()["Statement"]
    assert own["Resource"] == ["arn:aws:s3:::hokusai-*-staging/*", "arn:aws:s3:::hokusai-*-staging"]
    assert own["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID, "aws:ResourceAccount": ACCOUNT_ID}}
    assert {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "s3:ListBucket"} <= set(own["Action"])
    assert not [action for action in own["Action"] if "*" in action or "Policy" in action or "Acl" in action]
    assert layers["Action"] == "s3:GetObject"
    assert layers["Resource"] == f"arn:aws:s3:::prod-{REGION}-starport-layer-bucket/*"


def test_interface_endpoints_answer_privately_under_the_services_names(defaults: Plan) -> None:
    endpoints = {
        endpoint.index: endpoint for endpoint in defaults.of_type("aws_vpc_endpoint") if endpoint.name == "interface"
    }
    assert set(endpoints) == set(FARGATE_ENDPOINTS)
    for service, endpoint in endpoints.items():
        assert endpoint["service_name"] == f"com.amazonaws.{REGION}.{service}"
        assert endpoint["vpc_endpoint_type"] == "Interface"
        assert endpoint["private_dns_enabled"] is True
        [statement] = endpoint.policy()["Statement"]
        assert statement["Effect"] == "Allow"
        assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ACCOUNT_ID}}


def test_without_interface_endpoints_there_is_no_group_for_them(single_nat: Plan) -> None:
    assert single_nat.of_type("aws_security_group") == []
    assert single_nat.outputs.get("endpoint_security_group_id") is None
    assert [endpoint.name for endpoint in single_nat.of_type("aws_vpc_endpoint")] == ["s3"]


def test_all_traffic_is_logged_encrypted_and_for_as_long_as_asked(defaults: Plan) -> None:
    assert defaults["aws_flow_log.this"]["traffic_type"] == "ALL"
    group = defaults["aws_cloudwatch_log_group.flow_logs"]
    assert group["name"] == "/vpc/hokusai/flow-logs/staging"
    assert group["retention_in_days"] == 90
    assert group["kms_key_id"] == KEY


def test_flow_logs_role_trusts_this_accounts_flow_logs_and_writes_one_group(defaults: Plan, single_nat: Plan) -> None:
    role = defaults["aws_iam_role.flow_logs"]
    assert role["name"] == "hokusai-flow-logs-staging"
    assert role.values.get("permissions_boundary") is None
    assert single_nat["aws_iam_role.flow_logs"]["permissions_boundary"] == BOUNDARY
    [trust] = role.policy("assume_role_policy")["Statement"]
    assert trust["Principal"] == {"Service": "vpc-flow-logs.amazonaws.com"}
    assert trust["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT_ID},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT_ID}:vpc-flow-log/*"},
    }
    write, find = defaults["aws_iam_role_policy.flow_logs"].policy()["Statement"]
    group = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/vpc/hokusai/flow-logs/staging"
    assert sorted(write["Resource"]) == [group, f"{group}:*"]
    assert sorted(write["Action"]) == ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    assert find["Action"] == "logs:DescribeLogGroups"
    assert find["Resource"] == f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:*"


def test_tags_reach_every_resource_that_takes_them(single_nat: Plan) -> None:
    tagged = [resource for resource in single_nat.resources.values() if "tags" in resource.values]
    assert len(tagged) == 19
    assert [resource.address for resource in tagged if (resource["tags"] or {}).get("team") != "core"] == []


def test_example(plan: ModulePlans) -> None:
    example = plan(MODULE, {}, root="examples/basic")
    assert example['module.network.aws_nat_gateway.this["a"]'].actions == ("create",)


def zones(**changes: dict[str, str]) -> dict[str, Any]:
    return {"zones": {zone: cidrs | changes.get(zone, {}) for zone, cidrs in ZONES.items()}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "Staging"}, "environment must be lower-case letters, digits and hyphens, 2 to 20 characters"),
        ({"cidr": "10.20.0.1/16"}, 'cidr is "10.20.0.1/16": it must be an IPv4 network address'),
        ({"cidr": "10.0.0.0/8"}, 'cidr is "10.0.0.0/8": AWS accepts /16 to /28 for a VPC'),
        ({"cidr": "10.21.0.0/16"}, "zones: a.private_cidr (10.20.16.0/20) lies outside cidr (10.21.0.0/16)"),
        (
            zones(b={"private_cidr": "10.0.0.0/15"}),
            'zones: b.private_cidr is "10.0.0.0/15", which is no IPv4 network of /16',
        ),
        (
            zones(b={"private_cidr": "10.20.33.0/20"}),
            'zones: b.private_cidr is "10.20.33.0/20", which is no IPv4 network',
        ),
        (
            zones(b={"private_cidr": "10.21.0.0/20"}),
            "zones: b.private_cidr (10.21.0.0/20) lies outside cidr (10.20.0.0/16)",
        ),
        (
            zones(c={"public_cidr": "10.20.40.0/24"}),
            "zones: b.private_cidr (10.20.32.0/20) and c.public_cidr (10.20.40.0/24) overlap",
        ),
        (
            zones(c={"public_cidr": "10.20.0.0/24"}),
            "zones: a.public_cidr (10.20.0.0/24) and c.public_cidr (10.20.0.0/24) overlap",
        ),
        ({"zones": {"a": ZONES["a"]}}, 'zones has the keys "a": give at least two zones'),
        ({"zones": {f"{REGION}{zone}": cidrs for zone, cidrs in ZONES.items()}}, "each by its letter alone"),
        ({"nat": "some"}, 'nat is "some": it must be "none", "single" or "per_zone"'),
        (
            {"nat": "none", "interface_endpoints": ["ecr.api", "kms", "logs"]},
            'interface_endpoints lacks ecr.dkr, ssm: with nat = "none"',
        ),
        ({"interface_endpoints": [f"com.amazonaws.{REGION}.kms"]}, "use the service's short name"),
        (
            {"interface_endpoints": ["s3"]},
            'interface_endpoints has "s3": this module always makes the gateway endpoint',
        ),
        ({"log_retention_days": 100}, "log_retention_days is 100: CloudWatch Logs accepts"),
        ({"log_kms_key_arn": "alias/hokusai-logs-staging"}, "log_kms_key_arn must be the ARN of a KMS key"),
    ],
)
def test_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
