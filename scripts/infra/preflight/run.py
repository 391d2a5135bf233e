"""One preflight: an account with the configuration applied, the platform started from it, and a client that uses it."""

import os
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.base.applied import AppliedAccount, applied_account
from infra.preflight.findings import explain
from infra.preflight.live import Live
from infra.preflight.origins import Origins, read_origins
from infra.preflight.platform.model import PlatformFailure
from infra.preflight.platform.runtime import Platform, running_platform
from infra.preflight.record import PreflightRecord, Verdict
from infra.preflight.topology import read_topology
from infra.preflight.use import Running, Use, issue_keys, verify
from infra.preflight.workplace import workplace
from infra.repository import revision
from infra.terraform.runner import TerraformError
from infra.terraform.session import Tools, find_tools
from infra.verification.finding import Finding
from infra.verification.steps import CheckFailed, Outcome, StepResult, Steps

# A hang ends here; a busy machine does not.
_MIGRATION_SECONDS = 300.0
_STEADY_SECONDS = 240.0
# What a configuration can be blamed for; anything else says nothing about it.
_ITS_OWN_FAULT = (TerraformError, PlatformFailure, CheckFailed)


def preflight(environment: Environment, live: Live, use: Use = verify, *, fail_fast: bool = False) -> PreflightRecord:
    """Run a preflight.

    Args:
        environment: what to try.
        live: told what happens.
        use: what is done with the platform when it runs.
        fail_fast: whether nothing more is run after the first failure.

    Returns:
        What was found.
    """
    run = _Run(environment, live, fail_fast)
    try:
        tools = run.tools = find_tools()
        with workplace(environment.name) as folder, applied_account(environment, tools, folder, run.steps) as applied:
            run.applied = applied
            with run.platform(applied, folder) as running:
                use(running, run.steps)
            if not run.steps.failed:
                applied.keep(tools)
    except _ITS_OWN_FAULT as error:
        run.reason = "" if run.steps.failed else str(error)
    except InfraError as error:
        run.reason = str(error)
    except Exception:
        run.reason = traceback.format_exc()
    return run.record()


@dataclass
class _Run:
    """What a run knows so far."""

    environment: Environment
    live: Live
    fail_fast: bool
    started: float = field(default_factory=time.time)
    tools: Tools | None = None
    applied: AppliedAccount | None = None
    account: EmulatedAccount | None = None
    seen: Platform | None = None
    findings: list[Finding] = field(default_factory=list)
    reason: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steps = Steps(self.live.begin, self._end, fail_fast=self.fail_fast)

    @contextmanager
    def platform(self, applied: AppliedAccount, folder: Path) -> Iterator[Running]:
        """Start the platform on a copy of the account: the account itself stays as applied, and may be kept."""
        environment = self.environment
        cluster = f"hokusai-{environment.name}"
        with ExitStack() as stack:
            account = self.account = applied.account.fork(parent_pid=os.getpid())
            stack.callback(account.stop)
            with self.steps.step("platform", "Network, names, front door and database come up as applied") as saw:
                started = running_platform(account, cluster, folder / "platform", narrate=self.live.event)
                platform = self.seen = stack.enter_context(started)
                saw(", ".join(sorted(platform.hosts)))
            stack.callback(self._remember, platform, account, cluster)
            with self.steps.step("migration", "The migration task brings the database's schema up to date"):
                platform.run_task(f"hokusai-mlflow-migration-{environment.name}", _MIGRATION_SECONDS)
            keys = issue_keys(platform)
            about = "Every service starts as its task definition says, and is healthy"
            with self.steps.step("services", about) as saw:
                platform.start_services()
                platform.wait_until_steady(_STEADY_SECONDS)
                running = [task for task in platform.tasks if task.service and task.state == "RUNNING"]
                saw(f"{len(running)} tasks")
            yield Running(environment, account, platform, keys, folder)

    def record(self) -> PreflightRecord:
        """Everything that was found."""
        made_from = revision()
        verdict = Verdict.NOT_KNOWN if self.reason else Verdict.FAILED if self.steps.failed else Verdict.PASSED
        tools = self.tools
        return PreflightRecord(
            environment=self.environment.name,
            account_id=self.environment.account_id,
            commit=made_from.commit or "",
            clean=made_from.clean,
            tools=f"Terraform {tools.terraform.version}, provider {tools.provider.version}" if tools else "",
            account_origin=self.applied.origin if self.applied else None,
            started=self.started,
            seconds=time.time() - self.started,
            verdict=verdict,
            results=tuple(self.steps.results),
            findings=tuple(self.findings),
            reason=self.reason,
            **self.facts,  # type: ignore[arg-type]
        )

    def _end(self, result: StepResult) -> None:
        self.live.end(result)
        if result.outcome is not Outcome.FAILED:
            return
        finding = explain(result, self.seen, self._origins())
        self.findings.append(finding)
        self.live.finding(finding)

    def _origins(self) -> Origins:
        account = self.account or (self.applied.account if self.applied else None)
        return read_origins(self.environment, account) if account else Origins([])

    def _remember(self, platform: Platform, account: EmulatedAccount, cluster: str) -> None:
        self.facts = {
            "topology": read_topology(account, cluster, platform, self._origins()),
            "events": tuple(platform.events),
            "tasks": tuple(replace(task) for task in platform.tasks),  # as they are now, before they are ended
            "logs": {task.id: task.log for task in platform.tasks},
            "aws_calls": tuple(platform.aws_calls),
            "refusals": tuple(platform.refusals),
            "limits": tuple(platform.limits),
        }
