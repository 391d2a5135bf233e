"""The commands history and recover; `register_release` puts them below `infra`."""

import json

import click

from infra.account.selection import announce, select_account
from infra.console import note, say
from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release.books import Books, describe_open, open_books
from infra.release.ledger.chain import open_entry, verify
from infra.release.ledger.entry import Outcome
from infra.release.ledger.report import as_json, print_table
from infra.release.recovery.recover import recover as find_out

_SHOWN = 30


def register_release(commands: click.Group) -> None:
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
    @click.option("--json", "machine", is_flag=True, help="All entries as JSON, nothing else on stdout.")
    @click.option("--verify", "prove", is_flag=True, help="Prove the chain, and that the state's last writer is in it.")
    @click.option("--all", "whole", is_flag=True, help=f"All entries instead of the last {_SHOWN}.")
    def history(name: str, mode: str, machine: bool, prove: bool, whole: bool) -> None:
        """Show what was done to an environment: who, when, what, with what outcome."""
        environment = load_environment(name)
        account = select_account(environment, mode)
        if not machine:
            announce(account)
        books = open_books(environment, account)
        if prove:
            _prove(environment, books)
            return
        entries = books.ledger.entries()
        if machine:
            say(json.dumps(as_json(entries), indent=2))
            return
        print_table(entries if whole else entries[-_SHOWN:])
        say(f"{len(entries)} entries." if entries else f"Nothing was done to {name} yet.")
        waiting = open_entry(reversed(entries))
        if waiting:
            say(describe_open(environment, waiting), style="bold yellow")
        announce(account)

    @commands.command()
    @environment_option
    @account_option
    @click.option(
        "--entry", "number", envvar="ENTRY", type=click.IntRange(min=0), default=0, help="Begun elsewhere, and dead."
    )
    def recover(name: str, mode: str, number: int) -> None:
        """Find out what an interrupted apply or destroy did, complete the state, close its entry in the ledger."""
        environment = load_environment(name)
        with exclusive(environment, f"infra recover --env {name}"):
            account = select_account(environment, mode)
            announce(account)
            found = find_out(environment, account, number)
            if found.closed is None:
                say(f"Nothing of {name} is open: ledger and state agree.")
            else:
                record = found.closed.record
                say(f"Recovered: {record.outcome}. {record.note}.")
                for each in found.completed.unclear:
                    note(f"  may be in the account and is in no state: {each}", style="bold yellow")
                if record.outcome is not Outcome.SUCCEEDED:
                    say(f"Next: `make plan ENV={name}` shows what is still to be done.")
            announce(account)


def _prove(environment: Environment, books: Books) -> None:
    stored = books.ledger.stored()
    problems = verify(stored, environment.name, books.state.version())
    if problems:
        raise InfraError(
            f"The ledger of {environment.name} does not hold:\n" + "\n".join(f"  - {each}" for each in problems)
        )
    say(f"{len(stored)} entries: each names the one before, none was touched, and the last writer wrote the state.")
