"""Taking an environment down, its protections lifted first and only on purpose."""

import os

from infra.account.selection import Account
from infra.console import note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release import unsaved_state
from infra.release.books import Books, here, now, open_books
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.run import Run, begun
from infra.repository import revision
from infra.terraform.runner import Message, Terraform
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import open_stack, plan_stack

# The state's address of every guard: a resource that exists only to make Terraform refuse to destroy what it watches.
_GUARD = "terraform_data.guard"


def second_word(environment: Environment) -> str:
    """What has to be said beyond ENV to destroy an environment that protects its data.

    Args:
        environment: the environment.

    Returns:
        The value that CONFIRM must have.
    """
    return f"destroy-{environment.name}"


def require_second_word(environment: Environment, confirmation: str) -> None:
    """Refuse to destroy an environment that protects its data unless that was said explicitly.

    Args:
        environment: the environment; protected when `deletion_protection` in its variables is not false.
        confirmation: the CONFIRM variable.

    Raises:
        InfraError: it was not said.
    """
    if _protected(environment) and confirmation != second_word(environment):
        raise InfraError(
            f"{environment.name} is protected from deletion: its artifacts, database and load balancers would be lost. "
            f"If that is really wanted: `make destroy ENV={environment.name} CONFIRM={second_word(environment)}`."
        )


def destroy(environment: Environment, account: Account) -> None:
    """Destroy the stack of an environment.

    Its plans take no lock, which would outlive a kill: the ledger lets nothing else begin meanwhile.

    Args:
        environment: what to destroy; the caller has seen to the confirmations.
        account: where.

    Raises:
        InfraError: Terraform's reason; what is left is in the state, a second run goes on.
    """
    unsaved_state.require_none(environment, account)
    books, plan = open_books(environment, account), environment.build / ".destroy.tfplan"
    with open_session(find_tools(), account.environment(os.environ)) as session:
        root = open_stack(environment, session)
        with begun(environment, account, books, [_record(environment, account, books)]) as run:
            try:
                if _protected(environment):
                    _lift_protection(root, environment, run)
                with progress(f"planning the destruction of {environment.name}") as step:
                    plan_stack(root, environment, plan, step, destroy=True, lock=False, variables=_UNPROTECTED)
                with progress(f"destroying {environment.name}"):
                    run.apply(root, plan, _report)
            finally:
                plan.unlink(missing_ok=True)


def _record(environment: Environment, account: Account, books: Books) -> Record:
    here_now = revision()
    return Record(
        kind=Kind.DESTROY,
        environment=environment.name,
        outcome=Outcome.UNKNOWN,
        who=account.caller,
        where=here(),
        written=now(),
        started=now(),
        commit=here_now.commit or "",
        clean=here_now.clean,
        state=books.state.version(),
    )


_UNPROTECTED = {"deletion_protection": "false"}


def _protected(environment: Environment) -> bool:
    return environment.variables.get("deletion_protection", True) is not False


def _lift_protection(root: Terraform, environment: Environment, run: Run) -> None:
    """Forget the guards, then switch off what AWS itself protects; both are undone by the next ordinary apply."""
    guards = [
        address for address in root.state_list() if address.split("[")[0].endswith(_GUARD) or f"{_GUARD}[" in address
    ]
    if guards:
        with progress(f"lifting {len(guards)} guards"):
            root.state_rm(guards)
    lift = environment.build / ".unprotect.tfplan"
    try:
        with progress("switching off deletion protection") as step:
            if plan_stack(root, environment, lift, step, lock=False, variables=_UNPROTECTED):
                run.apply(root, lift, _report)
    finally:
        lift.unlink(missing_ok=True)


def _report(message: Message) -> None:
    if message.get("type") == "apply_complete":
        hook = message["hook"]
        note(f"    {hook['action']} {hook['resource']['addr']} ({hook['elapsed_seconds']:.0f} s)")
