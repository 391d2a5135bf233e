"""What the commands `infra preflight` and `infra demo` do, from the run to its reports and the last line."""

from dataclasses import replace

from infra.console import note, say
from infra.environment import Environment
from infra.preflight.drills.campaign import chosen_drills, run_drills
from infra.preflight.drills.report import DrillReport
from infra.preflight.keep import keep_running
from infra.preflight.live import Live
from infra.preflight.record import PreflightRecord, Verdict
from infra.preflight.reports.words import headline
from infra.preflight.reports.write import write_reports
from infra.preflight.run import preflight
from infra.preflight.use import Running, verify
from infra.verification.steps import Steps

_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red", Verdict.NOT_KNOWN: "bold yellow"}


def perform_preflight(environment: Environment, *, keep: bool, fail_fast: bool, drills: str) -> int:
    """Run a preflight and write its reports.

    Args:
        environment: what to try.
        keep: leave the platform running until the person ends it.
        fail_fast: run nothing more after the first failure.
        drills: which faults to let happen under a light load after the journey: see `chosen_drills`.

    Returns:
        Exit code: 0 passed, 1 failed, 2 could not run.

    Raises:
        InfraError: there is no such drill.
    """
    chosen = chosen_drills(drills)
    live = Live()
    reports: list[DrillReport] = []

    def use(running: Running, steps: Steps) -> None:
        verify(running, steps)
        if chosen:
            run_drills(chosen, running, steps, reports)
        if keep:
            keep_running(running, steps)

    record = preflight(environment, live, use, fail_fast=fail_fast)
    return _finish(replace(record, drills=tuple(reports)), environment)


def perform_demo(environment: Environment) -> int:
    """Start the platform for a person.

    Args:
        environment: whose platform.

    Returns:
        Exit code, as of a preflight.
    """
    return _finish(preflight(environment, Live(), keep_running), environment)


def _finish(record: PreflightRecord, environment: Environment) -> int:
    files = write_reports(record, environment)
    if record.reason:
        note(f"ERROR {record.reason}", style="bold red")
    say(f"Preflight of {record.environment} {record.verdict}. {headline(record)}", style=_STYLES[record.verdict])
    say(f"Reports: {files.page} (.md, .junit.xml beside it)")
    return record.verdict.exit_code
