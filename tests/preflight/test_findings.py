"""From what was seen to the resource behind it: one case for each way in which a request goes wrong."""

from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from infra.preflight.findings import explain
from infra.preflight.origins import Origins
from infra.preflight.platform.model import AwsCall, Event, Exchange, PlatformFailure, Refusal, TargetHealth, Task
from infra.terraform.runner import TerraformError
from infra.verification.exchange import Exchange as Asked
from infra.verification.finding import Finding
from infra.verification.steps import CheckFailed, Outcome, StepResult
from tests.preflight.samples import GROUP, REGISTRY, REGISTRY_RULE, ROLE, START, exchange, task

PATH = "/api/2.0/mlflow-artifacts/artifacts?path=x"


@dataclass
class Seen:
    """A platform as it was seen."""

    exchanges: list[Exchange] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    aws_calls: list[AwsCall] = field(default_factory=list)
    targets: list[TargetHealth] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=lambda: [task("gateway", 1)])
    events: list[Event] = field(default_factory=list)
    limits: list[str] = field(default_factory=list)


def failed(error: Exception, seen: Seen | None, origins: Origins) -> Finding:
    result = StepResult("api-proxy", "about", Outcome.FAILED, START + 14, 1.0, error=error)
    return explain(result, seen, origins)


def asked(status: int) -> CheckFailed:
    url = f"https://registry.staging.hokus.ai{PATH}"
    answer = Asked("GET", url, {"Authorization": "Bearer secret"}, status, {}, b"{}", 0.1, START + 15)
    return CheckFailed(f"{answer.request_line} answers {status} instead of 200", exchange=answer)


def through(**changes: Any) -> Exchange:
    return exchange(method="GET", path=PATH, **changes)


NOWHERE = {"rule_arn": None, "action": "fixed-response", "target": None, "task_id": None, "target_group_arn": None}


@pytest.mark.parametrize("error", [asked(404), CheckFailed("The MLflow client fails in artifacts: 404")])
def test_a_request_that_no_rule_takes(error: CheckFailed, origins: Origins) -> None:
    finding = failed(error, Seen([exchange(), through(status=404, **NOWHERE)]), origins)
    assert finding.address == REGISTRY
    assert "No listener rule sends /api/2.0/mlflow-artifacts/artifacts of host registry.staging.hokus.ai anywhere" in (
        finding.message
    )
    assert "/api/2.0/mlflow-artifacts/artifacts" in finding.remedy
    assert "404" in finding.exchange
    assert "secret" not in finding.exchange


def test_a_rule_that_answers_itself(origins: Origins) -> None:
    seen = Seen([through(status=404, **{**NOWHERE, "rule_arn": REGISTRY_RULE})])
    finding = failed(asked(404), seen, origins)
    assert finding.address == REGISTRY
    assert "The rule itself answers" in finding.message


def test_a_target_group_without_a_healthy_target(origins: Origins) -> None:
    unhealthy = TargetHealth(GROUP, "127.20.0.1:8001", "1", "unhealthy", "answers 404, wanted 200")
    seen = Seen([through(status=503, target=None, task_id=None, reason="no healthy target")], targets=[unhealthy])
    finding = failed(asked(503), seen, origins)
    assert finding.address == 'module.alb_rules.aws_lb_target_group.this["registry"]'
    assert "127.20.0.1:8001 is unhealthy answers 404, wanted 200" in finding.message


def test_a_call_that_no_policy_allows_is_nearer_than_the_program_that_made_it(origins: Origins) -> None:
    denied = AwsCall(
        START, ROLE, "s3:PutObject", "arn:aws:s3:::b/x", allowed=False, reason="no policy allows it", blame=ROLE
    )
    finding = failed(asked(403), Seen([through(status=403)], aws_calls=[denied]), origins)
    assert finding.address == 'module.task_roles.aws_iam_role_policy.task["gateway"]'
    assert "may not s3:PutObject on arn:aws:s3:::b/x: no policy allows it" in finding.message
    assert "Allow s3:PutObject" in finding.remedy


def test_a_connection_that_was_refused(origins: Origins) -> None:
    refusal = Refusal(START, "gateway", "mlflow", "127.20.0.2", 5000, "no egress rule", "sg-1")
    finding = failed(asked(502), Seen([through(status=502)], refusals=[refusal]), origins)
    assert "gateway may not connect to mlflow (127.20.0.2:5000): no egress rule" in finding.message
    assert "environments/stack/network.tf" in finding.remedy


