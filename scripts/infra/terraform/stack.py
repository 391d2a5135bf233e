"""The stack root of one environment: its backend, its plan, and what to do about a held lock."""

from collections.abc import Mapping
from pathlib import Path

from infra.console import Step
from infra.environment import Environment
from infra.errors import InfraError
from infra.terraform.adoptions import stack_root
from infra.terraform.runner import Message, Terraform, TerraformError
from infra.terraform.session import Session


def open_stack(environment: Environment, session: Session, folder: Path | None = None) -> Terraform:
    """The stack root of an environment, initialised with its state backend.

    Args:
        environment: whose backend.
        session: Terraform for its account.
        folder: a copy of the stack root to take instead; by default the stack, with what the environment takes over.

    Returns:
        The root.

    Raises:
        InfraError: the backend does not answer; says so when the account was never bootstrapped.
    """
    root = session.root(folder or stack_root(environment, session.account_instance), environment.build / "terraform")
    try:
        root.init(environment.backend_config)
    except TerraformError as error:
        if error.mentions("bucket", "does not exist"):
            raise InfraError(
                f"The state bucket of {environment.name} does not exist in account {environment.account_id}. "
                f"Make it first: `make bootstrap ENV={environment.name}`.\n{error}"
            ) from error
        raise
    return root


def plan_stack(
    root: Terraform,
    environment: Environment,
    out: Path,
    step: Step,
    *,
    destroy: bool = False,
    lock: bool = True,
    refresh: bool = True,
    refresh_only: bool = False,
    variables: Mapping[str, str] | None = None,
) -> bool:
    """Plan the stack, with progress, and say what to do about a held state lock.

    Args:
        root: the initialised stack.
        environment: its variable files.
        out: where the plan file goes.
        step: told what Terraform is doing.
        destroy: plan the destruction of everything.
        lock: whether to take the state lock.
        refresh: whether to read every resource first.
        refresh_only: plan to write into the state what the account is, and nothing else.
        variables: single values on top of the files.

    Returns:
        Whether it changes anything.

    Raises:
        InfraError: Terraform's reason.
    """
    read = 0

    def show(message: Message) -> None:
        nonlocal read
        if message.get("type") == "refresh_complete":
            read += 1
            step.detail(f"{read} resources read")

    try:
        return root.plan(
            out,
            environment.variable_files,
            destroy=destroy,
            lock=lock,
            refresh=refresh,
            refresh_only=refresh_only,
            variables=variables,
            on_message=show,
        )
    except TerraformError as error:
        raise explain_lock(error, environment) from error


def explain_lock(error: TerraformError, environment: Environment) -> InfraError:
    """What to do about a state lock that somebody else holds; any other failure stays as it is.

    Args:
        error: Terraform's failure.
        environment: for the command to run.

    Returns:
        The error to raise.
    """
    if not error.mentions("acquiring the state lock"):
        return error
    details = str(error).partition("\n")[2].rstrip()
    return locked(environment, f"another plan or apply is running.\n{details}", "<ID above>")


def locked(environment: Environment, holder: str, lock_id: str) -> InfraError:
    """What to say to a person whose command found the state locked.

    Args:
        environment: whose state.
        holder: who locked it, as one or more sentences.
        lock_id: of the lock, or where it can be read.

    Returns:
        The error to raise.
    """
    return InfraError(
        f"The state of {environment.name} is locked by someone else: {holder} Wait until it is done. Only if its owner "
        f"confirms that it died: `make unlock ENV={environment.name} ID={lock_id}`."
    )


def free_lock(root: Terraform, environment: Environment, lock_id: str) -> None:
    """Free the state lock of a run that died.

    Args:
        root: the initialised stack.
        environment: for the messages.
        lock_id: the ID that the refused command printed.

    Raises:
        InfraError: the state is not locked, or by another ID.
    """
    if not lock_id:
        raise InfraError(f"Which lock? `make unlock ENV={environment.name} ID=<ID that the refused command printed>`.")
    try:
        root.force_unlock(lock_id)
    except TerraformError as error:
        if error.mentions("NoSuchKey"):
            raise InfraError(f"The state of {environment.name} is not locked: there is nothing to free.") from error
        if error.mentions("lock id", "does not match"):
            raise InfraError(
                f"The state of {environment.name} is locked by another ID than {lock_id}: somebody else works on it "
                f"now. Run `make plan ENV={environment.name}` to see who."
            ) from error
        raise
