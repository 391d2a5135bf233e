"""Applying to an account what differs from what is in it, with real Terraform and the state that is in the account."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.bootstrap import apply_bootstrap
from infra.console import progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.repository import STACK
from infra.terraform.root_copy import copy_root
from infra.terraform.runner import Message, Terraform
from infra.terraform.session import Session


@dataclass(frozen=True)
class PlannedChange:
    """Something that an apply will do.

    Args:
        address: of the resource.
        action: "create", "update", "replace", "delete", as Terraform names it.
    """

    address: str
    action: str


class Difference:
    """What the configuration says and the account does not hold yet.

    Args:
        environment: the environment.
        session: Terraform for the account.
        workplace: folder of this run; Terraform leaves nothing anywhere else.
    """

    def __init__(self, environment: Environment, session: Session, workplace: Path) -> None:
        self._environment = environment
        self._session = session
        self._workplace = workplace
        self._root: Terraform | None = None

    def apply_bootstrap(self) -> None:
        """Bring the bootstrap root up to date.

        Raises:
            TerraformError: Terraform's reason.
        """
        with progress("bringing the bootstrap root up to date") as step:
            apply_bootstrap(self._environment, self._session, step, self._workplace / "bootstrap")

    def apply(
        self, on_planned: Callable[[Sequence[PlannedChange]], None], on_made: Callable[[str, float], None]
    ) -> None:
        """Plan the stack and apply that plan.

        The state is believed: it says what is in an account in which a plan that read everything was empty and nobody
        worked since.

        Args:
            on_planned: called with what differs before anything is done.
            on_made: called with the address of each resource that is done and the seconds that it took.

        Raises:
            TerraformError: the configuration is refused, or the apply failed; with Terraform's reason and the place.
        """
        found: list[PlannedChange] = []

        def read(message: Message) -> None:
            kind = message.get("type")
            if kind == "planned_change":
                found.append(_planned(message))
            elif kind == "change_summary" and message["changes"]["operation"] == "plan":
                on_planned(found)
            elif kind == "apply_complete":
                hook = message["hook"]
                on_made(str(hook["resource"]["addr"]), float(hook["elapsed_seconds"]))

        self._stack().plan_and_apply(self._environment.variable_files, read)

    def require_none(self) -> None:
        """Prove with a plan that reads everything that the account is what the configuration says.

        Raises:
            InfraError: something is left to do.
        """
        left: list[PlannedChange] = []

        def read(message: Message) -> None:
            if message.get("type") == "planned_change":
                left.append(_planned(message))

        plan_file = self._workplace / "again.tfplan"
        self._stack().plan(plan_file, self._environment.variable_files, on_message=read)
        plan_file.unlink()
        if left:
            raise InfraError(
                "Everything was applied, but a plan made right afterwards is not empty: "
                + ", ".join(f"{change.address} ({change.action})" for change in left)
                + ". The configuration is not stable, or the emulated account has a gap (infra/account/gaps.py)."
            )

    def _stack(self) -> Terraform:
        if self._root is None:
            root = self._session.root(copy_root(STACK, self._workplace / "configuration"), self._workplace / "data")
            root.init(self._environment.backend_config)
            self._root = root
        return self._root


def _planned(message: Message) -> PlannedChange:
    change: Mapping[str, Any] = message["change"]
    return PlannedChange(change["resource"]["addr"], change["action"])
