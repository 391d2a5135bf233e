"""Every kind of change, as Terraform plans it in the emulated account."""

import json

import pytest

from infra.review.model import REDACTED, Action, Risk
from tests.review.plans import SECRET, RealPlan

Plans = dict[str, RealPlan]

KINDS = [
    ("aws_s3_bucket.created", Action.CREATE, Risk.PLAIN, False, ""),
    ("aws_ssm_parameter.updated", Action.UPDATE, Risk.PLAIN, False, ""),
    ("aws_iam_role.tagged", Action.UPDATE, Risk.NONE, False, ""),
    ("aws_iam_role_policy.app", Action.UPDATE, Risk.ACCESS, False, ""),
    ("aws_cloudwatch_log_group.this", Action.UPDATE, Risk.DATA_LOSS, True, ""),
    ("aws_ssm_parameter.replaced", Action.REPLACE_DELETE_FIRST, Risk.DATA_LOSS, True, "AWS cannot change this"),
    ("aws_iam_role.replaced", Action.REPLACE_CREATE_FIRST, Risk.ACCESS, False, "AWS cannot change this in place"),
    ("aws_ecs_task_definition.app", Action.REPLACE_DELETE_FIRST, Risk.PLAIN, False, "AWS cannot change this in place"),
    ("aws_s3_bucket.deleted", Action.DELETE, Risk.DATA_LOSS, True, "no longer in the configuration"),
    ("aws_s3_bucket.forgotten", Action.FORGET, Risk.DATA_LOSS, True, "no longer in the configuration"),
    ("aws_ssm_parameter.new", Action.MOVE, Risk.NONE, False, ""),
    ("aws_ssm_parameter.imported", Action.IMPORT, Risk.NONE, False, ""),
]


@pytest.mark.parametrize(
    ("address", "action", "risk", "acknowledged", "reason"), KINDS, ids=[kind[0] for kind in KINDS]
)
def test_each_kind(  # noqa: PLR0917 - a row of the table
    plans: Plans, address: str, action: Action, risk: Risk, acknowledged: bool, reason: str
) -> None:
    change = plans["all"].change(address)
    assert (change.action, change.risk, change.needs_acknowledgement) == (action, risk, acknowledged)
    assert change.reason.startswith(reason)
    assert bool(change.reason) is bool(reason)
    assert all(consequence.text for consequence in change.consequences)


def test_nothing_else_is_reported(plans: Plans) -> None:
    listed = {change.address for change in plans["all"].review.changes}
    more = {
        "aws_s3_bucket.deposed",
        "aws_iam_role.drifted",
        "aws_iam_role_policy.unknown",
        'module.app["one"].terraform_data.this',
        "module.storage.aws_ssm_parameter.this",
    }
    assert listed == {kind[0] for kind in KINDS} | more


def test_the_worst_comes_first(plans: Plans) -> None:
    ranks = [change.risk.rank for change in plans["all"].review.changes]
    assert ranks == sorted(ranks)
    assert plans["all"].review.risk is Risk.DATA_LOSS


def test_a_deposed_object_is_told_from_the_live_one(plans: Plans) -> None:
    change = plans["all"].change("aws_s3_bucket.deposed", deposed=True)
    assert change.action is Action.DELETE_DEPOSED
    assert change.key == f"aws_s3_bucket.deposed (deposed {change.deposed})"
    assert change.needs_acknowledgement
    assert change.risk is Risk.DATA_LOSS


def test_what_forces_a_replacement(plans: Plans) -> None:
    change = plans["all"].change("aws_ssm_parameter.replaced")
    assert change.replace_paths == ("name",)
    assert [each.path for each in change.attributes if each.forces_replacement] == ["name"]
    assert change.consequences[0].attributes == ("name",)


def test_unknown_values_are_marked(plans: Plans) -> None:
    attributes = {each.path: each for each in plans["all"].change("aws_s3_bucket.created").attributes}
    assert attributes["arn"].unknown
    assert attributes["arn"].after is None
    assert attributes["bucket_prefix"].after == "review-created-"
    assert not attributes["bucket_prefix"].unknown


def test_move_and_import_say_from_where(plans: Plans) -> None:
    assert plans["all"].change("aws_ssm_parameter.new").previous_address == "aws_ssm_parameter.old"
    assert plans["all"].change("aws_ssm_parameter.imported").import_id == "/review/imported"


def test_policies_are_compared_statement_by_statement(plans: Plans) -> None:
    (attribute,) = plans["all"].change("aws_iam_role_policy.app").attributes
    assert attribute.document
    parts = {part.name: part for part in attribute.document.parts}
    assert {name: part.change for name, part in parts.items()} == {"Read": "changed", "Gone": "removed", "New": "added"}
    assert [(field.path, field.before, field.after) for field in parts["Read"].fields] == [
        ("Action", None, "s3:PutObject")
    ]


