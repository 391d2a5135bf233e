"""The applied network: who has which address, who may connect to whom, and the way from a subnet to an AWS service."""

import ipaddress
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.model import Refusal
from infra.preflight.platform.record import Record
from infra.preflight.platform.security_groups import End, Missing, SecurityGroups
from infra.preflight.platform.ways_to_aws import WaysToAws, WayToAws

# Where ECS serves credentials and metadata, in every task and for it alone.
CONTAINER_ENDPOINT = ("169.254.170.2", 80)
_HTTPS = 443
_INTERNET = "203.0.113.7"  # an address from which clients come, for rules on ranges (TEST-NET-3)
_PUBLIC_NETWORK = ipaddress.IPv4Network("198.51.100.0/24")  # stands for addresses that AWS gives (TEST-NET-2)

Kind = Literal["task", "load balancer", "database", "client", "aws"]


@dataclass(frozen=True)
class Place:
    """Something with an address.

    Args:
        kind: what it is.
        name: for people.
        address: loopback address that stands for it.
        arn: the resource.
        groups: its security groups.
        subnet: where it is, for the way out of it.
        inside: IPv4 address that security groups see.
        ports: port as applied -> port on this machine, where they differ.
        task_id: when it is a task.
    """

    kind: Kind
    name: str
    address: str
    arn: str
    groups: tuple[str, ...] = ()
    subnet: str = ""
    inside: str = ""
    ports: Mapping[int, int] = field(default_factory=dict)
    task_id: str | None = None

    @property
    def end(self) -> End:
        """As security groups see it."""
        return End(self.name, self.groups, self.inside)


class Network:
    """The network of an account, and the places in it.

    Args:
        account: it is read when this is made, and again by `refresh`.
        record: refusals go there.
    """

    def __init__(self, account: EmulatedAccount, record: Record) -> None:
        self._account, self._record = account, record
        self._places: dict[str, Place] = {}
        self._lock = threading.Lock()
        self._number = 0
        self.refresh()

    def refresh(self) -> None:
        """Read security groups, subnets, routes and endpoints again."""
        ec2 = self._account.client("ec2")
        self._groups = SecurityGroups.of(self._account)
        self._subnets = {each["SubnetId"]: each for each in ec2.describe_subnets()["Subnets"]}
        self._ways = WaysToAws(self._account, self._groups)

    def add(self, place: Place) -> None:
        """A place has come."""
        with self._lock:
            self._places[place.address] = place

    def remove(self, address: str) -> None:
        """What was at an address is gone."""
        with self._lock:
            self._places.pop(address, None)

    def at(self, address: str) -> Place | None:
        """What is at a loopback address."""
        return self._places.get(address)

    def address_in(self, subnet: str) -> str:
        """An address of a subnet, for a task in it.

        Args:
            subnet: its id; one that does not exist gives none, and no rule on ranges matches.
        """
        self._number += 1
        known = self._subnets.get(subnet)
        if known is None:
            return ""
        network = ipaddress.IPv4Network(known["CidrBlock"])
        # AWS keeps the first four addresses and the last of every subnet.
        return str(network[4 + self._number % (network.num_addresses - 5)])

    def public_address(self) -> str:
        """An address on the internet, for a load balancer."""
        self._number += 1
        return str(_PUBLIC_NETWORK[1 + self._number % 250])

    def connect(self, source: str, address: str, port: int) -> tuple[str, int] | None:
        """Decide about a TCP connection, and note a refusal.

        Args:
            source: loopback address of who connects.
            address: whom to.
            port: as applied.

        Returns:
            Address and port on this machine, or None when it is refused.
        """
        origin, destination = self.at(source), self.at(address)
        refusal = self._refusal(origin, destination, address, port)
        if refusal is not None or destination is None:
            name = destination.name if destination else address
            self._refuse(origin, name, address, port, refusal or Missing("", "nobody is there", "nobody"))
            return None
        return destination.address, destination.ports.get(port, port)

    def _refusal(self, origin: Place | None, destination: Place | None, address: str, port: int) -> Missing | None:
        if origin is None:
            return Missing("", "the task that asks is gone", "nobody")
        if destination is None:
            return Missing(origin.arn, f"nothing has the address {address}", "nobody")
        if destination.kind == "aws":
            return None  # the service is known when the request has come; see way_to_aws
        if origin.kind == "client":
            if destination.kind != "load balancer":
                return Missing(destination.arn, f"{destination.name} has a private address only", "nobody")
            if not destination.ports.get(port):
                return Missing(destination.arn, f"{destination.name} has no listener on port {port}", "nobody")
        return self._groups.missing(origin.end, destination.end, port)

    def way_to_aws(self, source: str, service: str) -> WayToAws | None:
        """How a task reaches an AWS service; what is missing is noted as a refusal.

        Args:
            source: loopback address of the task.
            service: as requests to it are signed, e.g. "s3"; "ecr-images" is where image layers are listed.

        Returns:
            The way, or None when there is none.
        """
        origin = self.at(source)
        if origin is None:
            return None
        found = self._ways.find(origin.end, origin.arn, origin.subnet, service)
        if isinstance(found, Missing):
            self._refuse(origin, f"AWS {service}", "AWS", _HTTPS, found)
            return None
        return found

    def unknown_name(self, name: str, arn: str, reason: str) -> None:
        """A process asked for a name that nobody has.

        Args:
            name: the name.
            arn: the Cloud Map service that should have had an address, or "".
            reason: in words.
        """
        self._record.refused(Refusal(time.time(), "a process", name, name, 53, reason, arn, "nobody"))

    def _refuse(self, origin: Place | None, destination: str, address: str, port: int, missing: Missing) -> None:
        source, task_id = (origin.name, origin.task_id) if origin else ("?", None)
        reason, arn, kind = missing.reason, missing.group, missing.kind
        self._record.refused(Refusal(time.time(), source, destination, address, port, reason, arn, kind, task_id))

    def blocked(self, source: Place, destination: Place, port: int) -> Missing | None:
        """What the security groups miss for a connection of the platform's own servers; noted as a refusal.

        Args:
            source: a load balancer.
            destination: its target.
            port: TCP port.
        """
        missing = self._groups.missing(source.end, destination.end, port)
        if missing:
            self._refuse(source, destination.name, destination.address, port, missing)
        return missing


def client_place(address: str) -> Place:
    """A client on the internet."""
    return Place("client", "internet", address, "", inside=_INTERNET)
