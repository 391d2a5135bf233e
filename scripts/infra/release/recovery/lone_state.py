"""Objects of a state by themselves: read anew, or destroyed, without the stack's configuration.

`terraform plan -refresh-only` evaluates the configuration with what is there. An object that somebody removed, or that
an interrupted apply has not made, ends it with "Invalid index" or a refused variable: just when it is wanted. A root
module that has the stack's provider and wants nothing reads each object as one whose configuration is gone.

Source: https://github.com/hashicorp/terraform/issues/28939 (a refresh sees only what is in the state).
"""

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from infra.console import Step
from infra.environment import Environment
from infra.release.recovery import replay
from infra.repository import STACK
from infra.terraform.provider import LOCK_FILE
from infra.terraform.root_copy import keep_state_beside
from infra.terraform.runner import Terraform
from infra.terraform.session import Session
from infra.terraform.stack import plan_stack

# With them the provider is what it is for the stack: region, account, tags that every object gets.
_FILES: Final = ("providers.tf", "variables.tf", "versions.tf")


@contextmanager
def alone(resources: Sequence[Mapping[str, Any]], environment: Environment, session: Session) -> Iterator[Terraform]:
    """A root module that has objects in its state, the stack's provider, and nothing else.

    Args:
        resources: entries for the `resources` of its state.
        environment: whose.
        session: Terraform for its account.

    Yields:
        The root, initialised, in a folder of its own that ends with the block.

    Raises:
        TerraformError: Terraform's reason.
    """
    folder = environment.build / ".lone-state"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    try:
        for name in _FILES:
            shutil.copy(STACK / name, folder)
        shutil.copy(LOCK_FILE, folder)
        keep_state_beside(folder)
        state = replay.next_version({"resources": list(resources)}, session.tools.terraform.version)
        (folder / "terraform.tfstate").write_text(json.dumps(state))
        root = session.root(folder, folder / "data")
        root.init()
        yield root
    finally:
        shutil.rmtree(folder)


def plan_reading(root: Terraform, environment: Environment, step: Step) -> tuple[bool, Path]:
    """Read the objects of a lone state in the account.

    Args:
        root: as `alone` gives it.
        environment: whose.
        step: told how many objects were read.

    Returns:
        Whether any differs from its state, and the refresh-only plan that says how.

    Raises:
        InfraError: Terraform's reason.
    """
    plan = root.root / "plan.tfplan"
    return plan_stack(root, environment, plan, step, refresh_only=True), plan


def read_anew(state: Mapping[str, Any], environment: Environment, session: Session, step: Step) -> dict[str, Any]:
    """A state as the account is; what is not there is not in it any more.

    Args:
        state: the document.
        environment: whose.
        session: Terraform for its account.
        step: told how many objects were read.

    Returns:
        A copy; nothing was written anywhere.

    Raises:
        InfraError: Terraform's reason.
    """
    with alone(managed(state), environment, session) as root:
        changed, plan = plan_reading(root, environment, step)
        if not changed:
            return dict(state)
        root.apply(plan)
        left = root.state_pull()["resources"]
    return {**state, "resources": [each for each in state["resources"] if each["mode"] == "data"] + left}


def destroy(resources: Sequence[Mapping[str, Any]], environment: Environment, session: Session) -> None:
    """Destroy objects.

    Args:
        resources: entries for the `resources` of a state.
        environment: whose.
        session: Terraform for its account.

    Raises:
        TerraformError: Terraform's reason, for instance that something uses one of them. What is gone is gone.
    """
    with alone(resources, environment, session) as root:
        plan = root.root / "plan.tfplan"
        if root.plan(plan, environment.variable_files):
            root.apply(plan)


def managed(state: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a state has of objects in the account.

    Args:
        state: the document.

    Returns:
        Its `resources` but for data sources, which are read whenever something is planned.
    """
    return [each for each in state.get("resources", []) if each["mode"] == "managed"]
