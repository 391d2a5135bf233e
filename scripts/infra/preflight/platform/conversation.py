"""One request at a load balancer, from the rule that decided to the last byte of its answer.

Answers of the load balancer itself are those of
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html.
"""

import asyncio
import random
import re
import secrets
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import aiohttp
from aiohttp import web

from infra.preflight.platform import streaming
from infra.preflight.platform.listeners import Listener, ListenerRule, LoadBalancer
from infra.preflight.platform.model import Exchange
from infra.preflight.platform.network import Network, Place
from infra.preflight.platform.record import Record
from infra.preflight.platform.targets import Target, TargetGroup, TargetGroups, in_use

_VALID_HEADER = re.compile(r"[A-Za-z0-9-]+")


class _ClientStalledError(Exception):
    """The client stopped sending its body."""


@dataclass(frozen=True)
class Way:
    """What all requests of a load balancer share.

    Args:
        balancer: as applied.
        place: where it is.
        network: whether it reaches its targets.
        groups: where it forwards to.
        record: told of each request.
        session: to the targets.
    """

    balancer: LoadBalancer
    place: Place
    network: Network
    groups: TargetGroups
    record: Record
    session: aiohttp.ClientSession


@dataclass
class Conversation:
    """One request and its answer.

    Args:
        way: of the load balancer.
        request: what came.
        client: from whom.
        listener: where.
        rule: that decided.
        exchange: what is known of it so far.
    """

    way: Way
    request: web.BaseRequest
    client: Place
    listener: Listener
    rule: ListenerRule
    exchange: Exchange
    _recorded: bool = False

    async def answer(self) -> web.StreamResponse:
        """Answer it, and record it, whatever happens."""
        try:
            response = await self._answer()
            self._answered(response.status)
        except (aiohttp.ClientConnectionResetError, ConnectionError, asyncio.CancelledError):
            self._answered(None, "the client left")
            raise
        except (aiohttp.ClientError, TimeoutError) as error:
            self._answered(502, f"the answer broke off: {error}")
            raise
        return response

    def _answered(self, status: int | None, reason: str = "") -> None:
        """The answer is whole, or there will be none."""
        if not self._recorded:
            self._recorded = True
            seconds = time.time() - self.exchange.time
            reason = self.exchange.reason or reason
            self.way.record.exchange(replace(self.exchange, status=status, seconds=seconds, reason=reason))

    def _fault(self, status: int, reason: str) -> web.Response:
        """The load balancer's own answer where no target gave one."""
        self.exchange = replace(self.exchange, reason=reason)
        page = f"<html><head><title>{status}</title></head><body><center><h1>{status}</h1></center></body></html>"
        return self._own(web.Response(status=status, text=page, content_type="text/html"))

    def _own(self, answer: web.Response) -> web.Response:
        answer.headers["Server"] = "awselb/2.0"
        return streaming.without_its_body(self.request, answer)

    async def _answer(self) -> web.StreamResponse:
        action = self.rule.action
        match action["Type"]:
            case "fixed-response":
                fixed = action["FixedResponseConfig"]
                headers = {"Content-Type": fixed.get("ContentType") or "text/plain"}
                body = (fixed.get("MessageBody") or "").encode()
                return self._own(web.Response(status=int(fixed["StatusCode"]), body=body, headers=headers))
            case "redirect":
                status = int(action["RedirectConfig"]["StatusCode"].removeprefix("HTTP_"))
                location = _location(self.rule, self.listener, self.exchange)
                return self._own(web.Response(status=status, headers={"Location": location}))
        return await self._forward()

    async def _forward(self) -> web.StreamResponse:
        way = self.way
        group = way.groups.get(_chosen(self.rule))
        target = group.next_target() if group else None
        if group is None or target is None:
            waiting = [each.reason or each.state for each in group.targets] if group else []
            why = f"no healthy target in {group.name}" if group else "the target group does not exist"
            return self._fault(503, f"{why} ({'; '.join(waiting)})" if waiting else why)
        self.exchange = replace(self.exchange, target_group_arn=group.arn, target=target.name, task_id=target.task_id)
        place = way.network.at(target.address)
        missing = way.network.blocked(way.place, place, target.port) if place else None
        if missing:
            return self._fault(504, missing.reason)
        with in_use(target):
            return await self._exchange(group, target)

    async def _exchange(self, group: TargetGroup, target: Target) -> web.StreamResponse:
        place = self.way.network.at(target.address)
        port = place.ports.get(target.port, target.port) if place else target.port
        base = f"{str(group.check.get('Protocol', 'HTTP')).lower()}://{target.address}:{port}"
        try:
            answer = await streaming.send(self.way.session, self.request, base, self._headers(), self._body())
        except TimeoutError:
            return self._fault(504, f"the target did not answer within {self.way.balancer.idle_seconds:g} s")
        except (aiohttp.ClientError, OSError) as error:
            if isinstance(error.__cause__, _ClientStalledError):
                return self._fault(408, "the client stopped sending")
            return self._fault(502, f"the target failed: {error}")
        async with answer:
            return await streaming.pass_on(self.request, answer, lambda: self._answered(answer.status))

    def _headers(self) -> list[tuple[str, str]]:
        request, client = self.request, self.client
        kept = [
            (name, value)
            for name, value in streaming.end_to_end(request.headers.items())
            if not self.way.balancer.drops_invalid_headers or _VALID_HEADER.fullmatch(name)
        ]
        before = [value for name, value in kept if name.lower() == "x-forwarded-for"]
        replaced = {"x-forwarded-for", "x-forwarded-proto", "x-forwarded-port"}
        found = [
            *((name, value) for name, value in kept if name.lower() not in replaced),
            ("X-Forwarded-For", ", ".join([*before, client.inside or client.address])),
            ("X-Forwarded-Proto", self.listener.protocol.lower()),
            ("X-Forwarded-Port", str(self.listener.port)),
        ]
        if "X-Amzn-Trace-Id" not in request.headers:
            found.append(("X-Amzn-Trace-Id", f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)}"))
        return found

    def _body(self) -> AsyncIterator[bytes] | None:
        pieces = streaming.request_body(self.request)
        if pieces is None:
            return None

        async def watched() -> AsyncIterator[bytes]:
            while True:
                try:
                    async with asyncio.timeout(self.way.balancer.idle_seconds):
                        piece = await anext(pieces)
                except StopAsyncIteration:
                    return
                except TimeoutError as error:
                    raise _ClientStalledError from error
                yield piece

        return watched()


def _chosen(rule: ListenerRule) -> str:
    groups = [(arn, weight) for arn, weight in rule.forwards_to if weight > 0] or rule.forwards_to
    return random.choices([arn for arn, _ in groups], [max(weight, 1) for _, weight in groups])[0]  # noqa: S311


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
