"""What can be done after a plan that could not be done before."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.policies.iam.evaluation import decide
from infra.review.access import access_of
from infra.review.grants import SOURCES
from infra.review.model import AccessChange
from tests.review.documents import allow, document, entry, policy


def _role_policy(before: str | None, after: str | None, name: str = "p", **more: Any) -> dict[str, Any]:
    old, new = (None if each is None else {"role": "r", "policy": each} for each in (before, after))
    return entry(f"aws_iam_role_policy.{name}", old, new, **more)


def _said(*entries: dict[str, Any], **more: Any) -> list[tuple[str, bool, str, tuple[str, ...], tuple[str, ...]]]:
    changes, unknown = access_of(document(*entries, **more))
    assert not unknown
    return [_row(each) for each in changes]


def _row(each: AccessChange) -> tuple[str, bool, str, tuple[str, ...], tuple[str, ...]]:
    return each.change, each.widens, each.grant.principal, each.grant.actions, each.grant.resources


def test_an_action_more() -> None:
    assert _said(_role_policy(policy(allow(["a:b"], "x")), policy(allow(["a:b", "a:c"], "x")))) == [
        ("added", True, "role r", ("a:c",), ("x",))
    ]


def test_a_resource_less() -> None:
    assert _said(_role_policy(policy(allow("a:b", ["x", "y"])), policy(allow("a:b", "x")))) == [
        ("removed", False, "role r", ("a:b",), ("y",))
    ]


def test_a_statement_that_moves_to_another_policy_of_the_role_is_no_change() -> None:
    one, two = policy(allow("a:b")), policy(allow("c:d"))
    both = policy(allow("a:b"), allow("c:d"))
    assert _said(_role_policy(both, one, "p"), _role_policy(None, two, "q")) == []


def test_what_a_wildcard_already_allowed_is_nothing_new() -> None:
    wide = policy(allow("s3:*", "arn:aws:s3:::b/*"))
    assert (
        _said(_role_policy(wide, wide, "p"), _role_policy(None, policy(allow("S3:GetObject", "arn:aws:s3:::b/k")), "q"))
        == []
    )
    # The reverse is: what only the wildcard allowed goes.
    assert [row[0] for row in _said(_role_policy(wide, policy(allow("s3:GetObject", "arn:aws:s3:::b/k"))))] == [
        "removed"
    ]


def test_a_condition_that_goes_widens() -> None:
    bound = policy(allow("a:b", Condition={"StringEquals": {"aws:SourceAccount": "1"}}))
    assert [row[:2] for row in _said(_role_policy(bound, policy(allow("a:b"))))] == [("added", True)]
    assert [row[:2] for row in _said(_role_policy(policy(allow("a:b")), bound))] == [("removed", False)]


def test_a_denial_that_goes_widens() -> None:
    deny = policy({"Effect": "Deny", "Action": "a:b", "Resource": "*"})
    assert [row[:2] for row in _said(_role_policy(deny, None))] == [("removed", True)]
    assert [row[:2] for row in _said(_role_policy(None, deny))] == [("added", False)]


def test_not_action_and_not_resource_are_said_as_such() -> None:
    text = policy({"Effect": "Allow", "NotAction": "iam:*", "NotResource": ["x", "y"]})
    assert _said(_role_policy(None, text)) == [("added", True, "role r", ("not iam:*",), ("not x", "not y"))]


def test_a_forgotten_grant_stays() -> None:
    assert _said(_role_policy(policy(allow("a:b")), None, actions=["forget"])) == []


def test_trust() -> None:
    def trust(principal: object) -> str:
        return policy({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal})

    change = entry(
        "aws_iam_role.r",
        {"name": "r", "assume_role_policy": trust({"Service": "ecs-tasks.amazonaws.com"})},
        {"name": "r", "assume_role_policy": trust({"Service": "ecs-tasks.amazonaws.com", "AWS": ["*"]})},
    )
    assert _said(change) == [("added", True, "*", ("sts:AssumeRole",), ("role r",))]


def test_a_boundary_that_goes_widens() -> None:
    values = {"name": "r", "assume_role_policy": policy()}
    change = entry(
        "aws_iam_role.r", values | {"permissions_boundary": "arn:b"}, values | {"permissions_boundary": None}
    )
    assert _said(change) == [("removed", True, "role r", ("all outside boundary arn:b",), ("*",))]


def test_a_public_access_block_that_is_switched_off_widens() -> None:
    change = entry(
        "aws_s3_bucket_public_access_block.b",
        {"bucket": "b", "block_public_policy": True},
        {"bucket": "b", "block_public_policy": False},
    )
    assert _said(change) == [("removed", True, "the public", ("what block_public_policy stops",), ("bucket b",))]


@pytest.mark.parametrize(
    ("kind", "values", "resource"),
    [
        ("aws_kms_key", {"description": "k"}, "key k"),
        ("aws_s3_bucket_policy", {"bucket": "b"}, "bucket b"),
        ("aws_sns_topic_policy", {"arn": "arn:t"}, "topic arn:t"),
        ("aws_ecr_repository_policy", {"repository": "e"}, "repository e"),
        ("aws_sqs_queue_policy", {"queue_url": "q"}, "queue q"),
        ("aws_secretsmanager_secret_policy", {"secret_arn": "s"}, "secret s"),
    ],
)
def test_resource_policies_name_their_resource(kind: str, values: dict[str, str], resource: str) -> None:
    text = policy({"Effect": "Allow", "Action": "a:b", "Resource": "*", "Principal": {"AWS": ["1", "2"]}})
    assert _said(entry(f"{kind}.x", None, values | {"policy": text})) == [
        ("added", True, who, ("a:b",), (resource,)) for who in ("1", "2")
    ]


def _rule(direction: str, **values: Any) -> dict[str, Any]:
    base = {"ip_protocol": "tcp", "from_port": 443, "to_port": 443, "security_group_id": "sg-1"}
    return entry(f"aws_vpc_security_group_{direction}_rule.x", None, base | values)


def test_security_group_rules() -> None:
    assert _said(_rule("ingress", cidr_ipv4="0.0.0.0/0")) == [
        ("added", True, "0.0.0.0/0", ("connect by tcp 443",), ("security group sg-1",))
    ]
    assert _said(_rule("egress", referenced_security_group_id="sg-2", ip_protocol="-1")) == [
        ("added", True, "security group sg-1", ("connect out by all traffic",), ("security group sg-2",))
    ]


def test_ends_that_do_not_exist_yet_are_named_by_their_tags() -> None:
    change = _rule("ingress", security_group_id=None, tags={"From": "gateway", "To": "mlflow"})
    change["change"]["after_unknown"] = {"security_group_id": True, "referenced_security_group_id": True}
    ends = ("security group tagged gateway", ("connect by tcp 443",), ("security group tagged mlflow",))
    assert _said(change) == [("added", True, *ends)]


def test_the_ends_of_a_rule_for_what_goes_out() -> None:
    change = _rule("egress", security_group_id=None, tags={"From": "gateway", "To": "mlflow"})
    ends = ("security group tagged gateway", ("connect out by tcp 443",), ("security group tagged mlflow",))
    assert _said(change) == [("added", True, *ends)]


def test_a_source_that_is_unknown_is_named() -> None:
    change = _rule("ingress")
    change["change"]["after_unknown"] = {"cidr_ipv4": True}
    _, unknown = access_of(document(change))
    assert [(each.address, each.attribute) for each in unknown] == [(change["address"], "cidr_ipv4")]


def test_rules_inside_a_security_group() -> None:
    block = {"protocol": "tcp", "from_port": 22, "to_port": 23, "cidr_blocks": ["10.0.0.0/8"], "self": True}
    configuration = {"root_module": {"resources": [
        {"address": "aws_security_group.x", "expressions": {"ingress": {}}}]}}  # fmt: skip
    change = entry("aws_security_group.x", {"id": "sg-1", "ingress": []}, {"id": "sg-1", "ingress": [block]})
    assert {row[2] for row in _said(change, configuration=configuration)} == {"10.0.0.0/8", "security group sg-1"}


def test_what_only_mirrors_other_resources_does_not_count() -> None:
    inline = [{"name": "p", "policy": policy(allow("a:b"))}]
    role = {"name": "r", "assume_role_policy": policy(), "inline_policy": inline}
    configuration = {"root_module": {"resources": [{"address": "aws_iam_role.r", "expressions": {"name": {}}}]}}
    gone = _role_policy(policy(allow("a:b")), None)
    rows = _said(entry("aws_iam_role.r", role, role), gone, configuration=configuration)
    assert rows == [("removed", False, "role r", ("a:b",), ("*",))]


def test_every_source_names_attributes_that_decide() -> None:
    for kind, source in SOURCES.items():
        change = entry(f"{kind}.x", None, {}, after_unknown={name: [True] for name in source.decisive})
        _, unknown = access_of(document(change))
        assert [each.attribute for each in unknown] == list(source.decisive), kind


ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "kms:Decrypt", "*", "s3:Get*"]
RESOURCES = ["arn:a", "arn:b", "arn:*", "*"]
allowances = st.lists(
    st.tuples(st.sets(st.sampled_from(ACTIONS), min_size=1), st.sets(st.sampled_from(RESOURCES), min_size=1)),
    max_size=3,
)


@given(allowances, allowances)
@settings(max_examples=200, deadline=None)
def test_against_an_iam_evaluator(before: list[Any], after: list[Any]) -> None:
    """What the evaluator newly allows lies in an added grant, and nothing is added that says nothing new."""
    old, new = (policy(*(allow(sorted(a), sorted(r)) for a, r in each)) for each in (before, after))
    changes, _ = access_of(document(_role_policy(old, new)))
    added = [
        {"Statement": [allow(list(e.grant.actions), list(e.grant.resources))]} for e in changes if e.change == "added"
    ]
    for action in ("s3:GetObject", "s3:PutObject", "kms:Decrypt", "sns:Publish"):
        for resource in ("arn:a", "arn:b", "arn:c", "other"):
            had, has = (decide([json.loads(each)], action, resource) == "allowed" for each in (old, new))
            if has and not had:
                assert decide(added, action, resource) == "allowed"
    if old == new:
        assert not changes
