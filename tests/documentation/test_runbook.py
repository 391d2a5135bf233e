"""docs/runbook.md: every alarm has its row, every AWS command is one, and every name in it is planned."""

import re
import shlex
from collections.abc import Iterator

import botocore.session
import pytest
from botocore import xform_name

from infra.repository import ROOT
from infra.terraform.plan_json import Plan

PAGE = (ROOT / "docs" / "runbook.md").read_text()
BLOCKS = re.findall(r"^ *```\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)
ROWS = re.findall(
    r"^\| `([a-z<>…-]+)` \| ", PAGE[PAGE.index("## Alarms") : PAGE.index("## The database")], re.MULTILINE
)
AWS = [line.strip() for block in BLOCKS for line in block.splitlines() if line.strip().startswith("aws ")]
# Of the command line itself, not of an API.
_GLOBAL = {"query", "output", "region", "profile"}
_TAIL = {"since", "format", "follow", "filter-pattern"}
_NAME = re.compile(r"(?:/[a-z]+)*/hokusai/[\w./-]+|/aws/rds/[\w./-]+|aws-waf-logs-[\w-]+|(?:alias/)?hokusai-[\w.-]+")


def alarm_pattern(row: str, plan: Plan) -> re.Pattern[str]:
    """The alarms that a row is about, by the names that the plan has."""
    services = [each["name"].removeprefix("hokusai-") for each in plan.of_type("aws_ecs_service")]
    balancers = [str(re.search(r'\["(.+)"\]', each.module)[1]) for each in plan.of_type("aws_lb")]  # type: ignore[index]
    named = {
        "service": services,
        "target": services,
        "balancer": balancers,
        "endpoint": ["experiments", "models", "runs"],
    }
    pattern = re.sub(r"<(\w+)>", lambda found: f"(?:{'|'.join(named[found[1]])})", row)
    return re.compile(pattern)


def alarms(plan: Plan) -> list[str]:
    environment = plan.document["variables"]["environment"]["value"]
    return [
        str(each["alarm_name"]).removeprefix(f"hokusai-{environment}-")
        for each in plan.of_type("aws_cloudwatch_metric_alarm")
    ]


def test_every_alarm_has_one_row(plans: dict[str, Plan]) -> None:
    for plan in plans.values():
        patterns = [alarm_pattern(row, plan) for row in ROWS]
        found = {name: sum(bool(pattern.fullmatch(name)) for pattern in patterns) for name in alarms(plan)}
        assert {name: rows for name, rows in found.items() if rows != 1} == {}


def test_every_row_has_an_alarm(plans: dict[str, Plan]) -> None:
    assert len(ROWS) > 10
    met = {
        row
        for plan in plans.values()
        for row in ROWS
        for name in alarms(plan)
        if alarm_pattern(row, plan).fullmatch(name)
    }
    assert set(ROWS) - met == set()


def names(plan: Plan) -> Iterator[str]:
    """Everything that can be named in a command."""
    for resource in plan.resources.values():
        for attribute in ("name", "bucket", "identifier", "alarm_name", "dashboard_name", "family", "resource_id"):
            if isinstance(value := resource.values.get(attribute), str):
                yield value


def test_every_name_is_planned(plans: dict[str, Plan]) -> None:
    shown = "\n".join([*BLOCKS, *re.findall(r"`([^`\n]+)`", PAGE)])
    planned = set(names(plans["production"]))
    # The first part of the alarms' names; and what stands for any environment.
    wanted = {name for name in _NAME.findall(shown) if not name.endswith(("-", "<env>"))} - {"hokusai-"}
    assert len(wanted) > 12
    assert wanted - planned == set()


def test_alarm_prefix_is_that_of_the_alarms(plans: dict[str, Plan]) -> None:
    [prefix] = re.findall(r"--alarm-name-prefix (\S+)", PAGE)
    assert all(
        each["alarm_name"].startswith(prefix) for each in plans["production"].of_type("aws_cloudwatch_metric_alarm")
    )


@pytest.mark.parametrize("command", AWS)
def test_aws_command_exists_and_has_these_options(command: str) -> None:
    words = shlex.split(command)
    service, operation = words[1:3]
    options = {word[2:] for word in words[3:] if word.startswith("--")} - _GLOBAL
    if (service, operation) == ("logs", "tail"):  # made of several calls by the command line
        assert options <= _TAIL
        return
    model = botocore.session.get_session().get_service_model({"s3api": "s3"}.get(service, service))
    found = {xform_name(name, "-"): name for name in model.operation_names}
    assert operation in found
    shape = model.operation_model(found[operation]).input_shape
    assert shape
    known = {xform_name(name, "-") for name in shape.members}
    assert options <= known
    assert {xform_name(name, "-") for name in shape.required_members} <= options


def test_aws_commands_are_marked() -> None:
    assert len(AWS) > 10
    unmarked = [block for block in BLOCKS if "aws " in block and not block.strip().startswith("# AWS")]
    assert unmarked == []


def test_fields_of_log_searches_are_logged() -> None:
    # The gateway is no package of the tooling: its source says what it writes.
    source = (ROOT / "services/gateway/gateway/access_log.py").read_text()
    searched = {
        field
        for block in BLOCKS
        if "filter kind" in block
        for field in re.findall(
            r"\b(?:kind|method|path|translated|target|status|outcome|\w*_?ms|reason|client_ip|key_id|request_id)\b",
            block,
        )
    }
    assert {"reason", "target_ms", "auth_ms", "request_id"} <= searched
    assert {field for field in searched if f'"{field}":' not in source} == set()
