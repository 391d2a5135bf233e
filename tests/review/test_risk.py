"""What a change brings about, from the table."""

import re
from typing import Any

import pytest

from infra.review.changes import changes_of
from infra.review.model import Action, Change, Risk
from infra.review.risk_table import KINDS
from infra.terraform.configuration import configuration_files
from tests.review.documents import document, entry, policy


def _change(address: str, before: Any, after: Any, **more: Any) -> Change:
    (change,) = changes_of(document(entry(address, before, after, **more)))
    return change


def test_every_type_of_this_repository_is_in_the_table() -> None:
    declared = re.compile(r'^resource "(\w+)"', re.MULTILINE)
    types = {name for file in configuration_files() for name in declared.findall(file.read_text())}
    assert len(types) > 40
    assert types <= KINDS.keys()


def test_every_kind_can_say_something_of_every_action() -> None:
    for resource_type in KINDS:
        for actions in (["create"], ["update"], ["delete"], ["forget"], ["delete", "create"], ["create", "delete"]):
            change = _change(f"{resource_type}.x", {"a": 1}, {"a": 2}, actions=actions)
            for consequence in change.consequences:
                assert re.match(r"[a-z].*[^.,]\Z", consequence.text), (resource_type, consequence.text)
                assert consequence.risk is not Risk.NONE


@pytest.mark.parametrize(
    "resource_type",
    [
        "aws_s3_bucket", "aws_db_instance", "aws_kms_key", "aws_secretsmanager_secret", "aws_ssm_parameter",
        "aws_cloudwatch_log_group", "aws_ecr_repository", "aws_dynamodb_table", "aws_something_new", "other_thing",
    ],
)  # fmt: skip
@pytest.mark.parametrize("actions", [["delete"], ["forget"], ["delete", "create"], ["create", "delete"]], ids="-".join)
def test_what_holds_data_needs_an_acknowledgement(resource_type: str, actions: list[str]) -> None:
    change = _change(f"{resource_type}.x", {"a": 1}, {"a": 2}, actions=actions)
    assert change.risk is Risk.DATA_LOSS
    assert change.needs_acknowledgement


@pytest.mark.parametrize(
    "resource_type",
    ["aws_lb", "aws_lb_listener", "aws_lb_listener_rule", "aws_lb_target_group", "aws_ecs_service",
     "aws_service_discovery_service", "aws_service_discovery_private_dns_namespace", "aws_route53_record"],
)  # fmt: skip
def test_what_serves_stops(resource_type: str) -> None:
    for actions in (["delete"], ["delete", "create"]):
        change = _change(f"{resource_type}.x", {"a": 1}, {"a": 2}, actions=actions)
        assert change.risk is Risk.OUTAGE
        assert not change.needs_acknowledgement
    replaced = _change(f"{resource_type}.x", {"a": 1}, {"a": 2}, actions=["delete", "create"])
    assert " for about " in replaced.consequences[0].text


