"""What an account holds before the stack: the state bucket, the image repositories and the delivery roles.

The bootstrap root keeps its state in the bucket that it makes. So its first apply works on a copy with a local state,
which is then pushed into the bucket; every later run is an ordinary one on the S3 backend.
"""

import shutil
from pathlib import Path

from infra.console import Step
from infra.environment import Environment
from infra.repository import BOOTSTRAP
from infra.terraform.root_copy import copy_root, keep_state_beside
from infra.terraform.runner import Message, Terraform, TerraformError
from infra.terraform.session import Session

# What the bootstrap root takes from the environment's variables; Terraform says which is missing.
BOOTSTRAP_VARIABLES = ("account_id", "deletion_protection", "domain", "environment", "region")


def bootstrap_folder(environment: Environment) -> Path:
    """Where the bootstrap root of an environment is worked on.

    Args:
        environment: the environment.

    Returns:
        A folder below build/.
    """
    return environment.build / "bootstrap"


def apply_bootstrap(environment: Environment, session: Session, step: Step, workplace: Path) -> None:
    """Apply the bootstrap root, the first time or again.

    Args:
        environment: which environment's account.
        session: Terraform for that account.
        step: told which resource is being made.
        workplace: folder for what Terraform needs meanwhile; one for each account.

    Raises:
        TerraformError: Terraform's reason. A first apply that failed keeps its local state and goes on from there.
    """
    root = session.root(BOOTSTRAP, workplace / "data")
    if _has_state_bucket(root, environment):
        _apply(root, environment, step)
        return
    workshop = workplace / "first"
    copy = copy_root(BOOTSTRAP, workshop)
    keep_state_beside(copy)
    local = session.root(copy, workshop / "data")
    local.init()
    _apply(local, environment, step)
    root.init(environment.backend_config)
    root.state_push(local.root / "terraform.tfstate")
    shutil.rmtree(workshop)


def bootstrap_variables(environment: Environment) -> dict[str, str]:
    """The variables of the bootstrap root.

    Args:
        environment: whose account.

    Returns:
        Name -> value as a command line takes it.
    """
    values = {name: environment.variables[name] for name in BOOTSTRAP_VARIABLES if name in environment.variables}
    return {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in values.items()}


def _apply(root: Terraform, environment: Environment, step: Step) -> None:
    plan = root.data_dir / "bootstrap.tfplan"

    def show(message: Message) -> None:
        if message.get("type") == "apply_start":
            step.detail(str(message["hook"]["resource"]["addr"]))

    try:
        if root.plan(plan, variables=bootstrap_variables(environment)):
            root.apply(plan, show)
    finally:
        plan.unlink(missing_ok=True)


def _has_state_bucket(root: Terraform, environment: Environment) -> bool:
    """Whether the backend answers; only a missing bucket means that this account was never bootstrapped."""
    try:
        root.init(environment.backend_config)
    except TerraformError as error:
        if error.mentions("bucket does not exist") or error.mentions("NoSuchBucket"):
            return False
        raise
    return True
