"""The applied load balancers as servers: TLS, rules, redirects, fixed answers, forwarding to healthy targets.

Answers of the load balancer itself are those of
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html. WAF and HTTP/2
are not there.
"""

import asyncio
import random
import re
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from aiohttp import web

from infra.preflight.parts.certificates import Authority
from infra.preflight.platform import streaming
from infra.preflight.platform.listeners import Listener, ListenerRule, LoadBalancer, parsed_query
from infra.preflight.platform.model import Endpoint, Exchange
from infra.preflight.platform.network import Network, Place, client_place
from infra.preflight.platform.record import Record
from infra.preflight.platform.targets import Target, TargetGroup, TargetGroups, in_use
from infra.routing import Request

_CONNECT_SECONDS = 10.0
_VALID_HEADER = re.compile(r"[A-Za-z0-9-]+")
_CLIENT_CLOSED = 460
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _ClientStalledError(Exception):
    """The client stopped sending its body."""


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
        for listener in self.balancer.listeners:
            server = web.Server(
                self._handler(listener), auto_decompress=False, keepalive_timeout=self.balancer.idle_seconds
            )
            runner = web.ServerRunner(server)
            await runner.setup()
            self._servers.append(runner)
            context = _tls(listener, authority, folder) if listener.protocol == "HTTPS" else None
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

    def _handler(self, listener: Listener) -> _Handler:
        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            client = self._network.at(request.remote or "") or client_place(request.remote or "")
            if self._network.blocked(client, self._place, listener.port):
                _break_off(request)
                return web.Response(status=_CLIENT_CLOSED)
            asked = _as_rules_see_it(request, client)
            rule, exchange = self.decide(listener, asked, request.raw_path)
            seen = _Seen(exchange, self._record)
            try:
                response = await self._answer(request, listener, rule, seen, client)
                seen.answered(response.status)
            except (aiohttp.ClientConnectionResetError, ConnectionError, asyncio.CancelledError):
                seen.answered(None, "the client left")
                raise
            except (aiohttp.ClientError, TimeoutError) as error:
                seen.answered(502, f"the answer broke off: {error}")
                raise
            return response

        return handle

    async def _answer(
        self, request: web.BaseRequest, listener: Listener, rule: ListenerRule, seen: "_Seen", client: Place
    ) -> web.StreamResponse:
        match rule.action["Type"]:
            case "fixed-response":
                fixed = rule.action["FixedResponseConfig"]
                content_type = fixed.get("ContentType") or "text/plain"
                body = (fixed.get("MessageBody") or "").encode()
                headers = {"Content-Type": content_type, "Server": "awselb/2.0"}
                return web.Response(status=int(fixed["StatusCode"]), body=body, headers=headers)
            case "redirect":
                status = int(rule.action["RedirectConfig"]["StatusCode"].removeprefix("HTTP_"))
                location = _location(rule, listener, seen.exchange)
                return web.Response(status=status, headers={"Location": location, "Server": "awselb/2.0"})
        return await self._forward(request, listener, rule, seen, client)

    async def _forward(
        self, request: web.BaseRequest, listener: Listener, rule: ListenerRule, seen: "_Seen", client: Place
    ) -> web.StreamResponse:
        group = self._groups.get(_chosen(rule))
        target = group.next_target() if group else None
        if group is None or target is None:
            waiting = [each.reason or each.state for each in group.targets] if group else []
            why = f"no healthy target in {group.name}" if group else "the target group does not exist"
            told = f"{why} ({'; '.join(waiting)})" if waiting else why
            return seen.fault(503, told)
        seen.exchange = replace(seen.exchange, target_group_arn=group.arn, target=target.name, task_id=target.task_id)
        place = self._network.at(target.address)
        missing = self._network.blocked(self._place, place, target.port) if place else None
        if missing:
            return seen.fault(504, missing.reason)
        with in_use(target):
            return await self._exchange(request, listener, group, target, seen, client)

    async def _exchange(  # noqa: PLR0917 - one request with what is known of it
        self,
        request: web.BaseRequest,
        listener: Listener,
        group: TargetGroup,
        target: Target,
        seen: "_Seen",
        client: Place,
    ) -> web.StreamResponse:
        place = self._network.at(target.address)
        port = place.ports.get(target.port, target.port) if place else target.port
        scheme = str(group.check.get("Protocol", "HTTP")).lower()
        assert self._session is not None  # noqa: S101 - made by start()
        headers = self._headers(request, listener, client)
        try:
            answer = await streaming.send(
                self._session, request, f"{scheme}://{target.address}:{port}", headers, self._body(request)
            )
        except TimeoutError:
            seconds = self.balancer.idle_seconds
            return seen.fault(504, f"the target did not answer within {seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, _ClientStalledError):
                return seen.fault(408, "the client stopped sending")
            return seen.fault(502, f"the target failed: {error}")
        async with answer:
            return await streaming.pass_on(request, answer, lambda: seen.answered(answer.status))

    def _headers(self, request: web.BaseRequest, listener: Listener, client: Place) -> list[tuple[str, str]]:
        kept = [
            (name, value)
            for name, value in streaming.end_to_end(request.headers.items())
            if not self.balancer.drops_invalid_headers or _VALID_HEADER.fullmatch(name)
        ]
        source = client.inside or client.address
        before = [value for name, value in kept if name.lower() == "x-forwarded-for"]
        replaced = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}
        return [
            *((name, value) for name, value in kept if name.lower() not in replaced),
            ("X-Forwarded-For", ", ".join([*before, source])),
            ("X-Forwarded-Proto", listener.protocol.lower()),
            ("X-Forwarded-Port", str(listener.port)),
            *(
                []
                if "X-Amzn-Trace-Id" in request.headers
                else [("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}")]
            ),
        ]

    def _body(self, request: web.BaseRequest) -> AsyncIterator[bytes] | None:
        pieces = streaming.request_body(request)
        if pieces is None:
            return None

        async def watched() -> AsyncIterator[bytes]:
            while True:
                try:
                    async with asyncio.timeout(self.balancer.idle_seconds):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise _ClientStalledError from error
                yield piece

        return watched()