def test_containers_are_compared_variable_by_variable(plans: Plans) -> None:
    attributes = {each.path: each for each in plans["all"].change("aws_ecs_task_definition.app").attributes}
    document = attributes["container_definitions"].document
    assert document
    (part,) = document.parts
    assert part.name == "container app"
    assert [(field.path, field.before, field.after) for field in part.fields] == [
        ("environment.GONE", "gone", None),
        ("environment.NEW", None, "new"),
        ("environment.PLAIN", "one", "two"),
        ("image", "app:1", "app:2"),
    ]


def test_access_that_comes_and_goes(plans: Plans) -> None:
    said = {
        (each.change, each.widens, each.grant.principal, each.grant.actions, each.grant.conditions)
        for each in plans["all"].review.access
        if each.address == "aws_iam_role_policy.app"
    }
    condition = ("aws:RequestedRegion StringEquals us-east-1",)
    assert said == {
        ("added", True, "role review-tagged", ("kms:Decrypt",), condition),
        ("added", True, "role review-tagged", ("s3:PutObject",), ()),
        ("removed", False, "role review-tagged", ("sqs:SendMessage",), ()),
    }


def test_a_policy_that_is_unknown_at_plan_is_named(plans: Plans) -> None:
    assert [(each.address, each.attribute) for each in plans["all"].review.unknown_access] == [
        ("aws_iam_role_policy.unknown", "policy")
    ]


def test_only_drift_that_meets_the_plan_is_shown(plans: Plans) -> None:
    review = plans["all"].review
    found = {each.address: [attribute.path for attribute in each.attributes] for each in review.drift}
    # One is taken back by the plan, the other flows into a change. The third is counted only.
    assert found == {"aws_iam_role.drifted": ["description"], "aws_ssm_parameter.source": ["insecure_value"]}
    assert review.drift_elsewhere >= 1
    assert any("unused" in each["address"] for each in plans["all"].document["resource_drift"])


def test_drift_says_what_was_and_what_is(plans: Plans) -> None:
    (drifted,) = [each for each in plans["all"].review.drift if each.address == "aws_iam_role.drifted"]
    assert (drifted.attributes[0].before, drifted.attributes[0].after) == ("as planned", "changed by hand")


def test_an_output_alone(plans: Plans) -> None:
    review = plans["output only"].review
    assert not review.changes
    assert not review.empty
    assert [(each.name, each.action, each.before, each.after) for each in review.outputs] == [
        ("spoken", "update", "spoken-1", "spoken-2")
    ]


def test_a_sensitive_output_shows_nothing(plans: Plans) -> None:
    (secret,) = [each for each in plans["create"].review.outputs if each.name == "secret"]
    assert secret.sensitive
    assert secret.after == REDACTED


def test_nothing(plans: Plans) -> None:
    review = plans["nothing"].review
    assert review.empty
    assert review.risk is None
    assert review.unchanged > 10
    assert not review.access


def test_a_failed_check_comes_first(plans: Plans) -> None:
    first = plans["all"].review.checks[0]
    assert (first.address, first.kind, first.status) == ("check.health", "check", "fail")
    assert "another name than the check wants" in first.messages[0]


def test_blast_radius_goes_through_locals_and_only_to_what_depends(plans: Plans) -> None:
    modules = {node.name: node for node in plans["all"].review.modules}
    assert modules['app["one"]'].depends_on == ("storage",)
    assert modules['app["one"]'].affected_by == ("storage",)
    assert modules["aside"].affected_by == ()
    assert modules["aside"].risk is None
    assert modules["storage"].actions == {Action.UPDATE: 1}


def test_no_secret_is_left(plans: Plans) -> None:
    for name, plan in plans.items():
        assert (
            SECRET in json.dumps(plan.document["variables"]) or SECRET in plan.document["variables"]["secret"]["value"]
        )
        assert plan.review.secrets > 0, name
        text = repr(plan.review)
        for piece in (SECRET, "correct horse", "plain text password", json.dumps(SECRET)[1:-1]):
            assert piece not in text, f"{piece} in the review of {name}"


def test_the_secret_that_terraform_itself_prints_is_redacted(plans: Plans) -> None:
    # A computed output of a sensitive input: Terraform's own output shows it, and here it carries no mark.
    (leak,) = [each for each in plans["create"].review.changes if each.address == "terraform_data.leak"]
    assert {each.path: each.after for each in leak.attributes}["input"] == REDACTED
    state = plans["nothing"].document["prior_state"]["values"]["root_module"]["resources"]
    (resource,) = [each for each in state if each["address"] == "terraform_data.leak"]
    assert resource["values"]["output"] == SECRET
    assert not resource["sensitive_values"].get("output")
