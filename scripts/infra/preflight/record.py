"""What a preflight found: everything that its reports need, and nothing that is still running."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from infra.preflight.base.applied import Origin
from infra.preflight.drills.report import DrillReport
from infra.preflight.platform.model import AwsCall, Event, Refusal, Task
from infra.preflight.topology import Topology
from infra.verification.finding import Finding
from infra.verification.steps import StepResult


class Verdict(StrEnum):
    """What a preflight says of a configuration."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_KNOWN = "could not run"

    @property
    def exit_code(self) -> int:
        """What the command exits with."""
        return {Verdict.PASSED: 0, Verdict.FAILED: 1, Verdict.NOT_KNOWN: 2}[self]


@dataclass(frozen=True)
class PreflightRecord:
    """A finished preflight.

    Args:
        environment: its name.
        account_id: of the account that was stood for.
        commit: what was checked out; "" outside git.
        clean: whether the configuration is exactly that commit.
        tools: Terraform and provider with their versions.
        account_origin: where the account came from; None when there was none.
        started: seconds since the epoch.
        seconds: how long it took.
        verdict: what it says.
        results: the steps in their order.
        findings: one for each failed step.
        reason: why it could not run; "" otherwise.
        topology: what was started and which rule led where; None when nothing was.
        events: what happened, in order.
        tasks: all tasks.
        logs: what each task printed, by its id.
        aws_calls: calls of AWS APIs.
        refusals: connections that were not let through.
        limits: what this machine did not allow to be checked.
        drills: how the drills went; none where none were asked for.
    """

    environment: str
    account_id: str
    commit: str
    clean: bool
    tools: str
    account_origin: Origin | None
    started: float
    seconds: float
    verdict: Verdict
    results: tuple[StepResult, ...]
    findings: tuple[Finding, ...]
    reason: str = ""
    topology: Topology | None = None
    events: tuple[Event, ...] = ()
    tasks: tuple[Task, ...] = ()
    logs: Mapping[str, str] = field(default_factory=dict, repr=False)
    aws_calls: tuple[AwsCall, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    limits: tuple[str, ...] = ()
    drills: tuple[DrillReport, ...] = ()
