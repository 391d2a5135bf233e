"""The platform as it runs: the services of a cluster, started from what an account holds; see the package."""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.errors import InfraError
from infra.preflight.parts.auth_service import AuthKeys
from infra.preflight.parts.certificates import Authority
from infra.preflight.platform.addresses import address_block
from infra.preflight.platform.assembly import Assembly
from infra.preflight.platform.container_settings import Surroundings
from infra.preflight.platform.database import Database, running_databases
from infra.preflight.platform.definitions import ServiceDefinition, read_definition, read_services
from infra.preflight.platform.judgement import judge, keeps_connections
from infra.preflight.platform.listeners import parsed_query
from infra.preflight.platform.loop import Loop, running_loop
from infra.preflight.platform.model import (
    AwsCall,
    Endpoint,
    Event,
    Exchange,
    PlatformFailure,
    Refusal,
    TargetHealth,
    Task,
)
from infra.preflight.platform.network_hook import network_hook
from infra.preflight.platform.services import Service
from infra.preflight.platform.task_start import TaskStart
from infra.preflight.platform.tasks import RunningTask
from infra.routing import Request

# Variables of the person who runs preflight that would lead a client elsewhere.
_PROXIES = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
_AUTH_REPOSITORY = "hokusai/auth"
_LOOK_SECONDS = 0.1
# Everything is killed; what has not ended then never will.
_END_SECONDS = 120.0


def ignore(_event: Event) -> None:
    """Tell nobody."""


@contextmanager
def running_platform(
    account: EmulatedAccount,
    cluster: str,
    workplace: Path,
    *,
    narrate: Callable[[Event], None] = ignore,
    hurry: float = 10.0,
) -> Iterator["Platform"]:
    """The platform of a cluster, without tasks yet; everything of it is gone at the end.

    Args:
        account: what it is started from; registrations of tasks are made in it.
        cluster: name of the ECS cluster.
        workplace: folder for logs, scratch and certificates; made when missing.
        narrate: told of each event at once, from another thread.
        hurry: intervals of health checks are divided by it until they pass for the first time.

    Yields:
        The platform.

    Raises:
        PlatformFailure: what is applied cannot be started; with the resource to blame.
        InfraError: this machine cannot do it.
    """
    workplace.mkdir(parents=True, exist_ok=True)
    for name in ("shown", "certificates"):
        (workplace / name).mkdir(mode=0o755)
    hook = network_hook()
    with ExitStack() as stack:
        block = stack.enter_context(address_block())
        databases = stack.enter_context(running_databases(account, block.take, workplace))
        loop = stack.enter_context(running_loop())
        assembly = Assembly(account, block, narrate, hurry)
        for database in databases:
            assembly.has_database(database)
        authority = Authority()
        (workplace / "ca.pem").write_bytes(authority.pem)
        stack.callback(lambda: loop.run(assembly.close()))
        loop.run(assembly.start(authority, workplace / "certificates"))
        platform = Platform(account, cluster, workplace, assembly, loop, databases, hook)
        stack.callback(lambda: loop.run(platform.end_tasks(), _END_SECONDS))
        yield platform


