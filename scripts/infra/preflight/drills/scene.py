"""Where drills happen: a running platform, its account, and the clients that work meanwhile."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from infra.preflight.drills.load import Load
from infra.preflight.drills.report import DrillReport
from infra.preflight.platform.model import Task
from infra.preflight.platform.runtime import Platform
from infra.preflight.use import Running
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

# A hang ends here; a busy machine does not.
BOUND_SECONDS = 240.0
GATEWAY, MLFLOW = "hokusai-gateway", "hokusai-mlflow"
_LOOK_SECONDS = 0.05


@dataclass
class Scene:
    """What a drill needs.

    Args:
        running: the platform, steady, with its account, keys and folder.
        target: the registry as clients know it, with its account.
        load: the clients.
        reports: of the drills so far.
    """

    running: Running
    target: Target
    load: Load
    reports: list[DrillReport] = field(default_factory=list)

    @property
    def platform(self) -> Platform:
        """The platform."""
        return self.running.platform

    def service(self, name: str) -> dict[str, Any]:
        """A service as ECS describes it.

        Args:
            name: of the service.

        Raises:
            CheckFailed: there is none.
        """
        ecs = self.target.account.client("ecs")
        found = ecs.describe_services(cluster=self.target.cluster, services=[name])["services"]
        if not found:
            raise CheckFailed(f"There is no service {name} in the cluster {self.target.cluster}.")
        service: dict[str, Any] = found[0]
        return service

    def newest_task(self, service: str) -> Task:
        """The newest running task of a service.

        Args:
            service: its name.

        Raises:
            CheckFailed: none runs.
        """
        running = [task for task in self.platform.tasks if task.service == service and task.state == "RUNNING"]
        if not running:
            raise CheckFailed(f"No task of {service} runs.", arn=str(self.service(service)["serviceArn"]))
        return running[-1]

    @staticmethod
    def wait_for(condition: Callable[[], bool], what: str, seconds: float = BOUND_SECONDS) -> None:
        """Wait until something is so.

        Args:
            condition: asked again and again.
            what: is waited for, in words.
            seconds: longest wait.

        Raises:
            CheckFailed: it did not become so in time.
        """
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise CheckFailed(f"Waited {seconds:g} s in vain for this: {what}.")
            time.sleep(_LOOK_SECONDS)
