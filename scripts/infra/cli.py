"""The command `infra`, which the Makefile calls: reads the command line, prints, exits."""

import errno
import os
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from types import FrameType
from typing import Any, TypeVar

import click

from infra.account import emulated
from infra.account.preparation import account_folder, prepared_account
from infra.account.selection import announce, select_account
from infra.bootstrap import apply_bootstrap, bootstrap_folder
from infra.console import note, progress, say
from infra.doctor import examine
from infra.documentation.api import write_api_document
from infra.documentation.from_plans import write_documents_from_plans
from infra.documentation.module_readme import module_readmes
from infra.documentation.settings import write_settings
from infra.environment import environment_names, load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.preflight.base.kept import find_base, stop_base
from infra.preflight.command import register_preflight
from infra.provider_schema.write import write_schema
from infra.release import apply as release
from infra.release import destroy as demolition
from infra.release.adopt.commands import register_adopt
from infra.release.commands import register_release
from infra.release.deploying.commands import register_deploy
from infra.release.drift.commands import register_drift
from infra.release.preconditions import require_commit
from infra.release.rollback.commands import register_rollback
from infra.repository import ROOT, STACK
from infra.requirements_lock import LOCKS, lock_requirements
from infra.review.commands import plan_exit_code, register, say_where_gates_hold
from infra.review.delivery_commands import register_delivery
from infra.review.gate import Verdict
from infra.review.model import Review
from infra.review.permission import verdict_on
from infra.review.plan_checks import plan_checks
from infra.review.reports.sources import read_sources
from infra.review.reports.terminal import print_review
from infra.review.reports.write import review_folder, whole_report, write_reports
from infra.reviewed_plan import make_reviewed_plan
from infra.scan import scan as run_scan
from infra.terraform.formatting import format_configuration
from infra.terraform.saved_plan import last_planned
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import free_lock, open_stack
from infra.tflint import lint
from infra.verify.command import register_verify

_INTERRUPTED = 130
_Command = TypeVar("_Command", bound=Callable[..., Any])


