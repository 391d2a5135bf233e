"""A state that Terraform could not write to the backend when an apply lost the network.

Terraform then leaves `errored.tfstate` in the root module's folder: the only knowledge of what was just made. It is
moved to the environment's build folder, and nothing is planned or applied on the older state until it has been pushed.
"""

import json
import shutil
from pathlib import Path

from infra.account.selection import Account
from infra.console import note
from infra.environment import Environment
from infra.errors import InfraError
from infra.repository import STACK
from infra.terraform.adoptions import adopting_root
from infra.terraform.runner import Terraform, TerraformError
from infra.terraform.stack import explain_lock


def keep(environment: Environment, account: Account) -> Path | None:
    """Move what Terraform left behind to the environment's build folder.

    Args:
        environment: whose apply failed.
        account: where; a state of an emulated account that is gone is worth nothing.

    Returns:
        Where the state is now, or None when there was none.
    """
    places = (folder / "errored.tfstate" for folder in (STACK, adopting_root(environment)))
    left = next((path for path in places if path.exists()), None)
    if left is None:
        return None
    kept = _kept(environment)
    shutil.move(left, kept)
    kept.chmod(0o600)
    _owner(environment).write_text(json.dumps([account.kind, account.account_id, account.instance]))
    return kept


def require_none(environment: Environment, account: Account) -> None:
    """Refuse to go on while an unsaved state waits.

    Args:
        environment: the environment about to be planned or applied.
        account: where.

    Raises:
        InfraError: there is one; says how to save it.
    """
    kept = _kept(environment)
    if not kept.exists():
        return
    owner = json.loads(_owner(environment).read_text()) if _owner(environment).exists() else None
    if account.kind == "emulated" and owner != [account.kind, account.account_id, account.instance]:
        note(f"  {kept.name} belonged to an emulated account that is gone: removed")
        _forget(environment)
        return
    raise InfraError(
        f"An earlier apply of {environment.name} could not save its state; it is in {kept}. Planning now would not "
        f"know what that apply made. Save it first: `make recover ENV={environment.name}`."
    )


def waits(environment: Environment) -> bool:
    """Whether an unsaved state waits to be pushed.

    Args:
        environment: whose.

    Returns:
        True when there is one.
    """
    return _kept(environment).exists()


def push(root: Terraform, environment: Environment) -> bool:
    """Write the kept state to the backend.

    Args:
        root: the initialised stack; its lock is free.
        environment: whose state.

    Returns:
        Whether there was one.

    Raises:
        InfraError: the backend refused it, as it does when it has a newer one; it is kept.
    """
    kept = _kept(environment)
    if not kept.exists():
        return False
    try:
        root.state_push(kept)
    except TerraformError as error:
        raise explain_lock(error, environment) from error
    _forget(environment)
    return True


def _kept(environment: Environment) -> Path:
    return environment.build / "errored.tfstate"


def _owner(environment: Environment) -> Path:
    return environment.build / "errored.account.json"


def _forget(environment: Environment) -> None:
    _kept(environment).unlink(missing_ok=True)
    _owner(environment).unlink(missing_ok=True)
