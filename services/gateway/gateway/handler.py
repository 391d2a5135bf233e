"""The way of a request: classified, authenticated, authorised, limited, passed on, logged."""

import asyncio
from typing import TYPE_CHECKING

from aiohttp import HttpVersion10, HttpVersion11, web

from gateway import headers, metrics
from gateway.access_log import access_line
from gateway.audit import audit_line
from gateway.auth import Authenticator, Identity
from gateway.errors import (
    BAD_REQUEST,
    ENDPOINT_NOT_FOUND,
    INTERNAL_ERROR,
    TEMPORARILY_UNAVAILABLE,
    GatewayError,
)
from gateway.exchange import Exchange
from gateway.health import Health
from gateway.keys import api_key
from gateway.limits import InFlight, RateTable
from gateway.output import Lines
from gateway.paths import Endpoint, Route, split_target, translate
from gateway.proxy import Proxy
from gateway.scopes import READ, WRITE, authorise, needed_scope
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.artifacts.direct import DirectLane

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_ARTIFACT_BODIES = (Endpoint.ARTIFACTS, Endpoint.TRANSFER)


class Handler:
    """Answers requests.

    Args:
        settings: the gateway's settings.
        authenticator: knows who a key belongs to.
        proxy: passes requests to MLflow.
        health: answers health checks.
        rates: counts requests a key, for all workers.
        lines: where log, audit trail and metrics go.
        counters: this worker's metrics.
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
        lines: Lines,
        counters: metrics.Metrics,
        lane: "DirectLane | None",
    ) -> None:
        self._settings = settings
        self._authenticator = authenticator
        self._proxy = proxy
        self._health = health
        self._rates = rates
        self._in_flight = InFlight(settings.max_in_flight_per_key)
        self._lines = lines
        self._counters = counters
        self._lane = lane
        self.draining = False
        self.running = 0

    async def __call__(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request, whatever happens, and log it."""
        exchange = Exchange(request, keep_alive=not self.draining, body_idle_seconds=self._settings.body_idle_seconds)
        outcome: str | None = None
        self.running += 1
        try:
            try:
                return await self._answer(exchange)
            except GatewayError as error:
                return self._refuse(exchange, error)
            except TimeoutError:
                exchange.reason = exchange.reason or "the client took nothing of the response"
                return self._refuse(exchange, GatewayError(504, TEMPORARILY_UNAVAILABLE, "The response took too long."))
            except (ConnectionError, asyncio.CancelledError):
                outcome = metrics.CLIENT_GONE
                raise
            except Exception as error:  # a fault of the gateway's own: told to the operator, not to the client
                exchange.reason = f"{type(error).__name__}: {error}"
                return self._refuse(
                    exchange,
                    GatewayError(
                        500, INTERNAL_ERROR, "The gateway failed on this request. Its log has the request id."
                    ),
                )
        finally:
            self.running -= 1
            self._log(exchange, outcome)

    def _refuse(self, exchange: Exchange, error: GatewayError) -> web.StreamResponse:
        if exchange.status or exchange.request.writer.output_size:
            # The response had begun: it must not look complete.
            exchange.reason = exchange.reason or error.message
            exchange.abort()
            return exchange.written()
        return exchange.send_error(error)

    async def _answer(self, exchange: Exchange) -> web.StreamResponse:
        if exchange.method not in _METHODS:
            exchange.keep_alive = False
            raise GatewayError(405, BAD_REQUEST, f"Method {exchange.method[:20]} is not served.")
        if exchange.request._message.version not in (HttpVersion10, HttpVersion11):
            exchange.keep_alive = False
            raise GatewayError(400, BAD_REQUEST, "Only HTTP/1.0 and HTTP/1.1 are served.")
        headers.check_request(exchange.headers, upgrade=exchange.request._message.upgrade)
        exchange.path, exchange.query = split_target(exchange.request._message.path)
        if exchange.path == "/health" or exchange.path.startswith("/health/"):
            return await self._answer_health(exchange)
        route = exchange.route = translate(exchange.path)
        exchange.endpoint = route.endpoint
        identity = await self._identify(exchange)
        needed = needed_scope(exchange.method, route.path)
        exchange.writes = needed == WRITE
        authorise(identity.scopes, needed)
        if identity.requests_per_hour is not None:
            self._rates.take(identity.key_id, identity.requests_per_hour)
        if route.endpoint is Endpoint.TRANSFER and self._settings.artifact_transfer == "proxied":
            raise GatewayError(
                404, ENDPOINT_NOT_FOUND, "Artifacts go through the gateway here: presigned URLs are not handed out."
            )
        large = route.endpoint in _ARTIFACT_BODIES
        exchange.check_length(self._settings.max_artifact_bytes if large else self._settings.max_body_bytes)
        if exchange.path == "/mlflow" and exchange.method == "GET":
            # The UI's relative addresses need the slash.
            return exchange.send(308, [b"Location: /mlflow/\r\n"], b"")
        self._in_flight.enter(identity.key_id)
        try:
            if self._lane is not None and route.endpoint is Endpoint.ARTIFACTS:
                response = await self._serve_artifact(self._lane, exchange, route)
                if response is not None:
                    return response
            return await self._proxy.handle(exchange, route)
        finally:
            self._in_flight.leave(identity.key_id)

    async def _identify(self, exchange: Exchange) -> Identity:
        key = api_key(exchange.headers)
        try:
            identity = self._authenticator.remembered(key, exchange.client_ip)
            if identity is None:
                identity = await self._authenticator.authenticate(key, exchange.client_ip)
                self._counters.auth("valid")
            else:
                self._counters.auth("cached")
        except GatewayError as error:
            self._counters.auth(metrics.outcome(error.status))
            raise
        finally:
            exchange.auth_ms = exchange.elapsed_ms()
        exchange.identity = identity
        if identity.legacy:
            self._counters.legacy += 1
            exchange.response_lines.append(b"Deprecation: true\r\n")
            exchange.response_lines.append(b"Sunset: %b\r\n" % _http_day(self._settings))
        return identity

    async def _serve_artifact(self, lane: "DirectLane", exchange: Exchange, route: Route) -> web.StreamResponse | None:
        from gateway.artifacts.operations import parse_operation  # noqa: PLC0415 # only where the lane runs

        operation = parse_operation(exchange.method, route.path.encode(), exchange.query[1:].encode())
        if operation is None:
            return None
        exchange.target = "direct"
        exchange.let_continue()
        response = await lane.handle(exchange.request, operation, exchange.response_headers())
        exchange.status = response.status
        sent = response.content_length or exchange.request.writer.output_size
        exchange.bytes_out = 0 if exchange.method == "HEAD" else sent
        exchange.bytes_in = exchange.content.total_bytes
        return response

    async def _answer_health(self, exchange: Exchange) -> web.StreamResponse:
        exchange.endpoint = Endpoint.HEALTH
        details = False
        if exchange.path.startswith("/health/mlflow") and _has_key(exchange):
            identity = await self._identify(exchange)
            authorise(identity.scopes, READ)
            details = True
        return await self._health.answer(exchange, details=details, draining=self.draining)

    def _log(self, exchange: Exchange, outcome: str | None) -> None:
        milliseconds = exchange.elapsed_ms()
        if outcome is None and not exchange.status:
            # There was nobody left to answer.
            outcome = metrics.CLIENT_GONE
        if outcome is None:
            outcome = metrics.outcome(exchange.status)
            if exchange.reason and outcome == metrics.OK and not exchange.keep_alive:
                outcome = metrics.ABORTED
        status = 499 if outcome == metrics.CLIENT_GONE else exchange.status
        identity = exchange.identity
        user = identity.user_id.decode() if identity else ""
        key = identity.key_id.decode() if identity else ""
        self._counters.request(exchange.endpoint, outcome, milliseconds, exchange.bytes_in, exchange.bytes_out)
        self._lines.write(
            access_line(
                at=exchange.at,
                request_id=exchange.request_id,
                method=exchange.method if exchange.method in _METHODS else "OTHER",
                path=exchange.path,
                translated=exchange.route.path if exchange.route else "",
                target=exchange.target,
                status=status,
                outcome=outcome,
                milliseconds=milliseconds,
                auth_milliseconds=exchange.auth_ms,
                target_milliseconds=exchange.target_ms,
                bytes_in=exchange.bytes_in,
                bytes_out=exchange.bytes_out,
                client_ip=exchange.client_ip,
                user_id=user,
                key_id=key,
                reason=exchange.reason,
            )
        )
        if exchange.writes and exchange.route is not None:
            self._lines.write(
                audit_line(
                    at=exchange.at,
                    request_id=exchange.request_id,
                    user_id=user,
                    key_id=key,
                    client_ip=exchange.client_ip,
                    method=exchange.method,
                    path=exchange.route.path,
                    query=exchange.query,
                    body=exchange.body,
                    status=status,
                    outcome=outcome,
                )
            )


def _has_key(exchange: Exchange) -> bool:
    return any(name in (b"authorization", b"x-api-key") for name, _ in exchange.headers)


def _http_day(settings: Settings) -> bytes:
    """The end of the legacy service id as an HTTP date (RFC 8594)."""
    until = settings.legacy_service_id_until
    return until.strftime("%a, %d %b %Y 23:59:59 GMT").encode() if until else b"0"