def test_a_program_to_which_nothing_was_refused(origins: Origins) -> None:
    finding = failed(asked(403), Seen([through(status=403)]), origins)
    assert finding.address == 'module.task["gateway"].aws_ecs_task_definition.this'
    assert finding.log_of.startswith("hokusai-gateway-staging:3")
    assert finding.settings.splitlines() == [
        "command: serve",
        "AUTH_SERVICE_ID=wrong",
        "PASSWORD from arn:aws:ssm:us-east-1:1:parameter/p",
    ]


def test_a_rule_that_leads_to_another_service(origins: Origins) -> None:
    seen = Seen([through(status=404)], tasks=[task("auth", 1)])
    finding = failed(asked(404), seen, origins)
    assert finding.address == REGISTRY
    assert "to hokusai-auth instead of hokusai-gateway" in finding.message


def test_a_name_that_nobody_has(origins: Origins) -> None:
    refusal = Refusal(START, "gateway", "mlflow.local", "mlflow.local", 53, "no task is registered", "srv-1")
    finding = failed(asked(502), Seen([through(status=502)], refusals=[refusal]), origins)
    assert "gateway finds no address for mlflow.local: no task is registered." in finding.message
    assert "service_registries" in finding.remedy


def test_the_program_behind_the_gateway_when_the_gateway_says_so(origins: Origins) -> None:
    error = asked(503)
    assert error.exchange
    error.exchange = replace(error.exchange, body=b'{"reason": "MLflow answers 503"}')
    definition = "arn:aws:ecs:us-east-1:1:task-definition/hokusai-mlflow-staging:1"
    seen = Seen([through(status=503)], tasks=[task("gateway", 1), task("mlflow", 2, task_definition_arn=definition)])
    finding = failed(error, seen, origins)
    assert finding.blamed == definition
    assert "The answer is that of hokusai-mlflow" in finding.message


def test_the_platform_and_a_check_may_know_it_themselves(origins: Origins) -> None:
    failure = PlatformFailure("target is unhealthy", arn=GROUP, attribute="health_check", remedy="mend the path")
    finding = failed(failure, Seen(), origins)
    assert finding.places.endswith("modules/alb-rules/target_groups.tf:23")
    assert finding.remedy == "mend the path"
    assert failed(CheckFailed("no", arn=REGISTRY_RULE), Seen(), origins).address == REGISTRY


def test_what_was_refused_to_a_task_is_nearer_than_that_it_ended(origins: Origins) -> None:
    ended, earlier = task("gateway", 2), task("gateway", 1)
    failure = PlatformFailure("A task of hokusai-gateway stopped", arn=ended.task_definition_arn, task=ended)
    other = AwsCall(START, "other", "s3:GetObject", "arn:aws:s3:::b/x", allowed=False, task_id="another task")
    seen = Seen(tasks=[earlier, ended], aws_calls=[other])
    assert failed(failure, seen, origins).address == 'module.task["gateway"].aws_ecs_task_definition.this'
    call = AwsCall(START, ROLE, "kms:GenerateDataKey", "k", allowed=False, reason="no", blame=ROLE, task_id=earlier.id)
    finding = failed(failure, Seen(tasks=[earlier, ended], aws_calls=[other, call]), origins)
    assert finding.address == 'module.task_roles.aws_iam_role_policy.task["gateway"]'
    assert finding.message.startswith("A task of hokusai-gateway stopped")
    assert "may not kms:GenerateDataKey" in finding.message
    assert finding.log_of == ended.name


def test_terraforms_own_refusal_names_file_and_line() -> None:
    diagnostic = {
        "severity": "error",
        "summary": "Invalid value",
        "address": REGISTRY,
        "range": {"filename": "../../modules/alb-rules/rules.tf", "start": {"line": 77}},
    }
    finding = failed(TerraformError("plan", [diagnostic], ""), None, Origins([]))
    assert finding.places.startswith("modules/alb-rules/rules.tf:77, environments/stack/edge.tf")
    assert finding.blamed == "listener rule `registry` (modules/alb-rules)"
    assert "Invalid value" in finding.message


def test_what_nobody_understands_is_still_told(origins: Origins) -> None:
    assert failed(KeyError("x"), Seen(), origins).message == "'x'"
