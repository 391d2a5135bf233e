"""What was being made when Terraform died is found under its name or by its tags, or said to be unclear."""

from types import MappingProxyType
from typing import Any

import pytest

from infra.release.drift.seen import Seen
from infra.release.recovery.begun_objects import Lookup, Tagged, find
from tests.release.recovery.test_replay import address

TAGS = {"Project": "hokusai", "Name": "a"}
NAMES = {"account": "123456789012", "partition": "aws", "region": "us-east-1"}


def lookup(*parts: Seen, ec2: Tagged = MappingProxyType({}), **kinds: Tagged) -> Lookup:
    return Lookup(NAMES, lambda: ec2, lambda kind: kinds.get(kind.replace(":", "_"), {}), lambda _: parts)


def planned(kind: str, values: dict[str, Any], *actions: str) -> dict[str, Any]:
    return {
        "resource_changes": [{"address": f"{kind}.x", "change": {"actions": actions or ["create"], "after": values}}]
    }


def found(
    kind: str, values: dict[str, Any], asked: Lookup, known: set[str] | None = None
) -> tuple[list[str], list[str]]:
    there, unclear = find([address(f"{kind}.x")], planned(kind, values), known or set(), asked)
    return [identity.value for identity in there.values()], unclear


def part(kind: str, import_id: str, where: str, *natural: str) -> Seen:
    return Seen(kind, import_id, where, (where,), "is a part", natural)


@pytest.mark.parametrize(
    ("kind", "values", "identity"),
    [
        ("aws_ssm_parameter", {"name": "/a"}, ["/a"]),
        ("aws_iam_role_policy", {"role": "r", "name": "p"}, ["r:p"]),
        ("aws_iam_role_policy", {"name": "p"}, []),
        ("aws_sns_topic", {"name": "t"}, ["arn:aws:sns:us-east-1:123456789012:t"]),
        ("aws_s3_bucket", {"bucket": "b"}, ["b"]),
    ],
)
def test_by_name(kind: str, values: dict[str, Any], identity: list[str]) -> None:
    assert found(kind, values, lookup()) == (identity, [])


def test_what_is_known_already_is_not_found_again() -> None:
    assert found("aws_ssm_parameter", {"name": "/a"}, lookup(), {"/a"}) == ([], [])


def test_by_tags() -> None:
    groups = {"sg-1": TAGS, "sg-2": {**TAGS, "Name": "b"}, "sg-3": {}, "sgr-1": TAGS, "vpc-1": TAGS}
    asked = lookup(ec2=groups)
    assert found("aws_security_group", {"tags_all": TAGS}, asked) == (["sg-1"], [])
    assert found("aws_security_group", {"tags_all": TAGS}, asked, {"sg-1"}) == ([], [])
    assert found("aws_security_group", {"tags_all": {}}, asked) == ([], []), "no tags, no proof"
    twice = lookup(ec2={"sg-1": TAGS, "sg-2": TAGS})
    assert found("aws_security_group", {"tags_all": TAGS}, twice) == ([], ["aws_security_group.x (one of sg-1, sg-2)"])


def test_by_arn() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1-2"
    assert found("aws_kms_key", {"tags_all": TAGS}, lookup(kms_key={key: TAGS})) == (["1-2"], [])
    balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/1"
    there = lookup(elasticloadbalancing_loadbalancer={balancer: TAGS})
    assert found("aws_lb", {"tags_all": TAGS}, there) == ([balancer], [])


@pytest.mark.parametrize(
    ("values", "seen", "identity"),
    [
        (
            {"listener_arn": "l", "priority": 200},
            part("aws_lb_listener_rule", "rule", "rule", "l", "200"),
            "rule",
        ),
        ({"name": "mlflow"}, part("aws_ecs_service", "c/mlflow", "arn:service", "mlflow"), "arn:service"),
        ({"name": "n"}, part("aws_service_discovery_private_dns_namespace", "ns-1:vpc-1", "arn:ns", "n"), "ns-1"),
        ({"name": "edge"}, part("aws_wafv2_web_acl", "id-1/edge/REGIONAL", "arn:acl", "edge"), "id-1"),
        (
            {"route_table_id": "rtb-1", "destination_cidr_block": "0.0.0.0/0"},
            part("aws_route", "rtb-1_0.0.0.0/0", "rtb-1_0.0.0.0/0", "rtb-1", "0.0.0.0/0"),
            "r-rtb-11080289494",
        ),
    ],
)
def test_as_a_part_of_something(values: dict[str, Any], seen: Seen, identity: str) -> None:
    other = part(seen.type, "other", "other", *(f"not {each}" for each in seen.natural))
    assert found(seen.type, values, lookup(other, seen)) == ([identity], [])
    assert found(seen.type, values, lookup(other)) == ([], []), "it is not there"
    assert found(seen.type, values, lookup(other, seen), {identity}) == ([], []), "it is known"
    assert found(seen.type, {"name": None}, lookup(other, seen)) == ([], []), "what it is a part of is not known yet"


def test_several_parts_fit() -> None:
    rules = [
        part("aws_vpc_security_group_ingress_rule", f"sgr-{n}", f"sgr-{n}", "sg", "tcp 1-1", "10.0.0.0/8") for n in "12"
    ]
    values = {"security_group_id": "sg", "ip_protocol": "tcp", "from_port": 1, "to_port": 1, "cidr_ipv4": "10.0.0.0/8"}
    kind = "aws_vpc_security_group_ingress_rule"
    assert found(kind, values, lookup(*rules)) == ([], [f"{kind}.x (one of sgr-1, sgr-2)"])


def test_what_cannot_be_looked_for_is_said() -> None:
    assert found("aws_something_new", {"name": "a"}, lookup()) == ([], ["aws_something_new.x"])
    assert found("aws_s3_bucket_versioning", {"bucket": "b"}, lookup()) == ([], []), "setting it again does no harm"


def test_what_is_not_planned_any_more_is_not_looked_for() -> None:
    begun = [address("aws_ssm_parameter.x")]
    assert find(begun, {}, set(), lookup()) == ({}, [])
    assert find(begun, planned("aws_ssm_parameter", {"name": "/a"}, "update"), set(), lookup()) == ({}, [])
