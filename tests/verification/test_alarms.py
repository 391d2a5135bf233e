"""What CloudWatch says of the alarms, and what is said of that."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.verification.alarms import STEPS, judged
from infra.verification.steps import CheckFailed
from infra.verification.target import Target
from tests.verification.recorded import RecordedAccount


def alarm(name: str, state: str = "OK", **changes: Any) -> dict[str, Any]:
    return {
        "AlarmName": f"hokusai-x-{name}",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:1:alarm:hokusai-x-{name}",
        "AlarmDescription": f"About {name}.",
        "StateValue": state,
        "StateReason": "Threshold Crossed: 2 datapoints were greater than the threshold (5.0).",
        "StateUpdatedTimestamp": datetime(2026, 11, 22, 9, 30, tzinfo=UTC),
        "ActionsEnabled": True,
        "AlarmActions": ["arn:aws:sns:us-east-1:1:alarms"],
        **changes,
    }


def said(*alarms: dict[str, Any], missing: str = "") -> str:
    names = {each["AlarmName"] for each in alarms}
    return judged(names | ({missing} if missing else set()), {each["AlarmName"]: each for each in alarms})


def test_quiet_alarms_pass_and_those_without_data_are_told_apart() -> None:
    assert said(alarm("a"), alarm("b")) == "2 of 2 are OK"
    assert said(alarm("a"), alarm("b", "INSUFFICIENT_DATA")) == "1 of 2 are OK; 1 have no data yet: hokusai-x-b"
    blind = [alarm(name, "INSUFFICIENT_DATA") for name in "abcde"]
    assert said(*blind).endswith("hokusai-x-a, hokusai-x-b, hokusai-x-c and 2 more")


def test_an_alarm_that_rings_is_named_with_its_time_its_subject_and_its_reason() -> None:
    with pytest.raises(CheckFailed) as failed:
        said(alarm("quiet"), alarm("errors", "ALARM"), alarm("none", "INSUFFICIENT_DATA"))
    for words in ("1 of 3 alarms ring", "hokusai-x-errors, since 2026-11-22 09:30:00 UTC: About errors.", "Threshold"):
        assert words in failed.value.message
    assert "hokusai-x-quiet" not in failed.value.message
    assert failed.value.arn.endswith("hokusai-x-errors")


def test_an_alarm_that_was_deleted_is_missed() -> None:
    with pytest.raises(CheckFailed, match=r"1 of 2 alarms .* are not in the account: hokusai-x-gone"):
        said(alarm("a"), missing="hokusai-x-gone")


@pytest.mark.parametrize("mute", [{"ActionsEnabled": False}, {"AlarmActions": []}])
def test_an_alarm_that_tells_nobody_fails(mute: dict[str, Any]) -> None:
    with pytest.raises(CheckFailed, match="1 alarms would tell nobody: hokusai-x-b"):
        said(alarm("a"), alarm("b", **mute))


def asked(account: RecordedAccount, names: list[str]) -> str:
    evidence = SimpleNamespace(alarm_names=lambda: names)
    target = SimpleNamespace(environment="x", account=account, evidence=evidence)
    [step] = STEPS
    return step.check(cast(Target, target))


def test_every_page_is_read() -> None:
    account = RecordedAccount()
    first = {"MetricAlarms": [alarm("a")], "NextToken": "more"}
    account.answers("cloudwatch", "describe_alarms", first, AlarmNamePrefix="hokusai-x-")
    second = {"MetricAlarms": [alarm("b", "ALARM")]}
    account.answers("cloudwatch", "describe_alarms", second, AlarmNamePrefix="hokusai-x-", NextToken="more")
    with pytest.raises(CheckFailed, match="1 of 2 alarms ring"):
        asked(account, ["hokusai-x-a", "hokusai-x-b"])
    account.all_asked()


def test_a_state_without_alarms_is_no_quiet_environment() -> None:
    with pytest.raises(CheckFailed, match="has no alarm at all"):
        asked(RecordedAccount(), [])
