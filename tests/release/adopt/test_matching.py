"""Pairs of what a plan would make and what exists."""

from typing import Any

import pytest

from infra.release.adopt.matching import adopted, matches, replaced
from infra.release.drift.seen import Seen
from infra.release.natural_key import natural_key


def entry(address: str, actions: list[str], after: dict[str, Any], **more: Any) -> dict[str, Any]:
    kind = address.rpartition(".")[0].rpartition(".")[2] or address.partition(".")[0]
    change = {"actions": actions, "before": None, "after": after, **more}
    return {"address": address, "type": kind, "mode": "managed", "change": change}


def seen(kind: str, import_id: str, *natural: str) -> Seen:
    return Seen(kind, import_id, import_id, (import_id,), "is there", natural)


@pytest.mark.parametrize(
    ("kind", "values", "key"),
    [
        ("aws_s3_bucket", {"bucket": "b"}, ("b",)),
        ("aws_lb_listener", {"load_balancer_arn": "arn", "port": 443}, ("arn", "443")),
        ("aws_lb_listener", {"port": 443}, ()),
        ("aws_kms_key", {"tags_all": {"Name": "hokusai-logs-staging"}}, ("alias/hokusai-logs-staging",)),
        ("aws_kms_key", {}, ()),
        (
            "aws_vpc_security_group_ingress_rule",
            {"security_group_id": "sg-1", "ip_protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_ipv4": "::/0"},
            ("sg-1", "tcp 443-443", "::/0"),
        ),
        ("aws_vpc_security_group_ingress_rule", {"ip_protocol": "tcp", "cidr_ipv4": "::/0"}, ()),
        ("aws_something_new", {"name": "x"}, ()),
    ],
)
def test_what_tells_an_object_apart(kind: str, values: dict[str, Any], key: tuple[str, ...]) -> None:
    assert natural_key(kind, values) == key


def test_only_what_would_be_made_is_paired() -> None:
    document = {
        "resource_changes": [
            entry("aws_s3_bucket.made", ["create"], {"bucket": "there"}),
            entry("aws_s3_bucket.other", ["create"], {"bucket": "elsewhere"}),
            entry("aws_s3_bucket.known", ["update"], {"bucket": "known"}),
            entry("aws_ecs_task_definition.x", ["create"], {"family": "there"}),
        ]
    }
    there = [seen("aws_s3_bucket", name, name) for name in ("there", "known")] + [seen("aws_lb", "there", "there")]
    found, unclear = matches(document, there)
    assert {address: each.import_id for address, each in found.items()} == {"aws_s3_bucket.made": "there"}
    assert unclear == []


def test_of_several_a_person_chooses() -> None:
    document = {"resource_changes": [entry("aws_vpc.this", ["create"], {"cidr_block": "10.0.0.0/16"})]}
    two = [seen("aws_vpc", name, "10.0.0.0/16") for name in ("vpc-2", "vpc-1")]
    assert matches(document, two) == ({}, ["aws_vpc.this (one of vpc-1, vpc-2)"])
    # The same one, listed twice.
    assert matches(document, [two[0], two[0]])[0]["aws_vpc.this"].import_id == "vpc-2"


def test_what_would_be_replaced_is_told_with_the_reason() -> None:
    document = {
        "resource_changes": [
            entry("aws_db_instance.this", ["delete", "create"], {}, replace_paths=[["kms_key_id"], ["db_name"]]),
            entry("aws_lb.this", ["update"], {"name": "x", "idle_timeout": 300}, importing={"id": "arn"}),
            entry("aws_lb.mine", ["delete", "create"], {}),
        ]
    }
    adoptions = {"aws_db_instance.this": "db", "aws_lb.this": "arn"}
    [refused] = replaced(document, adoptions)
    assert (refused.address, refused.import_id, refused.because) == (
        "aws_db_instance.this",
        "db",
        ("kms_key_id", "db_name"),
    )
    [taken] = adopted(document, {"aws_lb.this": "arn"})
    assert (taken.address, taken.import_id, taken.type) == ("aws_lb.this", "arn", "aws_lb")
