"""connections: every rule from one table, by reference, one rule a resource, nothing open by accident."""

from collections.abc import Mapping

import pytest

from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

MODULE = "connections"
GROUPS = {"edge": "sg-edge", "gateway": "sg-gateway", "mlflow": "sg-mlflow"}
INPUTS: dict[str, object] = {
    "environment": "staging",
    "security_group_ids": GROUPS,
    "cidr_sets": {"internet": ["0.0.0.0/0", "::/0"], "office": ["198.51.100.0/24", "203.0.113.0/24"]},
    "prefix_lists": {"s3": "pl-63a5400a"},
    "tags": {"team": "core"},
}
TABLE: dict[str, dict[str, object]] = {
    "clients": {"from": "internet", "to": "edge", "port": 443, "description": "Clients"},
    "edge-to-gateway": {"from": "edge", "to": "gateway", "port": 8001, "description": "Requests (all of them)"},
    "gateway-dns": {"from": "gateway", "to": "office", "port": 53, "protocol": "udp", "description": "Names"},
    "gateway-dns-tcp": {"from": "gateway", "to": "office", "port": 53, "description": "Long names"},
    "mlflow-to-s3": {"from": "mlflow", "to": "s3", "port": 443, "description": "Artifacts"},
    "mlflow-to-itself": {"from": "mlflow", "to": "mlflow", "port": 7946, "description": "Between tasks"},
}
INGRESS, EGRESS = "aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule"
PEERS = ("referenced_security_group_id", "cidr_ipv4", "cidr_ipv6", "prefix_list_id")


def rules(plan: Plan, kind: str) -> dict[str, tuple[str, dict[str, str]]]:
    """Key of the rule -> its group, and the one peer that it names."""
    return {
        str(rule.index): (
            rule["security_group_id"],
            {peer: rule.values[peer] for peer in PEERS if rule.values.get(peer) is not None},
        )
        for rule in plan.of_type(kind)
    }


@pytest.fixture(scope="module")
def planned(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS | {"connections": TABLE})


def test_what_goes_out_of_a_group_is_exactly_the_table(planned: Plan) -> None:
    assert rules(planned, EGRESS) == {
        "edge-to-gateway": ("sg-edge", {"referenced_security_group_id": "sg-gateway"}),
        "gateway-dns/198.51.100.0/24": ("sg-gateway", {"cidr_ipv4": "198.51.100.0/24"}),
        "gateway-dns/203.0.113.0/24": ("sg-gateway", {"cidr_ipv4": "203.0.113.0/24"}),
        "gateway-dns-tcp/198.51.100.0/24": ("sg-gateway", {"cidr_ipv4": "198.51.100.0/24"}),
        "gateway-dns-tcp/203.0.113.0/24": ("sg-gateway", {"cidr_ipv4": "203.0.113.0/24"}),
        "mlflow-to-itself": ("sg-mlflow", {"referenced_security_group_id": "sg-mlflow"}),
        "mlflow-to-s3": ("sg-mlflow", {"prefix_list_id": "pl-63a5400a"}),
    }


def test_what_comes_into_a_group_is_exactly_the_table(planned: Plan) -> None:
    assert rules(planned, INGRESS) == {
        "clients/0.0.0.0/0": ("sg-edge", {"cidr_ipv4": "0.0.0.0/0"}),
        "clients/::/0": ("sg-edge", {"cidr_ipv6": "::/0"}),
        "edge-to-gateway": ("sg-gateway", {"referenced_security_group_id": "sg-edge"}),
        "mlflow-to-itself": ("sg-mlflow", {"referenced_security_group_id": "sg-mlflow"}),
    }


def test_nothing_but_rules_is_made(planned: Plan) -> None:
    assert {resource.type for resource in planned.resources.values()} == {INGRESS, EGRESS}


def test_each_rule_opens_one_port_of_one_protocol_and_says_why(planned: Plan) -> None:
    for rule in planned.resources.values():
        connection = TABLE[str(rule.index).split("/")[0]]
        assert rule["from_port"] == rule["to_port"] == connection["port"]
        assert rule["ip_protocol"] == connection.get("protocol", "tcp")
        assert rule["description"] == connection["description"]
        ends = {"From": connection["from"], "To": connection["to"]}
        assert rule["tags"] == {"Name": f"hokusai-{rule.index}-staging", "team": "core", **ends}


def test_the_internet_may_be_called_on_any_port(plan: ModulePlans) -> None:
    out: Mapping[str, object] = {"from": "gateway", "to": "internet", "port": 8443, "description": "Auth service"}
    planned = plan(MODULE, INPUTS | {"connections": {"out": out}})
    assert set(rules(planned, EGRESS)) == {"out/0.0.0.0/0", "out/::/0"}
    assert rules(planned, INGRESS) == {}


def test_example_lets_only_the_gateway_reach_mlflow(plan: ModulePlans) -> None:
    example = plan(MODULE, {}, root="examples/basic")
    mlflow, gateway = "sg-0a1b2c3d4e5f60005", "sg-0a1b2c3d4e5f60004"
    reaching = {name: peer for name, (group, peer) in rules(example, INGRESS).items() if group == mlflow}
    assert reaching == {"gateway-to-mlflow": {"referenced_security_group_id": gateway}}


def one(**connection: object) -> dict[str, object]:
    return {"connections": {"it": {"from": "edge", "to": "gateway", "port": 8001, "description": "It"} | connection}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            one() | {"environment": "s"},
            "environment must be lower-case letters, digits and hyphens, 2 to 20 characters",
        ),
        (one(to="auth"), 'connections.it names "auth"; known are edge, gateway, internet, mlflow, office, s3'),
        (
            one(**{"from": "internet", "to": "s3", "port": 443}),
            'connections.it goes from "internet" to "s3", and neither',
        ),
        (one(port=0), "connections.it has port 0; give one whole port number from 1 to 65535"),
        (one(port=80.5), "connections.it has port 80.5; give one whole port"),
        (one(protocol="-1"), 'connections.it has protocol "-1"; it must be "tcp" or "udp"'),
        (one(description="the gateway's"), "connections.it has a description that AWS refuses"),
        (one(description=""), "connections.it has a description that AWS refuses"),
        (
            {"connections": {"one": TABLE["clients"], "two": TABLE["clients"] | {"description": "Again"}}},
            "connections one and two are the same (internet to edge, 443/tcp)",
        ),
        (
            one(**{"from": "internet", "to": "mlflow", "port": 5000}),
            'connections.it opens port 5000 of "mlflow" to the whole internet ("internet"): only 80 and 443 may be',
        ),
        (
            one(**{"from": "partners"}) | {"cidr_sets": {"partners": ["198.51.100.0/24", "0.0.0.0/0"]}},
            'connections.it opens port 8001 of "gateway" to the whole internet ("partners")',
        ),
        (
            one(**{"from": "partners"}) | {"cidr_sets": {"partners": ["::/0"]}},
            'connections.it opens port 8001 of "gateway" to the whole internet ("partners")',
        ),
        (one() | {"cidr_sets": {"edge": ["10.0.0.0/8"]}}, 'share the names "edge": a connection could mean either'),
        (one() | {"cidr_sets": {"office": ["10.0.0.1/8"]}}, 'cidr_sets: "10.0.0.1/8" in office is no network address'),
        (one() | {"cidr_sets": {"office": []}}, "cidr_sets: office is empty or names a range twice"),
    ],
)
def test_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
