"""Documents inside attributes are compared as what they mean."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.model import REDACTED, DocumentChange
from infra.review.policy_diff import document_change
from tests.review.documents import allow, policy


def _compared(before: str | None, after: str | None, name: str = "policy") -> DocumentChange:
    found = document_change(name, before, after)
    assert found
    return found[0]


def _fields(change: DocumentChange) -> list[tuple[str, str, str, Any, Any]]:
    return [
        (part.name, part.change, each.path, each.before, each.after) for part in change.parts for each in part.fields
    ]


def test_order_and_writing_mean_nothing() -> None:
    one = policy(allow(["s3:Get*", "s3:Put*"], "a", Sid="A"), allow("x:y", Sid="B"))
    two = json.dumps(
        {
            "Statement": [allow(["x:y"], ["*"], Sid="B"), allow(["s3:Put*", "s3:Get*"], ["a"], Sid="A")],
            "Version": "2012-10-17",
        },
        indent=3,
    )
    assert _compared(one, two).parts == ()


def test_a_statement_alone_is_not_a_list() -> None:
    alone = json.dumps({"Version": "2012-10-17", "Statement": allow("a:b")})
    assert _compared(alone, policy(allow("a:b"))).parts == ()


def test_members_come_and_go() -> None:
    change = _compared(policy(allow(["a:b", "c:d"], Sid="S")), policy(allow(["c:d", "e:f"], Sid="S")))
    assert _fields(change) == [("S", "changed", "Action", "a:b", None), ("S", "changed", "Action", None, "e:f")]


def test_statements_without_sid_are_matched_by_what_they_share() -> None:
    change = _compared(
        policy(allow("a:b", "x"), allow("c:d", "y")), policy(allow(["c:d", "e:f"], "y"), allow("a:b", "x"))
    )
    assert [(part.change, [each.after for each in part.fields]) for part in change.parts] == [("changed", ["e:f"])]


def test_statements_that_share_only_their_effect_are_two() -> None:
    change = _compared(policy(allow("a:b", "x")), policy(allow("c:d", "y")))
    assert [part.change for part in change.parts] == ["removed", "added"]


def test_a_condition_that_goes_is_seen() -> None:
    condition = {"Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
    change = _compared(policy(allow("a:b", Sid="S", **condition)), policy(allow("a:b", Sid="S")))
    assert _fields(change) == [("S", "changed", 'Condition.StringEquals["aws:SourceAccount"]', "1", None)]


@pytest.mark.parametrize("key", ["Principal", "NotPrincipal"])
def test_principals(key: str) -> None:
    change = _compared(
        policy(allow("a:b", Sid="S", **{key: {"AWS": ["1", "2"]}})), policy(allow("a:b", Sid="S", **{key: "*"}))
    )
    assert _fields(change) == [
        ("S", "changed", key, None, "*"),
        ("S", "changed", f"{key}.AWS", "1", None),
        ("S", "changed", f"{key}.AWS", "2", None),
    ]


def test_an_effect_that_turns() -> None:
    change = _compared(policy(allow("a:b", Sid="S")), policy({**allow("a:b", Sid="S"), "Effect": "Deny"}))
    assert _fields(change) == [("S", "changed", "Effect", "Allow", "Deny")]


def test_containers_by_name_and_defaults_of_ecs() -> None:
    asked = [{"name": "b", "image": "b"}, {"name": "a", "image": "a", "portMappings": [{"containerPort": 80}]}]
    answered = [
        {"name": "a", "image": "a", "cpu": 0, "essential": True, "mountPoints": [],
         "portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]},
        {"name": "b", "image": "b", "cpu": 0, "essential": True, "volumesFrom": []},
    ]  # fmt: skip
    assert _compared(json.dumps(answered), json.dumps(asked), "container_definitions").parts == ()


def test_a_secret_variable_of_a_container_shows_nothing() -> None:
    def containers(value: str) -> str:
        return json.dumps([{"name": "a", "environment": [{"name": "API_TOKEN", "value": value}]}])

    found = document_change("container_definitions", containers("short"), containers("s2"))
    assert found
    assert "short" not in repr(found)
    assert "s2" not in repr(found)
    assert REDACTED in repr(found)


def test_a_variable_that_becomes_a_secret_reference() -> None:
    before = json.dumps([{"name": "a", "environment": [{"name": "X", "value": "v"}]}])
    after = json.dumps([{"name": "a", "secrets": [{"name": "X", "valueFrom": "arn:aws:ssm:::x"}]}])
    assert _fields(_compared(before, after, "container_definitions")) == [
        ("container a", "changed", "environment.X", "v", None),
        ("container a", "changed", "secrets.X", None, "arn:aws:ssm:::x"),
    ]


@pytest.mark.parametrize("text", ["", "plain", "{broken", "[" * 100_000, "12", '"text"'])
def test_what_is_no_document_is_left_alone(text: str) -> None:
    assert document_change("policy", text, text + "x") is None
    assert document_change("policy", policy(allow("a:b")), text or "x") is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=10,
)
odd_statements = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("Sid", "Effect", "Action", "Resource", "Principal", "Condition"), json_values)
)


@given(st.lists(odd_statements, max_size=4), st.lists(odd_statements, max_size=4))
@settings(max_examples=150, deadline=None)
def test_odd_policies_never_crash_and_equal_ones_never_differ(one: list[Any], two: list[Any]) -> None:
    first, second = policy(*one), policy(*two)
    assert _compared(first, first).parts == ()
    _compared(first, second)
    _compared(None, second)


@given(json_values, json_values)
@settings(max_examples=150, deadline=None)
def test_odd_documents_never_crash(one: Any, two: Any) -> None:
    for name in ("container_definitions", "dashboard_body"):
        document_change(name, json.dumps([one]), json.dumps([two]))
        document_change(name, json.dumps({"a": one}), json.dumps({"a": two}))
