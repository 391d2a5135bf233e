"""Finished preflights as data: a typical failed one, and one whose every text wants to be markup."""

from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

from infra.preflight.platform.model import AwsCall, Event, Exchange, Refusal, Task
from infra.preflight.record import PreflightRecord, Verdict
from infra.preflight.topology import Lane, Link, Topology
from infra.verification.finding import Finding
from infra.verification.steps import Outcome, StepResult

START = 1_790_000_000.0
REGISTRY_RULE = "arn:aws:elasticloadbalancing:us-east-1:1:listener-rule/app/registry/1/2/3"
REGISTRY = 'module.alb_rules.aws_lb_listener_rule.this["registry"]'
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/registry/1/2"
GROUP = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/hokusai-registry-8001-staging/1"
ROLE = "arn:aws:iam::444455556666:role/hokusai-gateway-task-staging"
HOSTILE = "</pre><script>alert(1)</script>\x1b[31m\u202e|`@everyone"


def task(name: str, number: int, **changes: Any) -> Task:
    """A task that runs since a few seconds."""
    made = Task(
        id=f"{number:032x}",
        service=f"hokusai-{name}",
        service_arn=f"arn:aws:ecs:us-east-1:1:service/hokusai-staging/hokusai-{name}",
        family=f"hokusai-{name}-staging",
        revision=3,
        task_definition_arn=f"arn:aws:ecs:us-east-1:1:task-definition/hokusai-{name}-staging:3",
        address=f"127.20.0.{number}",
        ports=(8001,),
        containers=(name,),
        log_file=Path("/nonexistent"),
        state="RUNNING",
        health="HEALTHY",
        peak_memory_mib=123,
        created=START + 4,
        started=START + 5,
    )
    return replace(made, **changes)


def exchange(**changes: Any) -> Exchange:
    """A request that went through."""
    made = Exchange(
        time=START + 20,
        scheme="https",
        host="registry.staging.hokus.ai",
        method="POST",
        path="/api/2.0/mlflow/experiments/search",
        source="203.0.113.1",
        listener_arn=LISTENER,
        rule_arn=REGISTRY_RULE,
        priority=100,
        action="forward",
        target_group_arn=GROUP,
        target="127.20.0.1:8001",
        task_id=f"{1:032x}",
        status=200,
        seconds=0.02,
    )
    return replace(made, **changes)


STEPS = (
    StepResult("account", "an emulated account stands", Outcome.PASSED, START, 0.3, "a copy of the kept base"),
    StepResult("services", "Every service starts", Outcome.PASSED, START + 4, 9.0, "6 tasks"),
    StepResult(
        "api-proxy",
        "Every class of routes reaches MLflow",
        Outcome.FAILED,
        START + 14,
        1.5,
        formerly="verify_api_proxy.py",
        error=ValueError("404"),
    ),
    StepResult("model", "The client registers a model", Outcome.NOT_RUN, START + 16, 0.0, "needs api-proxy"),
)
FINDING = Finding(
    step="api-proxy",
    message="GET https://registry.staging.hokus.ai/api/2.0/mlflow-artifacts/artifacts answers 404 instead of 200",
    blamed="listener rule `registry` (modules/alb-rules)",
    address='module.alb_rules.aws_lb_listener_rule.this["registry"]',
    places="environments/stack/edge.tf:41, modules/alb-rules/rules.tf:47",
    remedy="Add a path pattern",
    settings="command: serve\nAUTH_SERVICE_ID=platform",
    exchange="GET https://registry.staging.hokus.ai/api\nAuthorization: Bearer ***\n\n404\n\n{}",
    log_of="hokusai-gateway-staging:3 (00000000)",
    log='{"kind": "access"}\n{"kind": "access"}',
)
TOPOLOGY = Topology(
    lanes=(
        Lane(
            "hokusai-registry",
            "HTTPS 443",
            "registry",
            "registry.staging.hokus.ai /api/*",
            "group",
            "hokusai-gateway",
            12,
            "e:1",
        ),
        Lane("hokusai-registry", "HTTPS 443", "default", "everything else", "answers 404", "", 3, ""),
        Lane("hokusai-registry", "HTTP 80", "default", "everything else", "301 to HTTPS", "", 0, ""),
    ),
    links=(
        Link("gateway", "mlflow", ":5000"),
        Link("mlflow", "database", ":5432"),
        Link("gateway-staging", "s3", "PutObject 3"),
    ),
)
FAILED = PreflightRecord(
    environment="staging",
    account_id="444455556666",
    commit="0123456789abcdef",
    clean=False,
    tools="Terraform 1.11.4, provider 5.100.0",
    account_origin="older",
    started=START,
    seconds=17.5,
    verdict=Verdict.FAILED,
    results=STEPS,
    findings=(FINDING,),
    topology=TOPOLOGY,
    events=(Event(START + 5, "task", "arn", "started"),),
    tasks=(task("gateway", 1), task("mlflow", 2, stopped=START + 12, exit_code=1, stopped_reason="out of memory")),
    logs={f"{1:032x}": "a line\nanother"},
    aws_calls=(
        AwsCall(START + 8, ROLE, "s3:PutObject", "arn:aws:s3:::b/artifacts/x", allowed=True, times=3),
        AwsCall(
            START + 9, ROLE, "s3:DeleteObject", "arn:aws:s3:::b/artifacts/x", allowed=False, reason="nobody allows it"
        ),
    ),
    refusals=(Refusal(START + 9, "gateway", "mlflow", "127.20.0.2", 5000, "no egress rule", "sg-1"),),
    limits=("memory limits",),
)
PASSED = replace(FAILED, verdict=Verdict.PASSED, results=STEPS[:2], findings=(), clean=True)
NOT_KNOWN = replace(PASSED, verdict=Verdict.NOT_KNOWN, reason="No C compiler.", results=(), topology=None, tasks=())


def hostile(of: Any) -> Any:
    """The same, with a text in every place that wants to be markup."""
    if isinstance(of, Outcome | Verdict | Path | float | int) or of is None:
        return of
    if isinstance(of, str):
        return HOSTILE
    if isinstance(of, tuple):
        return tuple(hostile(each) for each in of)
    if isinstance(of, dict):
        return {key: hostile(value) for key, value in of.items()}
    if is_dataclass(of) and not isinstance(of, type):
        kept = {"account_origin", "id", "task_id", "state", "health", "error", "allowed"}
        return replace(
            of, **{each.name: hostile(getattr(of, each.name)) for each in fields(of) if each.name not in kept}
        )
    return of