@dataclass
class _Seen:
    """What is seen of one request; recorded once.

    Args:
        exchange: so far.
        record: where it goes.
    """

    exchange: Exchange
    record: Record
    _recorded: bool = False

    def answered(self, status: int | None, reason: str = "") -> None:
        """The answer is whole, or there will be none."""
        if not self._recorded:
            self._recorded = True
            seconds = time.time() - self.exchange.time
            reason = self.exchange.reason or reason
            self.record.exchange(replace(self.exchange, status=status, seconds=seconds, reason=reason))

    def fault(self, status: int, reason: str) -> web.Response:
        """The load balancer's own answer where no target gave one."""
        self.exchange = replace(self.exchange, reason=reason)
        return _own_answer(status)


def _all_rules(listener: Listener) -> list[ListenerRule]:
    return [*listener.rules.values(), listener.default]


def _heaviest(rule: ListenerRule) -> str | None:
    return max(rule.forwards_to, key=lambda each: each[1])[0] if rule.forwards_to else None


def _chosen(rule: ListenerRule) -> str:
    groups = [(arn, weight) for arn, weight in rule.forwards_to if weight > 0] or rule.forwards_to
    return random.choices([arn for arn, _ in groups], [max(weight, 1) for _, weight in groups])[0]  # noqa: S311


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


def _location(rule: ListenerRule, listener: Listener, exchange: Exchange) -> str:
    wanted = rule.action["RedirectConfig"]
    path, _, query = exchange.path.partition("?")
    given = {
        "protocol": exchange.scheme,
        "host": exchange.host,
        "port": str(listener.port),
        "path": path.removeprefix("/"),
        "query": query,
    }

    def filled(part: str, default: str) -> str:
        return re.sub(r"#\{(\w+)\}", lambda found: given[found[1]], wanted.get(part) or default)

    protocol, host, port = filled("Protocol", "#{protocol}"), filled("Host", "#{host}"), filled("Port", "#{port}")
    target = f"{protocol.lower()}://{host}:{port}{filled('Path', '/#{path}')}"
    parameters = filled("Query", "#{query}")
    return f"{target}?{parameters}" if parameters else target


def _own_answer(status: int) -> web.Response:
    reason = web.Response(status=status).reason
    page = f"<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1>"
    page += "</center>\r\n</body>\r\n</html>\r\n"
    return web.Response(status=status, text=page, content_type="text/html", headers={"Server": "awselb/2.0"})


def _break_off(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


def _tls(listener: Listener, authority: Authority, folder: Path) -> ssl.SSLContext:
    """A context that shows a certificate for the names of the applied one; by SNI where there are several."""
    contexts: list[tuple[tuple[str, ...], ssl.SSLContext]] = []
    for number, names in enumerate(listener.names.values()):
        stem = f"{listener.arn.rpartition('/')[2]}-{number}"
        authority.issue(folder / f"{stem}.pem", folder / f"{stem}.key", names)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(folder / f"{stem}.pem", folder / f"{stem}.key")
        contexts.append((names, context))
    first = contexts[0][1]

    def choose(connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> None:
        for names, context in contexts:
            if name and any(_is_for(each, name) for each in names):
                connection.context = context
                return

    first.sni_callback = choose
    return first


def _is_for(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    return pattern == name or (pattern.startswith("*.") and name.partition(".")[2] == pattern[2:])


async def _listen(runner: web.ServerRunner, address: str, port: int, context: ssl.SSLContext | None) -> int:
    """Listen on the applied port, or on a free one where only an administrator may have it."""
    with suppress(PermissionError):
        await web.TCPSite(runner, address, port, ssl_context=context).start()
        return port
    await web.TCPSite(runner, address, 0, ssl_context=context).start()
    return int(runner.addresses[-1][1])
