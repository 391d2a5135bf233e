"""The command adopt; `register_adopt` puts it below `infra`."""

import sys

import click

from infra.account.selection import announce, select_account
from infra.console import say
from infra.environment import load_environment
from infra.lock import exclusive
from infra.release.adopt.adopt import adopt as find_out
from infra.release.adopt.report import print_adoption


def register_adopt(commands: click.Group) -> None:
    """Add the command.

    Args:
        commands: the group `infra`.
    """

    @commands.command()
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")
    def adopt(name: str, mode: str) -> None:
        """Write import blocks for what exists already: 0 for all of it, 2 where some would be replaced."""
        environment = load_environment(name)
        with exclusive(environment, f"infra adopt --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            found = find_out(environment, account)
            file = (
                f"build/{name}/adopt.{account.instance}.hcl" if account.instance else f"environments/{name}/adopt.hcl"
            )
            print_adoption(found, file)
            if found.taken:
                say(f"Next: `make plan ENV={name}` shows what is changed on it. Nothing of it may be replaced.")
            announce(account)
        sys.exit(2 if found.refused or found.unclear else 0)