class Platform:
    """A running platform; made by `running_platform`."""

    def __init__(  # noqa: PLR0917 - made in one place
        self,
        account: EmulatedAccount,
        cluster: str,
        folder: Path,
        assembly: Assembly,
        loop: Loop,
        databases: list[Database],
        hook: Path,
    ) -> None:
        self._account, self._cluster, self._assembly, self._loop = account, cluster, assembly, loop
        self._databases = databases
        self._running: list[RunningTask] = []
        self._services: dict[str, Service] = {}
        self.ca_file = folder / "ca.pem"
        self.tasks_folder = folder / "tasks"
        self.auth = AuthKeys(folder / "shown" / "auth.json")
        self.limits: list[str] = []
        found = account.client("ecs").describe_clusters(clusters=[cluster])["clusters"]
        if not found:
            raise PlatformFailure(f"There is no ECS cluster {cluster} in the account.", remedy="Apply the stack first.")
        self._surroundings = Surroundings(
            account=account,
            block=assembly.block,
            network=assembly.network,
            record=assembly.record,
            endpoint=assembly.containers,
            start=TaskStart(
                account,
                assembly.network,
                assembly.permissions,
                assembly.protected,
                assembly.authorizer,
                found[0]["clusterArn"],
            ),
            folder=folder,
            hook=hook,
            aws_url=assembly.aws_url,
            gate_port=assembly.ports["gate"],
            dns_port=assembly.ports["dns"],
            database_ca=databases[0].ca_file if databases else None,
            shown=(folder / "shown", *(database.ca_file for database in databases)),
            extra={_AUTH_REPOSITORY: {"AUTH_DOUBLE_FILE": str(self.auth.file)}},
            hurry=assembly.hurry,
            limits=self.limits,
        )

    # --- what there is

    @property
    def hosts(self) -> Mapping[str, Endpoint]:
        """Public host names and where they are served; names without a load balancer are not here."""
        doors = {door.endpoint.address: door.endpoint for door in self._assembly.doors}
        names = self._assembly.names
        found = {name: names.resolve(name, inside=False) for name in names.public_hosts()}
        return {name: doors[addresses[0]] for name, addresses in found.items() if addresses and addresses[0] in doors}

    @property
    def tasks(self) -> list[Task]:
        """All tasks, also those that have stopped."""
        return [each.task for each in self._running]

    @property
    def targets(self) -> list[TargetHealth]:
        """All registered targets."""
        return self._assembly.groups.health()

    @property
    def events(self) -> list[Event]:
        """What happened so far."""
        return self._assembly.record.events

    @property
    def exchanges(self) -> list[Exchange]:
        """Requests at the front door so far."""
        return self._assembly.record.exchanges

    @property
    def refusals(self) -> list[Refusal]:
        """Connections that the network refused so far."""
        return self._assembly.record.refusals

    @property
    def aws_calls(self) -> list[AwsCall]:
        """Calls of AWS APIs so far, allowed and denied."""
        return self._assembly.record.aws_calls

    # --- what can be done

    def run_task(self, family: str, seconds: float = 300.0) -> Task:
        """Run a task by itself and wait for its end, as `ecs:RunTask` with the newest active revision.

        It gets the security group that is named like the family (modules/ecs-service), and the subnets of the cluster's
        services.

        Args:
            family: of its task definition.
            seconds: longest time.

        Returns:
            The task, which has ended with exit code 0.

        Raises:
            PlatformFailure: it did not start, did not end in time, or ended with another exit code.
        """
        definition = read_definition(self._account, family)
        groups = self._account.client("ec2").describe_security_groups(
            Filters=[{"Name": "group-name", "Values": [family]}]
        )["SecurityGroups"]
        subnets = [subnet for service in self._applied() for subnet in service.subnets]
        if not groups or not subnets:
            raise PlatformFailure(
                f"Nobody knows where to run {family}: there is no security group of this name, or no service to take "
                "the subnets from.",
                arn=definition.arn,
            )

        async def run() -> RunningTask:
            running = RunningTask(definition, self._surroundings, [groups[0]["GroupId"]], subnets[0])
            self._running.append(running)
            try:
                async with asyncio.timeout(seconds):
                    await running.ended.wait()
            except TimeoutError:
                await running.stop(f"it did not end within {seconds:g} s", at_once=True)
            return running

        running = self._loop.run(run())
        self._assembly.record.raise_faults()
        task = running.task
        if running.failure:
            raise running.failure
        if task.exit_code != 0:
            raise PlatformFailure(
                f"{task.name} failed with exit code {task.exit_code}: {task.stopped_reason}.",
                arn=definition.arn,
                attribute="memory" if "OutOfMemory" in task.stopped_reason else "container_definitions",
                task=task,
            )
        return task

    def start_services(self) -> None:
        """Start every service of the cluster; see `wait_until_steady`."""
        definitions = self._applied()

        async def start() -> None:
            for definition in definitions:
                self._services[definition.name] = await self._new_service(definition)

        self._loop.run(start())

    def refresh(self) -> None:
        """Read the account again: policies, rules of the network, and services; those that changed are deployed."""
        self._assembly.refresh()
        definitions = self._applied()

        async def deploy() -> None:
            for definition in definitions:
                known = self._services.get(definition.name)
                if known:
                    await known.deploy(definition)
                else:
                    self._services[definition.name] = await self._new_service(definition)

        self._loop.run(deploy())

    def wait_until_steady(self, seconds: float) -> None:
        """Wait until every service has its wanted number of healthy tasks, registered and in the current revision.

        Args:
            seconds: longest time.

        Raises:
            PlatformFailure: a service cannot get there, as soon as that is known, or did not in time.
        """
        deadline = time.monotonic() + seconds
        while not all(service.is_steady() for service in self._services.values()):
            self._assembly.record.raise_faults()
            for service in self._services.values():
                failure = service.failure()
                if failure:
                    raise failure
            if time.monotonic() > deadline:
                raise self._late(seconds)
            time.sleep(_LOOK_SECONDS)
        self._assembly.record.raise_faults()
        for service in self._services.values():
            keeps_connections(service, [door.balancer for door in self._assembly.doors])

    def route(self, host: str, path: str, method: str = "GET", *, scheme: str = "https") -> Exchange:
        """Which rule would answer a request, without sending one.

        Args:
            host: public host name.
            path: with query string.
            method: HTTP method.
            scheme: http or https.

        Raises:
            InfraError: no load balancer serves this host, or it has no such listener.
        """
        addresses = self._assembly.names.resolve(host, inside=False)
        for door in self._assembly.doors:
            listener = door.listener(scheme) if door.endpoint.address in addresses else None
            if listener:
                plain, _, query = path.partition("?")
                request = Request(host, plain, method, query=parsed_query(query))
                return door.decide(listener, request, path)[1]
        raise InfraError(f"No load balancer serves {scheme}://{host}.")

    def client_environment(self, base: Mapping[str, str], task: Task | None = None) -> dict[str, str]:
        """The process environment of a program on the internet, or in the network of a task.

        Args:
            base: to be completed; its proxies are removed.
            task: whose address, names, security groups and role the program gets; None: a client's.
        """
        kept = {name: value for name, value in base.items() if name.upper() not in _PROXIES}
        ports, block = self._assembly.ports, self._assembly.block
        kind, address = ("task", task.address) if task else ("client", block.client)
        if task:
            [running] = [each for each in self._running if each.task is task]
            kept |= running.given_by_ecs()
        names = ports["dns" if task else "public dns"]
        return kept | {
            "LD_PRELOAD": str(self._surroundings.hook),
            "PREFLIGHT_NETWORK": f"{kind} {address} {block.network} {ports['gate']} {names}",
            "SSL_CERT_FILE": str(self.ca_file),
            "REQUESTS_CA_BUNDLE": str(self.ca_file),
        }

    def verdict(self) -> None:
        """Whether everything that the tasks did is allowed.

        Raises:
            PlatformFailure: a connection was refused, or a call denied.
            InfraError: a part of preflight itself failed.
        """
        self._assembly.record.raise_faults()
        judge(self.refusals, self.aws_calls, self.tasks)

    # --- drills

    def note_drill(self, subject: str, text: str) -> None:
        """A drill does something; told and kept as every event.

        Args:
            subject: ARN of what it is done to.
            text: what, in one line.
        """
        self._assembly.record.event("drill", subject, text)

    def kill(self, task: Task) -> None:
        """What a crash does to a task: every process of it gets SIGKILL."""
        [running] = [each for each in self._running if each.task is task]
        self._loop.run(running.kill())

    def stop_database(self) -> None:
        """All databases are gone; what was committed stays."""
        for database in self._databases:
            database.server.stop()

    def start_database(self) -> None:
        """They are back."""
        for database in self._databases:
            database.server.start()

    async def end_tasks(self) -> None:
        """End all services and tasks at once."""
        await asyncio.gather(*(service.close() for service in self._services.values()))
        await asyncio.gather(*(each.stop("The run is over", at_once=True) for each in self._running))

    def _applied(self) -> list[ServiceDefinition]:
        return read_services(self._account, self._cluster)

    async def _new_service(self, definition: ServiceDefinition) -> Service:
        assembly = self._assembly
        service = await asyncio.to_thread(
            Service,
            definition,
            self._account,
            self._surroundings,
            assembly.groups,
            assembly.record,
            self._running.append,
        )
        service.start()
        return service

    def _late(self, seconds: float) -> PlatformFailure:
        late = [service for service in self._services.values() if not service.is_steady()]
        newest = late[0].tasks[-1].task if late[0].tasks else None
        return PlatformFailure(
            f"The services are not steady after {seconds:g} s: {'; '.join(each.waiting_for() for each in late)}.",
            arn=late[0].definition.arn,
            task=newest,
        )
