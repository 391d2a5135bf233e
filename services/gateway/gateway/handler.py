"""The way of a request: classified, authenticated, authorised, limited, passed on, logged."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import HttpVersion10, HttpVersion11
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from gateway import metrics
from gateway.auth import Authenticator
from gateway.auth_answers import Identity
from gateway.client_body import check_length
from gateway.client_request import ClientRequest
from gateway.errors import (
    BAD_REQUEST,
    ENDPOINT_NOT_FOUND,
    INTERNAL_ERROR,
    TEMPORARILY_UNAVAILABLE,
    GatewayError,
)
from gateway.exchange import Exchange
from gateway.health import Health
from gateway.journal import Journal
from gateway.keys import api_key
from gateway.limits import InFlight, RateTable
from gateway.paths import Endpoint, Route, split_target, translate
from gateway.proxy import Proxy
from gateway.scopes import READ, WRITE, authorise, needed_scope
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.artifacts.direct import DirectLane

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_VERSIONS = (HttpVersion11, HttpVersion10)
_HEALTH, _ARTIFACTS, _TRANSFER = Endpoint.HEALTH, Endpoint.ARTIFACTS, Endpoint.TRANSFER


class Handler:
    """Answers requests.

    Args:
        settings: the gateway's settings.
        authenticator: knows who a key belongs to.
        proxy: passes requests to MLflow.
        health: answers health checks.
        rates: counts requests a key, for all workers.
        journal: log, audit trail and metrics.
        lane: serves artifacts instead of MLflow, or None.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        authenticator: Authenticator,
        proxy: Proxy,
        health: Health,
        rates: RateTable,
        journal: Journal,
        lane: "DirectLane | None",
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._proxy = proxy
        self._health = health
        self._rates = rates
        self._in_flight = InFlight(settings.max_in_flight_per_key)
        self._journal = journal
        self._lane = lane
        self.draining = False
        self.running = 0

    async def __call__(self, message: RawRequestMessage, content: StreamReader, protocol: RequestHandler) -> Exchange:
        """Answer a request, whatever happens, and log it.

        Args:
            message: head of the request as aiohttp read it.
            content: its body.
            protocol: the client's connection.

        Returns:
            What became of it.
        """
        exchange = Exchange(
            message,
            content,
            protocol,
            keep_alive=not self.draining,
            idle_seconds=self._settings.body_idle_seconds,
        )
        outcome: str | None = None
        self.running += 1
        try:
            await self._answer(exchange)
        except GatewayError as error:
            self._refuse(exchange, error)
        except TimeoutError:
            exchange.reason = exchange.reason or "the client took nothing of the response"
            self._refuse(exchange, GatewayError(504, TEMPORARILY_UNAVAILABLE, "The response took too long."))
        except (ConnectionError, asyncio.CancelledError):
            outcome = metrics.CLIENT_GONE
            raise
        except Exception as error:  # a fault of the gateway's own: told to the operator, not to the client
            exchange.reason = f"{type(error).__name__}: {error}"
            self._refuse(
                exchange,
                GatewayError(500, INTERNAL_ERROR, "The gateway failed on this request. Its log has the request id."),
            )
        finally:
            self.running -= 1
            self._journal.record(exchange, outcome)
        return exchange

    def _refuse(self, exchange: Exchange, error: GatewayError) -> None:
        if exchange.begun():
            # The response must not look complete.
            exchange.reason = exchange.reason or error.message
            exchange.abort()
        else:
            exchange.send_error(error)

    async def _answer(self, exchange: Exchange) -> None:
        message = exchange.message
        if exchange.method not in _METHODS:
            exchange.keep_alive = False
            raise GatewayError(405, BAD_REQUEST, f"Method {exchange.method[:20]} is not served.")
        if message.version not in _VERSIONS:
            exchange.keep_alive = False
            raise GatewayError(400, BAD_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are served.")
        if message.upgrade:
            exchange.keep_alive = False
            raise GatewayError(400, BAD_REQUEST, "The connection cannot be upgraded to another protocol.")
        exchange.head.check()
        exchange.path, exchange.query = split_target(message.path)
        if exchange.path.startswith("/health") and exchange.path[7:8] in ("", "/"):
            await self._answer_health(exchange)
            return
        route = exchange.route = translate(exchange.path)
        exchange.endpoint = endpoint = route.endpoint
        identity = await self._identify(exchange)
        needed = needed_scope(exchange.method, route.path)
        exchange.writes = needed == WRITE
        authorise(identity.scopes, needed)
        if identity.requests_per_hour is not None:
            self._rates.take(identity.key_id, identity.requests_per_hour)
        if endpoint is _TRANSFER and self._settings.artifact_transfer == "proxied":
            raise GatewayError(
                404, ENDPOINT_NOT_FOUND, "Artifacts go through the gateway here: presigned URLs are not handed out."
            )
        large = endpoint is _ARTIFACTS or endpoint is _TRANSFER
        check_length(exchange, self._settings.max_artifact_bytes if large else self._settings.max_body_bytes)
        if exchange.path == "/mlflow" and exchange.method == "GET":
            # The UI's relative addresses need the slash.
            exchange.send(308, [b"Location: /mlflow/\r\n"], b"")
            return
        self._in_flight.enter(identity.key_id)
        try:
            lane = self._lane if endpoint is _ARTIFACTS else None
            if lane is None or not await self._serve_artifact(lane, exchange, route):
                await self._proxy.handle(exchange, route)
        finally:
            self._in_flight.leave(identity.key_id)

    async def _identify(self, exchange: Exchange) -> Identity:
        key = api_key(exchange.head.authorizations, exchange.head.api_keys)
        try:
            identity = self._authenticator.remembered(key, exchange.client_ip)
            if identity is None:
                identity = await self._authenticator.authenticate(key, exchange.client_ip)
                exchange.auth_ms = exchange.elapsed_ms()
                self._journal.count_auth("valid")
            else:
                self._journal.count_auth("cached")
        except GatewayError as error:
            exchange.auth_ms = exchange.elapsed_ms()
            self._journal.count_auth(metrics.outcome(error.status))
            raise
        exchange.identity = identity
        if identity.legacy:
            self._journal.count_legacy()
            exchange.response_lines += b"Deprecation: true\r\nSunset: %b\r\n" % _http_day(self._settings)
        return identity

    async def _serve_artifact(self, lane: "DirectLane", exchange: Exchange, route: Route) -> bool:
        """Let the lane answer; tells whether it does."""
        from gateway.artifacts.operations import parse_operation  # noqa: PLC0415 # only where the lane runs

        operation = parse_operation(exchange.method, route.path.encode(), exchange.query[1:].encode())
        if operation is None:
            return False
        exchange.target = "direct"
        exchange.let_continue()
        request = exchange.request = ClientRequest(exchange.message, exchange.content, exchange.protocol)
        response = exchange.response = await lane.handle(request, operation, exchange.response_headers())
        exchange.status = response.status
        exchange.keep_alive = exchange.keep_alive and bool(response.keep_alive is not False)
        sent = response.content_length or request.writer.output_size
        exchange.bytes_out = 0 if exchange.method == "HEAD" else sent
        exchange.bytes_in = exchange.content.total_bytes
        return True

    async def _answer_health(self, exchange: Exchange) -> None:
        exchange.endpoint = _HEALTH
        details = False
        if exchange.path.startswith("/health/mlflow") and exchange.head.has_key():
            identity = await self._identify(exchange)
            authorise(identity.scopes, READ)
            details = True
        await self._health.answer(exchange, details=details, draining=self.draining)


def _http_day(settings: Settings) -> bytes:
    """The end of the legacy service id as an HTTP date (RFC 8594)."""
    until = settings.legacy_service_id_until
    return until.strftime("%a, %d %b %Y 23:59:59 GMT").encode() if until else b"0"
