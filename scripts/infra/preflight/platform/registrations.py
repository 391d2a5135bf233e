"""Where the tasks of a service are entered: target groups and Cloud Map."""

import asyncio

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.definitions import ServiceDefinition
from infra.preflight.platform.targets import TargetGroups
from infra.preflight.platform.tasks import RunningTask


class Registrations:
    """The registrations of a service's tasks.

    Args:
        account: where Cloud Map is.
        groups: target groups.
    """

    def __init__(self, account: EmulatedAccount, groups: TargetGroups) -> None:
        self._account, self._groups = account, groups
        self._registered: set[str] = set()
        self._healthy_in_discovery: set[str] = set()

    def has(self, task: RunningTask) -> bool:
        """Whether a task is entered."""
        return task.task.id in self._registered

    async def enter(self, service: ServiceDefinition, task: RunningTask) -> None:
        """Enter a task into target groups and Cloud Map when it runs, with its health as it changes."""
        if not task.running.is_set() or task.task.state != "RUNNING":
            return
        if task.task.id not in self._registered:
            self._registered.add(task.task.id)
            for balanced in service.balanced:
                await self._groups.register(balanced.target_group, task.task.address, balanced.port, task.task.id)
            for registry in service.registries:
                await self._discovery(registry, "register_instance", task)
        healthy = task.task.health == "HEALTHY" or not any(each.health_check for each in task.definition.containers)
        if service.registries and healthy is not (task.task.id in self._healthy_in_discovery):
            status = "HEALTHY" if healthy else "UNHEALTHY"
            for registry in service.registries:
                await self._discovery(registry, "update_instance_custom_health_status", task, Status=status)
            (self._healthy_in_discovery.add if healthy else self._healthy_in_discovery.discard)(task.task.id)

    async def take_out(self, service: ServiceDefinition, task: RunningTask) -> None:
        """No new requests for a task; returns when those that run are done."""
        if task.task.id not in self._registered:
            return
        self._registered.discard(task.task.id)
        for registry in service.registries:
            await self._discovery(registry, "deregister_instance", task)
        for balanced in service.balanced:
            await self._groups.deregister(balanced.target_group, task.task.id)

    async def _discovery(self, registry: str, operation: str, task: RunningTask, **more: str) -> None:
        client = self._account.client("servicediscovery")
        arguments: dict[str, object] = {"ServiceId": registry.rpartition("/")[2], "InstanceId": task.task.id, **more}
        if operation == "register_instance":
            arguments["Attributes"] = {"AWS_INSTANCE_IPV4": task.task.address, "AWS_INIT_HEALTH_STATUS": "UNHEALTHY"}
        await asyncio.to_thread(getattr(client, operation), **arguments)
