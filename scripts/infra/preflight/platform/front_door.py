"""The applied load balancers as servers: TLS, listeners, and the rule that decides about a request.

WAF and HTTP/2 are not there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from ssl import SSLContext

import aiohttp
from aiohttp import web

from infra.preflight.parts.certificates import Authority
from infra.preflight.platform import streaming
from infra.preflight.platform.conversation import Conversation, Way
from infra.preflight.platform.listener_tls import listener_context
from infra.preflight.platform.listeners import Listener, ListenerRule, LoadBalancer, parsed_query
from infra.preflight.platform.model import Endpoint, Exchange
from infra.preflight.platform.network import Network, Place, client_place
from infra.preflight.platform.record import Record
from infra.preflight.platform.targets import TargetGroups
from infra.routing import Request

_CONNECT_SECONDS = 10.0
_CLIENT_CLOSED = 460
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class FrontDoor:
    """The servers of one load balancer.

    Args:
        balancer: as applied.
        place: where it is.
        network: who connects, and whether its security group allows it.
        groups: where it forwards to.
        record: told of each request.
    """

    def __init__(
        self, balancer: LoadBalancer, place: Place, network: Network, groups: TargetGroups, record: Record
    ) -> None:
        self.balancer, self._place = balancer, place
        self._network, self._groups, self._record = network, groups, record
        self._servers: list[web.ServerRunner] = []
        self._ports: dict[int, int] = {}
        self._session: aiohttp.ClientSession | None = None
        for arn in (arn for each in balancer.listeners for rule in _all_rules(each) for arn, _ in rule.forwards_to):
            groups.used_by(arn, place)

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens."""
        by_protocol = {each.protocol: self._ports[each.port] for each in reversed(self.balancer.listeners)}
        return Endpoint(self._place.address, by_protocol.get("HTTPS"), by_protocol.get("HTTP"), self.balancer.arn)

    async def start(self, authority: Authority, folder: Path) -> None:
        """Listen, on the applied ports where this machine allows it.

        Args:
            authority: issues certificates for the names of the applied ones.
            folder: for certificates.
        """
        connector = aiohttp.TCPConnector(
            limit=0, local_addr=(self._place.address, 0), keepalive_timeout=self.balancer.idle_seconds
        )
        self._session = streaming.new_session(connector, connect=_CONNECT_SECONDS, idle=self.balancer.idle_seconds)
        way = Way(self.balancer, self._place, self._network, self._groups, self._record, self._session)
        for listener in self.balancer.listeners:
            server = web.Server(
                self._handler(listener, way), auto_decompress=False, keepalive_timeout=self.balancer.idle_seconds
            )
            runner = web.ServerRunner(server)
            await runner.setup()
            self._servers.append(runner)
            context = listener_context(listener, authority, folder) if listener.protocol == "HTTPS" else None
            self._ports[listener.port] = await _listen(runner, self._place.address, listener.port, context)
        self._network.add(replace(self._place, ports=dict(self._ports)))

    async def close(self) -> None:
        """Stop listening."""
        await asyncio.gather(*(server.cleanup() for server in self._servers))
        if self._session:
            await self._session.close()

    def listener(self, scheme: str) -> Listener | None:
        """The listener for http or https."""
        return next((each for each in self.balancer.listeners if each.protocol == scheme.upper()), None)

    def decide(self, listener: Listener, request: Request, path: str) -> tuple[ListenerRule, Exchange]:
        """Which rule answers a request; the exchange is what would be recorded if it were sent.

        Args:
            listener: where it comes in.
            request: as rules see it.
            path: with its query string.
        """
        rule = listener.decide(request)
        exchange = Exchange(
            time=time.time(),
            scheme=listener.protocol.lower(),
            host=request.host,
            method=request.method,
            path=path,
            source=request.source,
            listener_arn=listener.arn,
            rule_arn=rule.arn,
            priority=rule.priority,
            action=rule.action["Type"],
            target_group_arn=_heaviest(rule),
        )
        return rule, exchange

    def _handler(self, listener: Listener, way: Way) -> _Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            client = self._network.at(request.remote or "") or client_place(request.remote or "")
            if self._network.blocked(client, self._place, listener.port):
                if request.transport is not None:
                    request.transport.abort()
                return web.Response(status=_CLIENT_CLOSED)
            rule, exchange = self.decide(listener, _as_rules_see_it(request, client), request.raw_path)
            return await Conversation(way, request, client, listener, rule, exchange).answer()

        return handle


def _all_rules(listener: Listener) -> list[ListenerRule]:
    return [*listener.rules.values(), listener.default]


def _heaviest(rule: ListenerRule) -> str | None:
    return max(rule.forwards_to, key=lambda each: each[1])[0] if rule.forwards_to else None


def _as_rules_see_it(request: web.BaseRequest, client: Place) -> Request:
    path, _, query = request.raw_path.partition("?")
    return Request(
        host=request.headers.get("Host", "").rpartition(":")[0] or request.headers.get("Host", ""),
        path=path,
        method=request.method,
        headers={name.lower(): value for name, value in request.headers.items()},
        source=client.inside or client.address,
        query=parsed_query(query),
    )


async def _listen(runner: web.ServerRunner, address: str, port: int, context: SSLContext | None) -> int:
    """Listen on the applied port, or on a free one where only an administrator may have it."""
    with suppress(PermissionError):
        await web.TCPSite(runner, address, port, ssl_context=context).start()
        return port
    await web.TCPSite(runner, address, 0, ssl_context=context).start()
    return int(runner.addresses[-1][1])
