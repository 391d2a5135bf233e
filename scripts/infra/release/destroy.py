"""Taking an environment down, its protections lifted first and only on purpose."""

import os

from infra.account.selection import Account
from infra.console import note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, here, now, open_books
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.preconditions import require_permission, require_state
from infra.release.recovery import unsaved_state
from infra.release.run import Run, begun
from infra.repository import revision
from infra.review.permission import gates_hold
from infra.review.saved_review import Checks
from infra.terraform import saved_plan
from infra.terraform.runner import Message, Terraform
from infra.terraform.saved_plan import PlanFiles, PlanRecord
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


def destroy(environment: Environment, account: Account, checks: Checks) -> None:
    """Destroy the stack of an environment.

    Where the gates hold, the saved plan must be one of this destruction, and everybody must agree to it who has to.
    What is carried out then only differs by the protections that are lifted first.

    Its plans take no lock, which would outlive a kill: the ledger lets nothing else begin meanwhile.

    Args:
        environment: what to destroy; the caller has seen to the confirmations.
        account: where.
        checks: all checks over a plan; asked where the gates hold.

    Raises:
        InfraError: the gate does not allow it, and nothing was changed; or Terraform's reason: what is left is in the
            state, a second run goes on.
    """
    unsaved_state.require_none(environment, account)
    books, plan = open_books(environment, account), environment.build / ".destroy.tfplan"
    with open_session(find_tools(), account.environment(os.environ)) as session:
        root = open_stack(environment, session)
        if gates_hold(account.kind):
            record = _planned_destruction(environment)
            require_permission(root, environment, account, record, checks, None)
            require_state(environment, record, books)
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


def _planned_destruction(environment: Environment) -> PlanRecord:
    files = PlanFiles(environment.build)
    record = saved_plan.load(files, environment.name) if files.plan.exists() else None
    if record is None or not record.destroy:
        raise InfraError(
            f"The destruction of {environment.name} is reviewed and approved as any plan is: `make plan "
            f"ENV={environment.name} DESTROY=1`, then `make destroy` again. Nothing was changed."
        )
    return record


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