def main() -> None:
    """Run a command; every expected failure is one message on stderr and a non-zero exit code."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        commands.main(standalone_mode=False)
    except click.ClickException as error:
        note(f"ERROR {error.format_message()}", style="bold red")
        sys.exit(2)
    except InfraError as error:
        note(f"ERROR {error}", style="bold red")
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        note("Interrupted. Nothing is left running; the same command starts over.", style="bold yellow")
        sys.exit(_INTERRUPTED)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES):
            raise
        note(
            f"ERROR {error.filename or 'A file'} cannot be written: {error.strerror}. Make room, or set INFRA_BUILD "
            "to a folder that can be written, and run the command again.",
            style="bold red",
        )
        sys.exit(1)


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _environment_option(command: _Command) -> _Command:
    return click.option("--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV.")(command)


def _account_option(command: _Command) -> _Command:
    return click.option("--account", "mode", envvar="ACCOUNT", default="auto", help="auto, aws or emulated.")(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def commands() -> None:
    """Plans, proves and applies the infrastructure of the Hokusai model registry."""


@commands.command()
@_environment_option
@_account_option
@click.option("--destroy", is_flag=True, help="Plan the destruction of everything.")
@click.option("--lock/--no-lock", default=True, help="Take the state lock; a role that can only read cannot.")
def plan(name: str, mode: str, destroy: bool, lock: bool) -> None:
    """Plan an environment, save the plan, review and judge it."""
    environment = load_environment(name)
    with exclusive(environment, f"infra plan --env {name}"):
        account = select_account(environment, mode)
        announce(account)
        judged, record = make_reviewed_plan(environment, account, destroy=destroy, lock=lock)
        verdict = verdict_on(judged, record, environment, account, now=datetime.now(UTC))
        _show(judged, verdict, short=True)
        if not record.clean:
            note(
                "  The configuration is not a clean commit: this plan can be applied, but nobody can look it up later."
            )
        say_where_gates_hold(account)
        if record.has_changes:
            following = f"`make destroy ENV={name}`" if destroy else "`make apply` applies exactly this plan"
            say(f"Saved build/{name}/plan.tfplan. Next: {following}.")
        announce(account)
    sys.exit(plan_exit_code(verdict, account))


@commands.command()
@_environment_option
@click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
def apply(name: str, yes: bool) -> None:
    """Apply exactly the saved plan of an environment, by default of the one planned last."""
    environment = load_environment(name or last_planned())
    with exclusive(environment, f"infra apply --env {environment.name}"):
        record = release.load_saved_plan(environment)
        require_commit(environment, record)
        account = release.planned_account(environment, record)
        announce(account)
        if not record.has_changes:
            say(f"The saved plan of {environment.name} changes nothing.")
            return
        if record.destroy:
            demolition.require_second_word(environment, "")  # it has protections to lift, which a plan cannot
        verb = "Destroy" if record.destroy else "Apply"
        release.confirm(f"{verb} the plan of {record.created} for {environment.name}?", environment.name, yes)
        release.apply_saved_plan(environment, account, record, plan_checks)
        say(f"Applied. {environment.name} is what its configuration says.")
        announce(account)


@commands.command()
@_environment_option
@_account_option
@click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
@click.option(
    "--confirm", "confirmation", envvar="CONFIRM", default="", help="Second word for a protected environment."
)
def destroy(name: str, mode: str, yes: bool, confirmation: str) -> None:
    """Destroy the stack of an environment."""
    environment = load_environment(name)
    demolition.require_second_word(environment, confirmation)
    with exclusive(environment, f"infra destroy --env {name}"):
        account = select_account(environment, mode)
        announce(account)
        release.confirm(f"Destroy everything in {name} (account {account.account_id})?", name, yes)
        demolition.destroy(environment, account, plan_checks)
        say(f"Destroyed. The state of {name} is empty; the state bucket and the delivery roles stay.")
        announce(account)


@commands.command()
@_environment_option
@_account_option
@click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
def bootstrap(name: str, mode: str, yes: bool) -> None:
    """Make the state bucket, the image repositories and the delivery roles of an account, once."""
    environment = load_environment(name)
    with exclusive(environment, f"infra bootstrap --env {name}"):
        account = select_account(environment, mode)
        announce(account)
        if account.emulated:
            say("An emulated account is bootstrapped when it starts: nothing to do.")
            return
        release.confirm(
            f"Make state bucket and delivery roles of {name} in AWS account {account.account_id}?", name, yes
        )
        with open_session(find_tools()) as session, progress(f"bootstrapping {account.account_id}") as step:
            apply_bootstrap(environment, session, step, bootstrap_folder(environment))
        announce(account)


@commands.command()
@_environment_option
@_account_option
@click.argument("lock_id")
def unlock(name: str, mode: str, lock_id: str) -> None:
    """Free the state lock of a run that died."""
    environment = load_environment(name)
    account = select_account(environment, mode)
    announce(account)
    with open_session(find_tools(), account.environment(os.environ)) as session:
        free_lock(open_stack(environment, session), environment, lock_id)
    say(f"Unlocked. Next: `make plan ENV={name}`.")


@commands.group("account")
def account_commands() -> None:
    """The emulated AWS account of an environment."""


@account_commands.command()
@_environment_option
@click.option("--port", default=0, envvar="PORT", help="TCP port on 127.0.0.1; 0 takes a free one.")
def up(name: str, port: int) -> None:
    """Start it, prepared as a real account is before the stack."""
    environment = load_environment(name)
    with exclusive(environment, f"infra account up --env {name}"):
        account = prepared_account(environment, port)
    say(f"{account.account_id} answers at {account.endpoint} (process {account.pid}).")


@account_commands.command()
@_environment_option
@click.option("--all", "everywhere", is_flag=True, help="Those of all environments.")
def down(name: str, everywhere: bool) -> None:
    """Stop it; what it held is gone."""
    for each in environment_names() if everywhere else [name]:
        account = emulated.find(account_folder(load_environment(each)))
        if account:
            account.stop()
        say(f"The emulated account of {each} {'was stopped' if account else 'is not running'}.")
        if stop_base(load_environment(each)):
            say(f"The base of {each}, which preflights copied, was stopped too.")


@account_commands.command()
def status() -> None:
    """Say which ones run."""
    for name in environment_names():
        account = emulated.find(account_folder(load_environment(name)))
        base = find_base(load_environment(name))
        say(
            f"{name:12} "
            + (f"{account.account_id} at {account.endpoint} (process {account.pid})" if account else "down")
            + (f"; base of preflights at {base.account.endpoint} (process {base.account.pid})" if base else "")
        )


@account_commands.command()
def gaps() -> None:
    """List what is filled in over moto, each with its API call."""
    from infra.account.gaps import GAPS  # noqa: PLC0415 - imports moto, which takes longer than most commands

    for gap in GAPS:
        say(f"{gap.name:40} {gap.api_call}")


@commands.command()
def doctor() -> None:
    """Say what was found on this machine and what is missing."""
    examine()


@commands.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when something would change.")
def fmt(check: bool) -> None:
    """Format every Terraform file."""
    format_configuration(check=check)


@commands.command()
def tflint() -> None:
    """Lint every module, example and root."""
    lint()


@commands.command("lock-requirements")
@click.argument("names", nargs=-1, type=click.Choice(list(LOCKS)))
def lock_files(names: tuple[str, ...]) -> None:
    """Resolve lock files anew from the pyproject.toml files: those named, or all."""
    lock_requirements(names or list(LOCKS))


@commands.command()
@click.option("--check", is_flag=True, help="Write nothing; fail when something would change.")
def docs(check: bool) -> None:
    """Generate from code and saved plans: the modules' READMEs, permissions, architecture, cost, API."""
    module_readmes(check=check)
    if not check:
        write_documents_from_plans()
        write_api_document()
        write_settings()


@commands.command()
@_environment_option
def scan(name: str) -> None:
    """Judge configuration and saved plans: checkov, own policies, IAM."""
    run_scan(name)


@commands.command("provider-schema")
def provider_schema() -> None:
    """Fetch the published 6.x provider schema anew and keep what the configuration uses of it."""
    say(f"Wrote {write_schema()}.")


def _show(judged: Review, verdict: Verdict, *, short: bool = False) -> None:
    folder = review_folder(load_environment(judged.provenance.environment))
    whole = whole_report(folder, os.environ)
    write_reports(judged, verdict, folder, sources=read_sources(STACK, ROOT), whole=whole, purpose="plan")
    print_review(judged, verdict, whole, short=short)


register(commands, plan_checks, _show)
register_release(commands)
register_deploy(commands, plan_checks, partial(_show, short=True))
register_rollback(commands, plan_checks, partial(_show, short=True))
register_preflight(commands)
register_verify(commands)
register_drift(commands)
register_adopt(commands)
register_delivery(
    commands,
    lambda environment, account, record, delivery: release.apply_saved_plan(
        environment, account, record, plan_checks, delivery
    ),
)

if __name__ == "__main__":
    main()
