"""Services: as many tasks as wanted, registered where the service says, replaced by rolling deployments.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html and, for the circuit breaker,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.container_settings import Surroundings
from infra.preflight.platform.definitions import ServiceDefinition, TaskDefinition, read_definition
from infra.preflight.platform.model import PlatformFailure
from infra.preflight.platform.record import Record
from infra.preflight.platform.registrations import Registrations
from infra.preflight.platform.rolling import failure_threshold, may_start, may_stop
from infra.preflight.platform.targets import TargetGroups
from infra.preflight.platform.tasks import RunningTask

_LOOK_SECONDS = 0.1
_SCALED = "Scaling activity initiated by deployment"


@dataclass
class Deployment:
    """One revision of a service on its way.

    Args:
        definition: its task definition.
        tasks: running or starting.
        failed: tasks that did not get so far.
        in_a_row: how many failed since the last one that was healthy.
        state: "IN_PROGRESS", "COMPLETED" or "FAILED".
    """

    definition: TaskDefinition
    tasks: list[RunningTask] = field(default_factory=list)
    failed: list[RunningTask] = field(default_factory=list)
    in_a_row: int = 0
    state: str = "IN_PROGRESS"


class Service:
    """A service that runs.

    Args:
        definition: as applied.
        account: where it is registered.
        surroundings: of its tasks.
        groups: target groups.
        record: told of deployments.
        took: told of each task that is started.
    """

    def __init__(  # noqa: PLR0917 - each is a part that others use as well
        self,
        definition: ServiceDefinition,
        account: EmulatedAccount,
        surroundings: Surroundings,
        groups: TargetGroups,
        record: Record,
        took: Callable[[RunningTask], None],
    ) -> None:
        self.definition, self._account, self._surroundings = definition, account, surroundings
        self._groups, self._record, self._took = groups, record, took
        self._current = Deployment(read_definition(account, definition.task_definition))
        self._before: Deployment | None = None
        self._placed = 0
        self._registrations = Registrations(account, groups)
        self._keeper: asyncio.Task[None] | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @property
    def state(self) -> str:
        """Of the current deployment."""
        return self._current.state

    @property
    def current(self) -> TaskDefinition:
        """The revision that runs, or is on its way."""
        return self._current.definition

    @property
    def tasks(self) -> list[RunningTask]:
        """All that run."""
        return [*self._current.tasks, *(self._before.tasks if self._before else [])]

    def start(self) -> None:
        """Begin to keep the wanted number of tasks."""
        self._keeper = asyncio.create_task(self._keep())

    async def deploy(self, definition: ServiceDefinition) -> None:
        """The service has changed in the account: replace its tasks if they are others now."""
        self.definition = definition
        if definition.task_definition == self._current.definition.arn:
            return
        new = await asyncio.to_thread(read_definition, self._account, definition.task_definition)
        self._tell(f"deployment of {new.family}:{new.revision} begins")
        if self._before is None or self._current.state == "COMPLETED":
            self._before = self._current
        else:
            for task in self._current.tasks:
                self._leave(task, "Deployment was replaced")
        self._current = Deployment(new)

    async def close(self) -> None:
        """End everything at once."""
        if self._keeper:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        for leaving in self._leaving:
            leaving.cancel()
        await asyncio.gather(*(task.stop("The run is over", at_once=True) for task in self.tasks))

    def failure(self) -> PlatformFailure | None:
        """Why the current deployment does not get steady, as soon as that is known."""
        if self.definition.desired == 0:
            return PlatformFailure(
                f"{self.definition.name} has a desired count of 0: nobody answers.",
                arn=self.definition.arn,
                attribute="desired_count",
            )
        if self._current.state == "FAILED" or (self._current.failed and self._before is None):
            return self._why(self._current.failed[-1])
        for task in self._current.tasks:
            unhealthy = self._unhealthy_target(task)
            if unhealthy and self._before is None and task.task.health != "UNKNOWN":
                return unhealthy
        return None

    def waiting_for(self) -> str:
        """What is missing for a steady state, in words."""
        healthy = sum(self._is_healthy(task) for task in self._current.tasks)
        return f"{self.definition.name}: {healthy} of {self.definition.desired} tasks healthy"

    def is_steady(self) -> bool:
        """Whether the wanted number of tasks of the current revision is healthy, and no other runs."""
        return (
            self._current.state == "COMPLETED"
            and self.definition.desired > 0
            and self._before is None
            and not self._leaving
            and (sum(self._is_healthy(task) for task in self._current.tasks) == self.definition.desired)
        )

    async def _keep(self) -> None:
        while True:
            try:
                await self._look()
            except Exception as error:
                self._record.fault(f"service {self.definition.name}", error)
                return
            await asyncio.sleep(_LOOK_SECONDS)

    async def _look(self) -> None:
        """One turn: note who ended, register, start, stop."""
        await self._note_ended()
        for task in self.tasks:
            await self._registrations.enter(self.definition, task)
            await self._end_if_unhealthy(task)
        wanted, current = self.definition.desired, self._current
        if current.state == "FAILED":
            return
        # After failures ECS waits longer and longer.
        resting = bool(current.failed) and time.time() - (current.failed[-1].task.stopped or 0) < len(current.failed)
        new, staying = _staying(current.tasks), _staying(self.tasks)
        maximum = self.definition.maximum_percent
        for _ in range(0 if resting else may_start(wanted, maximum, new=len(new), all_running=len(staying))):
            self._start_one()
        for task in new[wanted:]:
            self._leave(task, _SCALED)
        healthy = sum(self._is_healthy(task) for task in current.tasks)
        current.in_a_row = 0 if healthy else current.in_a_row
        if self._before:
            self._make_room(self._before, healthy)
        if healthy == wanted:
            if self._before:
                for task in self._before.tasks:
                    self._leave(task, _SCALED)
                self._before = None
            if current.state == "IN_PROGRESS":
                current.state = "COMPLETED"
                self._tell("has reached a steady state")

    def _make_room(self, before: Deployment, new_healthy: int) -> None:
        """Stop tasks of the revision before, as many as the minimum healthy percent allows."""
        old = _staying(before.tasks)
        healthy = [task for task in old if self._is_healthy(task)]
        minimum = self.definition.minimum_healthy_percent
        count = may_stop(self.definition.desired, minimum, len(healthy) + new_healthy)
        for task in healthy[:count]:
            self._leave(task, _SCALED)

    def _start_one(self) -> None:
        subnet = self.definition.subnets[self._placed % len(self.definition.subnets)]
        self._placed += 1
        definition = self._current.definition
        task = RunningTask(definition, self._surroundings, self.definition.groups, subnet, self.definition)
        self._current.tasks.append(task)
        self._took(task)

    async def _note_ended(self) -> None:
        for deployment in filter(None, (self._current, self._before)):
            for task in [each for each in deployment.tasks if each.ended.is_set()]:
                deployment.tasks.remove(task)
                await self._registrations.take_out(self.definition, task)
                if deployment is self._current and deployment.state == "IN_PROGRESS":
                    deployment.failed.append(task)
                    deployment.in_a_row += 1
                    await self._break_circuit()

    async def _break_circuit(self) -> None:
        failures = self._current.in_a_row
        if not self.definition.circuit_breaker or failures < failure_threshold(self.definition.desired):
            return
        failed, self._current.state = self._current, "FAILED"
        self._tell(
            f"deployment of {failed.definition.family}:{failed.definition.revision} failed: {failures} tasks failed"
        )
        if self.definition.rollback and self._before:
            for task in failed.tasks:
                self._leave(task, "Deployment was rolled back")
            self._current, self._before = self._before, None
            self._current.state = "COMPLETED"
            arn = self._current.definition.arn
            self._tell(f"rolled back to {self._current.definition.family}:{self._current.definition.revision}")
            ecs = self._account.client("ecs")
            await asyncio.to_thread(
                ecs.update_service,
                cluster=self.definition.cluster,
                service=self.definition.name,
                taskDefinition=arn,
            )

    async def _end_if_unhealthy(self, task: RunningTask) -> None:
        if task.task.state != "RUNNING":
            return
        if task.task.health == "UNHEALTHY":
            self._leave(task, f"Task failed container health checks ({task.health_reason})")
            return
        unhealthy = self._unhealthy_target(task)
        if unhealthy and time.time() - (task.task.started or 0) > self.definition.grace_seconds:
            task.failure = unhealthy
            self._leave(task, f"Task failed ELB health checks ({unhealthy})")

    def _leave(self, task: RunningTask, reason: str) -> None:
        """Take a task out in order: no new requests, then SIGTERM."""
        if task.task.state not in ("PENDING", "RUNNING"):
            return
        task.task.state, task.told_to_go = "STOPPING", True

        async def leave() -> None:
            await self._registrations.take_out(self.definition, task)
            await task.stop(reason)

        leaving = asyncio.create_task(leave())
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)

    def _is_healthy(self, task: RunningTask) -> bool:
        if task.task.state != "RUNNING" or not self._registrations.has(task) or not task.settled.is_set():
            return False
        if any(each.health_check for each in task.definition.containers) and task.task.health != "HEALTHY":
            return False
        states = [each.state for each in self._groups.health() if each.task_id == task.task.id]
        return len(states) == len(self.definition.balanced) and all(state == "healthy" for state in states)

    def _unhealthy_target(self, task: RunningTask) -> PlatformFailure | None:
        for target in self._groups.health():
            # One whose last check passed has no reason: it is on its way back, and needs some more that pass.
            if target.task_id == task.task.id and target.state == "unhealthy" and target.reason:
                return PlatformFailure(
                    f"{self.definition.name} is not healthy for its load balancer: {target.reason}.",
                    arn=target.target_group_arn,
                    attribute="health_check",
                    task=task.task,
                )
        return None

    def _why(self, task: RunningTask) -> PlatformFailure:
        if task.failure:
            return task.failure
        code = "" if task.task.exit_code is None else f" (exit code {task.task.exit_code})"
        return PlatformFailure(
            f"A task of {self.definition.name} stopped: {task.task.stopped_reason}{code}.",
            arn=task.task.task_definition_arn,
            attribute="memory" if "OutOfMemory" in task.task.stopped_reason else "container_definitions",
            task=task.task,
        )

    def _tell(self, what: str) -> None:
        self._record.event("deployment", self.definition.arn, f"{self.definition.name} {what}")


def _staying(tasks: list[RunningTask]) -> list[RunningTask]:
    """Those that count for the percentages of a deployment: none that was told to go.

    One that ends by itself counts until it is noted as failed: else the next one could start before the circuit
    breaker has seen its failure.
    """
    return [task for task in tasks if not task.told_to_go]