@pytest.mark.parametrize(
    ("address", "before", "after", "risk", "acknowledged"),
    [
        ("aws_cloudwatch_log_group.x", {"retention_in_days": 30}, {"retention_in_days": 7}, Risk.DATA_LOSS, True),
        ("aws_cloudwatch_log_group.x", {"retention_in_days": 7}, {"retention_in_days": 30}, Risk.PLAIN, False),
        ("aws_db_instance.x", {"deletion_protection": True}, {"deletion_protection": False}, Risk.DATA_LOSS, False),
        ("aws_db_instance.x", {"deletion_protection": False}, {"deletion_protection": True}, Risk.PLAIN, False),
        ("aws_db_instance.x", {"backup_retention_period": 7}, {"backup_retention_period": 1}, Risk.DATA_LOSS, True),
        ("aws_db_instance.x", {"instance_class": "a"}, {"instance_class": "b"}, Risk.OUTAGE, False),
        ("aws_s3_bucket_versioning.x", {"versioning_configuration": [{"status": "Enabled"}]},
         {"versioning_configuration": [{"status": "Suspended"}]}, Risk.DATA_LOSS, False),
        ("aws_ecs_service.x", {"desired_count": 2}, {"desired_count": 0}, Risk.OUTAGE, False),
        ("aws_ecs_service.x", {"desired_count": 2}, {"desired_count": 3}, Risk.COST, False),
        ("aws_ecs_service.x", {"task_definition": "a"}, {"task_definition": "b"}, Risk.PLAIN, False),
        ("aws_lb_listener_rule.x", {"priority": 1}, {"priority": 2}, Risk.OUTAGE, False),
        ("aws_lb_listener.x", {"default_action": [{"a": 1}]}, {"default_action": [{"a": 2}]}, Risk.OUTAGE, False),
        ("aws_lb.x", {"security_groups": ["a"]}, {"security_groups": ["b"]}, Risk.ACCESS, False),
        ("aws_iam_role.x", {"max_session_duration": 1}, {"max_session_duration": 2}, Risk.PLAIN, False),
        ("aws_iam_role.x", {"permissions_boundary": "a"}, {"permissions_boundary": None}, Risk.ACCESS, False),
        ("aws_kms_key.x", {"is_enabled": True}, {"is_enabled": False}, Risk.OUTAGE, False),
        ("aws_route.x", {"gateway_id": "a"}, {"gateway_id": "b"}, Risk.OUTAGE, False),
        ("aws_something_new.x", {"setting": 1}, {"setting": 2}, Risk.OUTAGE, False),
    ],
)  # fmt: skip
def test_attributes(address: str, before: Any, after: Any, risk: Risk, acknowledged: bool) -> None:
    change = _change(address, before, after)
    assert (change.risk, change.needs_acknowledgement) == (risk, acknowledged), change.consequences


def test_an_unknown_value_is_taken_for_the_worst() -> None:
    change = _change(
        "aws_cloudwatch_log_group.x", {"retention_in_days": 7}, {}, after_unknown={"retention_in_days": True}
    )
    assert change.risk is Risk.DATA_LOSS


def test_an_unknown_number_of_tasks_may_be_none() -> None:
    change = _change("aws_ecs_service.x", {"desired_count": 2}, {}, after_unknown={"desired_count": True})
    assert change.risk is Risk.OUTAGE


@pytest.mark.parametrize("resource_type", ["aws_db_instance", "aws_iam_role", "aws_something_new", "terraform_data"])
def test_tags_have_no_effect(resource_type: str) -> None:
    change = _change(
        f"{resource_type}.x", {"tags": {"a": "1"}, "tags_all": {"a": "1"}}, {"tags": {"a": "2"}, "tags_all": {"a": "2"}}
    )
    assert change.risk is Risk.NONE
    assert [each.path for each in change.attributes] == ["tags.a"]


def test_a_policy_that_means_the_same_has_no_effect() -> None:
    statements = ({"Effect": "Allow", "Action": ["a:b", "c:d"], "Resource": "*"},) * 2
    other = policy({"Effect": "Allow", "Action": ["c:d", "a:b"], "Resource": ["*"]}, statements[1])
    assert _change("aws_iam_role_policy.x", {"policy": policy(*statements)}, {"policy": other}).risk is Risk.NONE


def test_the_worst_consequence_comes_first() -> None:
    change = _change(
        "aws_db_instance.x",
        {"instance_class": "a", "deletion_protection": True, "tags": {}},
        {"instance_class": "b", "deletion_protection": False, "tags": {"a": "b"}},
    )
    assert [each.risk for each in change.consequences] == [Risk.DATA_LOSS, Risk.OUTAGE, Risk.COST]
    assert change.consequences[1].attributes == ("instance_class",)


def test_a_deposed_object_that_serves_is_no_outage() -> None:
    change = _change("aws_lb.x", {"a": 1}, None, deposed="abc")
    assert (change.action, change.risk) == (Action.DELETE_DEPOSED, Risk.PLAIN)
