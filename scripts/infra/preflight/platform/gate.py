"""The gate: asked by every process of the platform before it opens a TCP connection (see network.c).

A datagram `<source> <address> <port>` is answered with `allow <address> <port>`, where the other end really listens, or
with `refuse`.
"""

import asyncio
from ipaddress import AddressValueError, IPv4Address
from typing import cast

from infra.preflight.platform.network import CONTAINER_ENDPOINT, Network


class Gate(asyncio.DatagramProtocol):
    """Answers for one network.

    Args:
        network: decides.
        container_endpoint: where credentials and metadata are served on this machine.
    """

    def __init__(self, network: Network, container_endpoint: tuple[str, int]) -> None:
        self._network, self._container_endpoint = network, container_endpoint
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The socket is there."""
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """A question; what is none gets no answer."""
        try:
            source, address, port = data.decode("ascii").split(" ")
            answer = self._decide(str(IPv4Address(source)), str(IPv4Address(address)), int(port))
        except (UnicodeDecodeError, AddressValueError, ValueError):
            return
        if self._transport is not None:
            self._transport.sendto(answer.encode(), addr)

    def _decide(self, source: str, address: str, port: int) -> str:
        if (address, port) == CONTAINER_ENDPOINT:
            place = self._network.at(source)
            if place is not None and place.kind == "task":
                return "allow {} {}".format(*self._container_endpoint)
        end = self._network.connect(source, address, port)
        return "refuse" if end is None else "allow {} {}".format(*end)
