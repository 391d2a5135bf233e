"""Brings up what tasks find around them: names, gate, AWS endpoint, container endpoint, database, load balancers."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from infra.account.emulated import EmulatedAccount
from infra.preflight.parts.certificates import Authority
from infra.preflight.platform.addresses import AddressBlock
from infra.preflight.platform.authorizer import Authorizer
from infra.preflight.platform.aws_endpoint import AwsEndpoint
from infra.preflight.platform.container_endpoint import ContainerEndpoint
from infra.preflight.platform.database import Database
from infra.preflight.platform.front_door import FrontDoor
from infra.preflight.platform.gate import Gate
from infra.preflight.platform.listeners import LoadBalancer, read_load_balancers
from infra.preflight.platform.model import Event
from infra.preflight.platform.names import Names, NameServer
from infra.preflight.platform.network import Network, Place, client_place
from infra.preflight.platform.permissions import Permissions
from infra.preflight.platform.protected import Protected
from infra.preflight.platform.record import Record
from infra.preflight.platform.sessions import Sessions
from infra.preflight.platform.targets import TargetGroups


@dataclass
class Assembly:
    """The parts of a run that are no tasks.

    Args:
        account: what everything is read from.
        block: addresses.
        narrate: told of events.
        hurry: see `TargetGroups`.
    """

    account: EmulatedAccount
    block: AddressBlock
    narrate: Callable[[Event], None]
    hurry: float
    doors: list[FrontDoor] = field(default_factory=list)
    ports: dict[str, int] = field(default_factory=dict)
    _servers: list[web.ServerRunner] = field(default_factory=list)
    _transports: list[asyncio.BaseTransport] = field(default_factory=list)

    def __post_init__(self) -> None:
        account = self.account
        self.record = Record(self.narrate)
        self.network = Network(account, self.record)
        self.names = Names(account, self.network)
        self.permissions = Permissions(account)
        self.protected = Protected(account)
        self.sessions = Sessions(account)
        self.authorizer = Authorizer(account, self.permissions, self.record)
        self.groups = TargetGroups(account, self.network, self.record, self.hurry)
        self.containers = ContainerEndpoint(self.sessions)
        self._aws = AwsEndpoint(account, self.network, self.permissions, self.protected, self.authorizer, self.sessions)

    def refresh(self) -> None:
        """Read the account again, but for load balancers."""
        for part in (self.network, self.names, self.permissions, self.protected, self.groups):
            part.refresh()

    @property
    def aws_url(self) -> str:
        """AWS_ENDPOINT_URL of the tasks."""
        return f"http://{self.block.network}:{self.ports['aws']}"

    def has_database(self, database: Database) -> None:
        """A database runs: it gets its name and its place."""
        self.network.add(database.place)
        self.names.add(database.host, database.place.address)
        self.record.event("database", database.arn, f"{database.host} is PostgreSQL at {database.place.address}")

    async def start(self, authority: Authority, folder: Path) -> None:
        """Bring everything up.

        Args:
            authority: of the load balancers' certificates.
            folder: for certificates.
        """
        address = self.block.network
        self.network.add(Place("aws", "AWS", address, ""))
        self.network.add(client_place(self.block.client))
        self.ports["aws"] = await self._serve(web.Server(self._aws.handle, auto_decompress=False))
        self.ports["containers"] = await self._serve(web.Server(self.containers.handle))
        gate = Gate(self.network, (address, self.ports["containers"]))
        self.ports["gate"] = await self._datagrams(lambda: gate)
        self.ports["dns"] = await self._datagrams(lambda: NameServer(self.names, self.record, inside=True))
        self.ports["public dns"] = await self._datagrams(lambda: NameServer(self.names, self.record, inside=False))
        for balancer in await asyncio.to_thread(read_load_balancers, self.account):
            await self._open(balancer, authority, folder)

    async def close(self) -> None:
        """Take everything down."""
        await self.groups.close()
        await asyncio.gather(*(door.close() for door in self.doors))
        await asyncio.gather(*(server.cleanup() for server in self._servers))
        await self._aws.close()
        for transport in self._transports:
            transport.close()

    async def _open(self, balancer: LoadBalancer, authority: Authority, folder: Path) -> None:
        place = Place(
            "load balancer",
            balancer.name,
            self.block.take(),
            balancer.arn,
            balancer.groups,
            balancer.subnets[0],
            self.network.public_address(),
        )
        self.network.add(place)
        self.names.add(balancer.dns_name, place.address)
        door = FrontDoor(balancer, place, self.network, self.groups, self.record)
        self.doors.append(door)
        await door.start(authority, folder)
        end = door.endpoint
        told = f"{balancer.name} listens at {end.address}, HTTPS on {end.https_port}, HTTP on {end.http_port}"
        self.record.event("network", balancer.arn, told)

    async def _serve(self, server: web.Server) -> int:
        runner = web.ServerRunner(server)
        await runner.setup()
        self._servers.append(runner)
        await web.TCPSite(runner, self.block.network, 0).start()
        return int(runner.addresses[0][1])

    async def _datagrams(self, protocol: Callable[[], asyncio.DatagramProtocol]) -> int:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(protocol, local_addr=(self.block.network, 0))
        self._transports.append(transport)
        return int(transport.get_extra_info("sockname")[1])
