"""The command rollback; `register_rollback` puts it below `infra`."""

import sys

import click

from infra.account.selection import announce, select_account
from infra.console import say
from infra.environment import load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release.rollback.afterwards import tell_phases, verified
from infra.release.rollback.rollback import Show, Wish, roll_back
from infra.review.saved_review import Checks

_REASON_LETTERS = 10


def register_rollback(commands: click.Group, checks: Checks, show: Show) -> None:
    """Add the command.

    Args:
        commands: the group `infra`.
        checks: all checks over a plan.
        show: prints a review in its short form.
    """

    @commands.command()
    @click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")
    @click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")
    @click.option(
        "--to", "entry", envvar="TO", type=click.IntRange(min=0), default=0, help="Entry of `infra history` to go to."
    )
    @click.option("--reason", envvar="REASON", default="", help="Why it cannot wait: takes the emergency path.")
    @click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
    @click.option("--confirm", "confirmation", envvar="CONFIRM", default="", help="What a refusal asks for.")
    def rollback(name: str, mode: str, entry: int, reason: str, yes: bool, confirmation: str) -> None:  # noqa: PLR0917
        """Bring back what ran before, or at an entry of the ledger, as a plan that is reviewed like any other."""
        environment = load_environment(name)
        if reason and len(reason.strip()) < _REASON_LETTERS:
            raise InfraError(f"REASON={reason!r} is no reason that anybody understands later: write a sentence.")
        with exclusive(environment, f"infra rollback --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            wish = Wish(entry, " ".join(reason.split()), yes, confirmation)
            phases = roll_back(environment, account, wish, checks, show)
            code = verified(environment, account, phases)
            say(f"Rolled back {name} in {phases.total:.0f} s.")
            tell_phases(phases)
            announce(account)
        sys.exit(code)
