"""Tasks: started from a task definition, watched, stopped, as ECS and its agent do it."""

import asyncio
import contextlib
import os
import secrets
import time
from collections.abc import Coroutine, Sequence
from typing import Any

from infra.errors import InfraError
from infra.preflight.platform.container import Container
from infra.preflight.platform.container_endpoint import Described
from infra.preflight.platform.container_settings import ContainerSettings, Surroundings
from infra.preflight.platform.definitions import ContainerDefinition, HealthCheck, ServiceDefinition, TaskDefinition
from infra.preflight.platform.images import image_for
from infra.preflight.platform.model import PlatformFailure, Task
from infra.preflight.platform.network import Place
from infra.preflight.platform.task_start import task_metadata

_MEMORY_SECONDS = 1.0
_LEAST_INTERVAL = 0.5
_SETTLE_SECONDS = 3.0
_SETTLE_LOOK_SECONDS = 0.2
_UNITS_A_CPU = 1024


class RunningTask:
    """One task from its start to its end.

    Args:
        definition: its task definition.
        surroundings: of the run.
        groups: its security groups.
        subnet: where it is.
        service: it belongs to; None for one that was run by itself.
    """

    def __init__(
        self,
        definition: TaskDefinition,
        surroundings: Surroundings,
        groups: Sequence[str],
        subnet: str,
        service: ServiceDefinition | None = None,
    ) -> None:
        self.definition, self._surroundings, self._groups, self._subnet = definition, surroundings, groups, subnet
        task_id = secrets.token_hex(16)
        self._folder = surroundings.folder / "tasks" / f"{definition.family}-{task_id[:8]}"
        self._folder.mkdir(parents=True)
        self.task = Task(
            id=task_id,
            service=service.name if service else "",
            service_arn=service.arn if service else "",
            family=definition.family,
            revision=definition.revision,
            task_definition_arn=definition.arn,
            address=surroundings.block.take(),
            ports=tuple(port for container in definition.containers for port in container.ports),
            containers=tuple(container.name for container in definition.containers),
            log_file=self._folder / "log",
        )
        self._settings = ContainerSettings(surroundings, self.task, definition, self._folder)
        self.failure: PlatformFailure | None = None
        self.health_reason = ""
        self._containers: dict[str, Container] = {}
        self._health: dict[str, str] = {}
        self.told_to_go = False
        self.ended = asyncio.Event()
        self.running = asyncio.Event()
        self.settled = asyncio.Event()
        self._life = asyncio.create_task(self._live())

    def given_by_ecs(self) -> dict[str, str]:
        """The variables of its first container that are not in its definition."""
        return self._settings.given_by_ecs(self.task.containers[0])

    async def stop(self, reason: str, *, at_once: bool = False) -> None:
        """End it, with SIGTERM and the applied stop timeout unless it is to be at once; returns when it is over."""
        self.task.stopped_reason = self.task.stopped_reason or reason
        if self.task.state in ("PENDING", "RUNNING"):
            self.task.state = "STOPPING"
        if not self._containers:
            self._life.cancel()
        timeouts = {container.name: container.stop_timeout for container in self.definition.containers}
        await asyncio.gather(
            *(each.kill() if at_once else each.stop(timeouts[name]) for name, each in self._containers.items())
        )
        await self.ended.wait()

    async def kill(self) -> None:
        """What a crash does: every process gets SIGKILL."""
        await asyncio.gather(*(each.kill() for each in self._containers.values()))

    async def _live(self) -> None:
        task, record = self.task, self._surroundings.record
        place = Place(
            "task",
            task.service or task.family,
            task.address,
            task.service_arn or task.task_definition_arn,
            tuple(self._groups),
            self._subnet,
            self._surroundings.network.address_in(self._subnet),
            task_id=task.id,
        )
        self._surroundings.network.add(place)
        watchers: list[asyncio.Task[None]] = []
        try:
            await self._start()
            task.state, task.started = "RUNNING", time.time()
            record.event("task", task.task_definition_arn, f"{task.name} runs at {task.address}", task.id)
            self.running.set()
            watchers = [asyncio.create_task(each) for each in self._watchers()]
            await self._wait_for_essential()
        except InfraError as error:
            known = error if isinstance(error, PlatformFailure) else None
            self.failure = known or PlatformFailure(str(error), arn=self.definition.arn, task=task)
            task.stopped_reason = task.stopped_reason or str(error)
        except Exception as error:
            record.fault(f"task {task.name}", error)
            task.stopped_reason = "preflight itself failed"
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)
            await asyncio.gather(*(each.kill() for each in self._containers.values()))
            task.state, task.stopped = "STOPPED", time.time()
            code = "" if task.exit_code is None else f", exit code {task.exit_code}"
            told = f"{task.name} stopped: {task.stopped_reason}{code}"
            record.event("task", task.task_definition_arn, told, task.id)
            self._surroundings.network.remove(task.address)
            self._surroundings.block.give_back(task.address)
            self.ended.set()

    async def _start(self) -> None:
        """Prepare and start every container."""
        surroundings, definition, task = self._surroundings, self.definition, self.task
        secrets_of = await asyncio.to_thread(surroundings.start.prepare, task, definition)
        metadata = task_metadata(task, definition, surroundings.start.cluster)
        containers = {each.name: {"Name": each.name, "Image": each.image} for each in definition.containers}
        surroundings.endpoint.add(task.address, Described(task.id, definition.task_role, metadata, containers))
        for container in definition.containers:
            image = await asyncio.to_thread(image_for, container.image)
            secret = secrets_of[container.name]
            specification = await asyncio.to_thread(self._settings.specification, container, image, secret)
            self._containers[container.name] = await Container.start(specification, task.log_file)
            self._health[container.name] = "UNKNOWN"

    def _watchers(self) -> list[Coroutine[Any, Any, None]]:
        checks = [
            self._check_health(container, container.health_check)
            for container in self.definition.containers
            if container.health_check
        ]
        return [self._watch_memory(), self._settle(), *checks]

    async def _wait_for_essential(self) -> None:
        """Until the first essential container ends."""
        essential = [container.name for container in self.definition.containers if container.essential]
        waiting = {asyncio.create_task(self._containers[name].wait()): name for name in essential}
        done, others = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for other in others:
            other.cancel()
        self.task.exit_code = next(iter(done)).result()
        self.task.state = "STOPPING"
        self.task.stopped_reason = self.task.stopped_reason or "Essential container in task exited"

    async def _settle(self) -> None:
        """Until every program without a health check listens, or goes on for a while where it has no port.

        ECS would call it running at once, and see a moment later that it is not.
        """
        unchecked = [each for each in self.definition.containers if not each.health_check]
        while not all([await self._listens(each) for each in unchecked]):
            await asyncio.sleep(_SETTLE_LOOK_SECONDS)
        if any(not each.ports for each in unchecked):
            await asyncio.sleep(_SETTLE_SECONDS)
        self.settled.set()

    async def _watch_memory(self) -> None:
        limit = self.definition.memory
        while True:
            used = {name: await asyncio.to_thread(container.memory_mib) for name, container in self._containers.items()}
            self.task.peak_memory_mib = max(self.task.peak_memory_mib, sum(used.values()))
            limits = {each.name: each.memory or 0 for each in self.definition.containers}
            over = [name for name, mib in used.items() if limits[name] and mib > limits[name]]
            if over or (limit and sum(used.values()) > limit):
                self.task.stopped_reason = (
                    "OutOfMemoryError: Container killed due to memory usage "
                    f"({sum(used.values())} MiB of {limits[over[0]] if over else limit} MiB)"
                )
                await self.kill()
                return
            await asyncio.sleep(_MEMORY_SECONDS)

    async def _check_health(self, container: ContainerDefinition, check: HealthCheck) -> None:
        running, log, failures = self._containers[container.name], self._folder / f"health-{container.name}", 0
        command = ("/bin/sh", "-c", check.command[1]) if check.command[0] == "CMD-SHELL" else check.command[1:]
        while True:
            pause = (
                check.interval
                if self.task.health == "HEALTHY"
                else max(check.interval / self._surroundings.hurry, _LEAST_INTERVAL)
            )
            await asyncio.sleep(pause)
            running_for = time.time() - (self.task.started or 0)
            starting = running_for < check.start_period * _slowness() and self.task.health == "UNKNOWN"
            if starting and not await self._listens(container):
                continue  # it would fail and not count: the processor is left to the program that starts
            code = await running.run_beside(tuple(command), log, check.timeout)
            if code == 0:
                failures = 0
                self._set_health(container.name, "HEALTHY", "")
                continue
            if starting:
                continue
            failures += 1
            if failures >= check.retries:
                with contextlib.suppress(FileNotFoundError):
                    said = log.read_text(errors="replace").strip()
                told = f"does not end within {check.timeout} s" if code is None else f"exit code {code}: {said}"
                self._set_health(container.name, "UNHEALTHY", told)

    async def _listens(self, container: ContainerDefinition) -> bool:
        """Whether somebody takes connections on every port of a container."""
        for port in container.ports:
            try:
                _, writer = await asyncio.open_connection(self.task.address, port)
            except OSError:
                return False
            writer.close()
        return True

    def _set_health(self, container: str, health: str, reason: str) -> None:
        self._health[container] = health
        checked = [each.name for each in self.definition.containers if each.health_check]
        states = [self._health[name] for name in checked]
        overall = "UNHEALTHY" if "UNHEALTHY" in states else "HEALTHY" if set(states) == {"HEALTHY"} else "UNKNOWN"
        if overall != self.task.health:
            self.task.health = overall  # type: ignore[assignment] # one of the three
            self.health_reason = reason
            told = f"{self.task.name} is {overall}{': ' if reason else ''}{reason}"
            self._surroundings.record.event("task", self.task.task_definition_arn, told, self.task.id)


def _slowness() -> float:
    """How many programs wait for each processor: what starts here takes that much longer than on its own machine."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
