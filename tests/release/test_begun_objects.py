"""What was being made when Terraform died is found under its name or by its tags, or said to be unclear."""

from typing import Any

import pytest

from infra.release.begun_objects import Lookup, find
from tests.release.test_replay import address

TAGS = {"Project": "hokusai", "Name": "a"}
NAMES = {"account": "123456789012", "partition": "aws", "region": "us-east-1"}


def lookup(**kinds: dict[str, dict[str, str]]) -> Lookup:
    def there(kind: str) -> dict[str, dict[str, str]]:
        return kinds.get(kind.replace("-", "_").replace(":", "_"), {})

    return Lookup(NAMES, there, there)


def found(
    kind: str, values: dict[str, Any], asked: Lookup, known: set[str] | None = None
) -> tuple[list[str], list[str]]:
    there, unclear = find([address(f"{kind}.x")], {f"{kind}.x": values}, known or set(), asked)
    return [identity.value for identity in there.values()], unclear


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
    groups = {"sg-1": TAGS, "sg-2": {**TAGS, "Name": "b"}, "sg-3": {}}
    asked = lookup(security_group=groups)
    assert found("aws_security_group", {"tags_all": TAGS}, asked) == (["sg-1"], [])
    assert found("aws_security_group", {"tags_all": TAGS}, asked, {"sg-1"}) == ([], [])
    assert found("aws_security_group", {"tags_all": {}}, asked) == ([], []), "no tags, no proof"
    twice = lookup(security_group={"sg-1": TAGS, "sg-2": TAGS})
    assert found("aws_security_group", {"tags_all": TAGS}, twice) == ([], ["aws_security_group.x (one of sg-1, sg-2)"])


def test_by_arn() -> None:
    key = "arn:aws:kms:us-east-1:123456789012:key/1-2"
    assert found("aws_kms_key", {"tags_all": TAGS}, lookup(kms_key={key: TAGS})) == (["1-2"], [])
    balancer = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/a/1"
    there = lookup(elasticloadbalancing_loadbalancer={balancer: TAGS})
    assert found("aws_lb", {"tags_all": TAGS}, there) == ([balancer], [])


def test_what_cannot_be_looked_for_is_said() -> None:
    assert found("aws_something_new", {"name": "a"}, lookup()) == ([], ["aws_something_new.x"])
    assert found("aws_s3_bucket_versioning", {"bucket": "b"}, lookup()) == ([], []), "setting it again does no harm"


def test_what_is_not_planned_any_more_is_not_looked_for() -> None:
    assert find([address("aws_ssm_parameter.x")], {}, set(), lookup()) == ({}, [])
