"""The commands drift and drift-issue; `register_drift` puts them below `infra`."""

import sys
from datetime import UTC, datetime

import click

from infra.account.selection import announce, select_account
from infra.console import say
from infra.environment import load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release.drift.examine import DAYS, examine
from infra.release.drift.issue import Issues, told
from infra.release.drift.reports import DriftFiles, write_reports
from infra.release.drift.terminal import print_drift


def register_drift(commands: click.Group) -> None:
    """Add the commands.

    Args:
        commands: the group `infra`.
    """
    environment_option = click.option(
        "--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV."
    )
    account_option = click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")

    @commands.command()
    @environment_option
    @account_option
    @click.option(
        "--days", envvar="DAYS", type=click.IntRange(min=1), default=DAYS, help="Tell what ends within so many days."
    )
    def drift(name: str, mode: str, days: int) -> None:
        """Find what no plan shows: 0 nothing, 2 drift, 1 it could not all be examined."""
        environment = load_environment(name)
        with exclusive(environment, f"infra drift --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            files = DriftFiles.of(environment)
            files.discard()
            report = examine(environment, account, datetime.now(UTC), days)
            write_reports(report, files)
            print_drift(report, f"build/{name}/drift/{files.issue.name}")
            announce(account)
        sys.exit(report.exit_code)

    @commands.command("drift-issue")
    @environment_option
    def drift_issue(name: str) -> None:
        """Open, update or close the one issue at GitHub that tells the drift of an environment."""
        environment = load_environment(name)
        what, examined = told(DriftFiles.of(environment), environment.name)
        say(f"Drift of {name}: {Issues.from_environment().tell(environment.name, what)}.")
        if not examined:
            raise InfraError(f"There is no report of {name}: it could not be examined, and the issue says so.")
