"""The migration beside Terraform: started as soon as everything is there that it needs, waited for at the end."""

import threading
from collections.abc import Callable
from typing import Final

from infra.console import Step, note
from infra.errors import InfraError
from infra.release.tasks.migration import Migrated
from infra.release.tasks.task_changes import Migration, Network, needed_first, network_of
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Message

_LOOK_SECONDS: Final = 0.5

# Runs the migration in a network and returns what it did; told where to say how far it is.
Work = Callable[[Network, Callable[[str], None]], Migrated]


class MigrationRun:
    """One run of the migration, in a thread of its own; it does not outlive this process, the task on ECS does.

    Args:
        plan: that is applied.
        migration: the task.
        work: runs it.

    Attributes:
        started: whether the task was asked for.
    """

    def __init__(self, plan: Plan, migration: Migration, work: Work) -> None:
        self._plan, self._migration, self._work = plan, migration, work
        self._missing = set(needed_first(plan)) if migration.changed else set()
        self._made: dict[str, str] = {}
        self._thread: threading.Thread | None = None
        self._detail = "starting"
        self._did: Migrated | None = None
        self._failed: BaseException | None = None

    @property
    def started(self) -> bool:
        """Whether it was started."""
        return self._thread is not None

    def hear(self, message: Message) -> None:
        """Take in a message of Terraform's, and start when nothing is missing any more.

        Args:
            message: machine-readable.
        """
        hook = message.get("hook", {})
        if message.get("type") != "apply_complete" or hook.get("action") not in ("create", "update"):
            return
        address = hook["resource"]["addr"]
        self._missing.discard(address)
        if hook.get("id_value"):
            self._made[address] = hook["id_value"]
        if not self._missing and not self.started:
            network = network_of(self._plan, self._migration, self._made)
            if network:
                note(f"    starting the migration ({self._migration.family})")
                self._start(network)

    def start(self) -> None:
        """Start now, whatever Terraform has said.

        Raises:
            InfraError: there is no network to run it in.
        """
        network = network_of(self._plan, self._migration, self._made)
        if network is None:
            raise InfraError(
                f"The migration could not be started: the subnets and the security group of {self._migration.family} "
                "are not there. Apply the stack first."
            )
        self._start(network)

    def wait(self, step: Step) -> Migrated:
        """Wait for its end.

        Args:
            step: told how far it is.

        Returns:
            What it did.

        Raises:
            InfraError: it failed; says why.
        """
        assert self._thread is not None  # noqa: S101 - started before
        while self._thread.is_alive():
            step.detail(self._detail)
            self._thread.join(_LOOK_SECONDS)
        if self._failed:
            raise self._failed
        assert self._did is not None  # noqa: S101 - either of both
        return self._did

    def _start(self, network: Network) -> None:
        self._thread = threading.Thread(target=self._run, args=(network,), daemon=True)
        self._thread.start()

    def _run(self, network: Network) -> None:
        try:
            self._did = self._work(network, self._tell)
        except BaseException as error:
            self._failed = error

    def _tell(self, detail: str) -> None:
        self._detail = detail
