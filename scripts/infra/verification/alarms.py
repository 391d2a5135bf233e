"""Steps about alarms: each of the environment's is there, tells somebody, and is quiet."""

from collections.abc import Mapping
from typing import Any

from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_SHOWN = 3


def _quiet(target: Target) -> str:
    expected = set(target.evidence.alarm_names())
    if not expected:
        raise CheckFailed(
            f"The state of {target.environment} has no alarm at all", remedy="`make plan` shows what is missing."
        )
    prefix = f"hokusai-{target.environment}-"
    pages = target.account.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    return judged(expected, alarms)


def judged(expected: set[str], alarms: Mapping[str, Mapping[str, Any]]) -> str:
    """What is said of the alarms of an environment.

    Args:
        expected: names that its state records.
        alarms: what CloudWatch describes, by name.

    Returns:
        How many are in which state; those without data by name.

    Raises:
        CheckFailed: one is missing, rings, or would tell nobody.
    """
    if missing := sorted(expected - set(alarms)):
        raise CheckFailed(
            f"{len(missing)} of {len(expected)} alarms that the state records are not in the account: "
            f"{', '.join(missing)}",
            remedy="Somebody deleted them: `make plan` makes them again.",
        )
    ringing = [alarm for alarm in alarms.values() if alarm["StateValue"] == "ALARM"]
    if ringing:
        raise CheckFailed(
            "\n".join([f"{len(ringing)} of {len(alarms)} alarms ring:", *map(_rings, ringing)]),
            arn=ringing[0]["AlarmArn"],
            remedy="What each alarm is about stands behind its name; `alarms` can be asked alone: STEP=alarms.",
        )
    mute = [alarm for alarm in alarms.values() if not (alarm["ActionsEnabled"] and alarm.get("AlarmActions"))]
    if mute:
        raise CheckFailed(
            f"{len(mute)} alarms would tell nobody: {', '.join(alarm['AlarmName'] for alarm in mute)}",
            arn=mute[0]["AlarmArn"],
            attribute="alarm_actions",
            remedy="Enable their actions again, or apply: `make plan` shows the difference.",
        )
    blind = sorted(name for name, alarm in alarms.items() if alarm["StateValue"] != "OK")
    quiet = f"{len(alarms) - len(blind)} of {len(alarms)} are OK"
    if not blind:
        return quiet
    more = f" and {len(blind) - _SHOWN} more" if len(blind) > _SHOWN else ""
    return f"{quiet}; {len(blind)} have no data yet: {', '.join(blind[:_SHOWN])}{more}"


def _rings(alarm: Mapping[str, Any]) -> str:
    since = f"{alarm['StateUpdatedTimestamp']:%Y-%m-%d %H:%M:%S} UTC"
    about = alarm.get("AlarmDescription", "")
    return f"  {alarm['AlarmName']}, since {since}: {about} ({alarm.get('StateReason', 'no reason given')})"


STEPS = (Step("alarms", "Every alarm of the environment is there, tells somebody, and does not ring", _quiet),)
