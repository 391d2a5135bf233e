"""The commands `infra preflight` and `infra demo`."""

import sys

import click

from infra.console import note, say
from infra.environment import Environment, load_environment
from infra.preflight.keep import keep_running
from infra.preflight.live import Live
from infra.preflight.record import PreflightRecord, Verdict
from infra.preflight.reports.words import headline
from infra.preflight.reports.write import write_reports
from infra.preflight.run import preflight
from infra.preflight.use import Running, verify
from infra.verification.steps import Steps

_STYLES = {Verdict.PASSED: "bold green", Verdict.FAILED: "bold red", Verdict.NOT_KNOWN: "bold yellow"}


def register_preflight(commands: click.Group) -> None:
    """Add the commands.

    Args:
        commands: the group of all commands.
    """

    @commands.command("preflight")
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--keep", is_flag=True, envvar="KEEP", help="Leave it running afterwards; the Makefile's KEEP=1.")
    def _preflight(name: str, keep: bool) -> None:
        """Apply an environment, start it as applied, use it: exits with 0 passed, 1 failed, 2 could not run."""
        environment = load_environment(name)
        live = Live()

        def use(running: Running, steps: Steps) -> None:
            verify(running, steps)
            if keep:
                live.pause()
                keep_running(running, steps)

        _finish(preflight(environment, live, use), environment)

    @commands.command("demo")
    @click.option("--env", "name", envvar="ENV", default="development", help="Environment.")
    def _demo(name: str) -> None:
        """Start the platform of an environment on this machine, to be used by a person."""
        environment = load_environment(name or "development")
        _finish(preflight(environment, Live(), keep_running), environment)


def _finish(record: PreflightRecord, environment: Environment) -> None:
    files = write_reports(record, environment)
    if record.reason:
        note(f"ERROR {record.reason}", style="bold red")
    say(f"Preflight of {record.environment} {record.verdict}. {headline(record)}", style=_STYLES[record.verdict])
    say(f"Reports: {files.page} (.md, .junit.xml beside it)")
    if record.verdict.exit_code:
        sys.exit(record.verdict.exit_code)
