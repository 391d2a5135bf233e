"""The platform's name server: answers from the account's Cloud Map namespaces and hosted zones, over UDP.

Tasks are asked for private and public names, clients on the internet only for public ones: each has a port of its own.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from dnslib import QTYPE, RCODE, RR, A, DNSError, DNSRecord

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.network import Network
from infra.preflight.platform.record import Record

_TTL = 10
_MOST_ANSWERS = 8
_MOST_ALIASES = 8  # CNAME and alias records in a row


@dataclass(frozen=True)
class _DiscoveryService:
    id: str
    namespace: str
    name: str
    arn: str


class Names:
    """What names stand for.

    Args:
        account: asked at each query for who is registered; zones are read when this is made and by `refresh`.
        network: told of names that nobody has.
    """

    def __init__(self, account: EmulatedAccount, network: Network) -> None:
        self._account, self._network = account, network
        self._fixed: dict[str, str] = {}
        self.refresh()

    def refresh(self) -> None:
        """Read namespaces and hosted zones again."""
        self._discovery = _discovery_services(self._account)
        self._public = _records(self._account, private=False)
        self._private = _records(self._account, private=True)

    def add(self, name: str, address: str) -> None:
        """A name that AWS itself gives: of a load balancer, of a database."""
        self._fixed[name.lower()] = address

    def resolve(self, name: str, *, inside: bool) -> list[str]:
        """Addresses of a name.

        Args:
            name: without a dot at its end.
            inside: whether it is asked in the VPC, where private zones and namespaces are known.

        Returns:
            Loopback addresses; none when the name is not known or nobody healthy is registered under it.
        """
        wanted = name.lower()
        for _ in range(_MOST_ALIASES):
            if wanted in self._fixed:
                return [self._fixed[wanted]]
            if inside and wanted in self._discovery:
                return self._registered(self._discovery[wanted])
            record = (self._private.get(wanted) if inside else None) or self._public.get(wanted)
            if record is None:
                return []
            if "AliasTarget" not in record and record["Type"] == "A":
                return [value["Value"] for value in record["ResourceRecords"]]
            target = record.get("AliasTarget", {}).get("DNSName") or record["ResourceRecords"][0]["Value"]
            wanted = target.rstrip(".").removeprefix("dualstack.").lower()
        return []

    def public_hosts(self) -> list[str]:
        """Names with an address in public zones."""
        return [name for name, record in self._public.items() if record["Type"] in ("A", "CNAME")]

    def told_unknown(self, name: str) -> None:
        """Note that a name was asked for in the VPC that nobody has, with the reason."""
        service = self._discovery.get(name.lower())
        if service:
            reason = f"no healthy task is registered in the Cloud Map service {service.name} of {service.namespace}"
            self._network.unknown_name(name, service.arn, reason)
        else:
            self._network.unknown_name(name, "", "no Cloud Map service and no hosted zone has this name")

    def _registered(self, service: _DiscoveryService) -> list[str]:
        discovery = self._account.client("servicediscovery")
        pages = discovery.get_paginator("list_instances").paginate(ServiceId=service.id)
        addresses = {
            each["Id"]: each["Attributes"]["AWS_INSTANCE_IPV4"] for page in pages for each in page["Instances"]
        }
        if not addresses:
            return []
        states = discovery.get_instances_health_status(ServiceId=service.id)["Status"]
        healthy = [address for task, address in addresses.items() if states.get(task) == "HEALTHY"]
        # As in MULTIVALUE answers: all of them when none is healthy, and eight at the most.
        return (healthy or list(addresses.values()))[:_MOST_ANSWERS]


class NameServer(asyncio.DatagramProtocol):
    """DNS over UDP.

    Args:
        names: where the answers are.
        record: told when an answer cannot be found out.
        inside: see `Names.resolve`.
    """

    def __init__(self, names: Names, record: Record, *, inside: bool) -> None:
        self._names, self._record, self._inside = names, record, inside
        self._transport: asyncio.DatagramTransport | None = None
        self._running: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A query; what is none gets no answer."""
        try:
            query = DNSRecord.parse(data)
        except DNSError:
            return
        task = asyncio.ensure_future(self._answer(query, addr))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _answer(self, query: DNSRecord, addr: tuple[str, int]) -> None:
        name = str(query.q.qname).rstrip(".")
        reply = query.reply()
        try:
            found = await asyncio.to_thread(self._names.resolve, name, inside=self._inside)
        except Exception as error:
            self._record.fault(f"name server, asked for {name}", error)
            found, reply.header.rcode = [], RCODE.SERVFAIL
        if not found and reply.header.rcode != RCODE.SERVFAIL:
            reply.header.rcode = RCODE.NXDOMAIN
            if self._inside:
                self._names.told_unknown(name)
        elif query.q.qtype == QTYPE.A:
            for address in found:
                reply.add_answer(RR(query.q.qname, QTYPE.A, rdata=A(address), ttl=_TTL))
        if self._transport is not None:
            self._transport.sendto(reply.pack(), addr)


def _discovery_services(account: EmulatedAccount) -> dict[str, _DiscoveryService]:
    discovery = account.client("servicediscovery")
    pages = discovery.get_paginator("list_namespaces").paginate()
    namespaces = {each["Id"]: each["Name"] for page in pages for each in page["Namespaces"]}
    found = {}
    for page in discovery.get_paginator("list_services").paginate():
        for listed in page["Services"]:
            service = discovery.get_service(Id=listed["Id"])["Service"]
            namespace = namespaces.get(service.get("DnsConfig", {}).get("NamespaceId", ""))
            kinds = [record["Type"] for record in service.get("DnsConfig", {}).get("DnsRecords", ())]
            if namespace and "A" in kinds:
                name = f"{service['Name']}.{namespace}".lower()
                found[name] = _DiscoveryService(service["Id"], namespace, service["Name"], service["Arn"])
    return found


def _records(account: EmulatedAccount, *, private: bool) -> dict[str, Mapping[str, Any]]:
    route53 = account.client("route53")
    found: dict[str, Mapping[str, Any]] = {}
    for page in route53.get_paginator("list_hosted_zones").paginate():
        for zone in (each for each in page["HostedZones"] if each["Config"]["PrivateZone"] is private):
            for records in route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone["Id"]):
                for record in records["ResourceRecordSets"]:
                    if record["Type"] in ("A", "CNAME"):
                        found[record["Name"].rstrip(".").lower()] = record
    return found
