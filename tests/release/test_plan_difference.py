"""Two plans that do the same differ in nothing; any other difference is named, without values."""

import copy
from typing import Any

from infra.release.plan_difference import differences


def plan() -> dict[str, Any]:
    change = {"actions": ["update"], "before": {"value": "secret-1", "tier": "x"}, "after": {"value": "secret-2"}}
    return {
        "format_version": "1.2",
        "timestamp": "2026-01-01T00:00:00Z",
        "variables": {"region": {"value": "us-east-1"}},
        "resource_changes": [
            {"address": "aws_ssm_parameter.a", "type": "aws_ssm_parameter", "mode": "managed", "change": change}
        ],
        "resource_drift": [],
        "output_changes": {"hosts": {"actions": ["no-op"], "before": 1, "after": 1}},
        "configuration": {},
    }


def test_the_same() -> None:
    later = plan() | {"timestamp": "2026-02-01T00:00:00Z"}
    assert differences(plan(), later) == []


def found(change: Any) -> str:
    now = copy.deepcopy(plan())
    change(now)
    said = "; ".join(differences(plan(), now))
    assert "secret" not in said
    return said


def test_a_change_in_the_console() -> None:
    def made(now: dict[str, Any]) -> None:
        drift = {"actions": ["update"], "before": {"value": "secret-1"}, "after": {"value": "secret-3"}}
        entry = {"address": "aws_ssm_parameter.a", "type": "aws_ssm_parameter", "mode": "managed", "change": drift}
        now["resource_drift"] = [entry]
        now["resource_changes"][0]["change"]["before"]["value"] = "secret-3"

    said = found(made)
    assert "aws_ssm_parameter.a was changed outside Terraform (value)" in said
    assert "aws_ssm_parameter.a would be changed otherwise (value)" in said


def test_deleted_in_the_console() -> None:
    def made(now: dict[str, Any]) -> None:
        drift = {"actions": ["delete"], "before": {"value": "secret-1"}, "after": None}
        entry = {"address": "aws_ssm_parameter.a", "type": "aws_ssm_parameter", "mode": "managed", "change": drift}
        now["resource_drift"] = [entry]
        now["resource_changes"][0]["change"] = {"actions": ["create"], "before": None, "after": {"value": "secret-2"}}

    said = found(made)
    assert "aws_ssm_parameter.a was deleted outside Terraform" in said
    assert "would be another change (create instead of update)" in said


def test_more_and_less() -> None:
    def other(now: dict[str, Any]) -> None:
        now["resource_changes"][0]["address"] = "aws_ssm_parameter.b"

    said = found(other)
    assert "aws_ssm_parameter.a would not be changed any more (reviewed: update)" in said
    assert "aws_ssm_parameter.b would be changed too (update)" in said


def test_the_rest() -> None:
    assert "output hosts would be another one" in found(
        lambda now: now["output_changes"]["hosts"].update(actions=["update"], after=2)
    )
    assert "the part `variables` of the plan differs" in found(
        lambda now: now["variables"]["region"].update(value="eu-west-1")
    )
    assert "values that flow into its changes differ" in found(lambda now: now.update(something_new=True))
