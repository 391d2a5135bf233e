"""A request on its way to MLflow and the answer on its way back."""

import json
import time
from collections.abc import AsyncIterator, Callable
from functools import partial

from gateway import client_body, headers
from gateway.connection import Connection, Head
from gateway.diagnosis import Diagnosis
from gateway.errors import DEADLINE_EXCEEDED, TEMPORARILY_UNAVAILABLE, GatewayError
from gateway.exchange import Exchange
from gateway.mlflow_errors import client_error
from gateway.paths import Endpoint, Route
from gateway.settings import Settings
from gateway.upstream import Pool, Request
from gateway.upstream_errors import TimedOutError, UnreachableError, UpstreamError

# Up to this length a body is read before MLflow is asked: what is written is known to the audit trail then, and the
# request can be sent again if no connection comes about.
_SHORT_BODY = 64 * 1024
_LARGEST_ERROR = 64 * 1024
_ARTIFACTS, _TRANSFER, _SERVER_INFO = Endpoint.ARTIFACTS, Endpoint.TRANSFER, Endpoint.SERVER_INFO


class Proxy:
    """Passes requests to MLflow.

    Args:
        settings: where MLflow is, how long it may take.
        pool: connections to it.
        diagnosis: finds out what became of an artifact.
    """

    def __init__(self, settings: Settings, pool: Pool, diagnosis: Diagnosis) -> None:
        self._settings = settings
        self._pool = pool
        self._diagnosis = diagnosis
        self._host = f"Host: {settings.mlflow_server_url.authority}\r\n".encode()
        self._authorities = {settings.mlflow_server_url.authority, settings.public_host}
        self._names = (
            settings.mlflow_server_url.authority,
            settings.mlflow_server_url.host,
            settings.auth_service_url.authority,
            settings.auth_service_url.host,
        )

    async def handle(self, exchange: Exchange, route: Route) -> None:
        """Answer a request that may be passed on.

        Raises:
            GatewayError: MLflow cannot be asked, or its answer must not be passed on.
        """
        if exchange.length is not None and exchange.length <= _SHORT_BODY and exchange.has_body:
            await client_body.read_short(exchange)
        begun = time.perf_counter()
        slow = route.endpoint is _ARTIFACTS or route.endpoint is _TRANSFER
        seconds = self._settings.artifact_response_seconds if slow else self._settings.upstream_response_seconds
        exchange.target = "mlflow"
        try:
            connection, head = await self._pool.ask(self._request(exchange, route), seconds)
        except UpstreamError as failure:
            exchange.reason = f"{type(failure).__name__}: {failure}"
            raise _failed(failure) from None
        exchange.target_ms = (time.perf_counter() - begun) * 1000
        try:
            await self._answer(exchange, route, connection, head)
        except UpstreamError as failure:
            exchange.reason = f"{type(failure).__name__}: {failure}"
            raise _failed(failure) from None
        finally:
            self._pool.release(connection)

    def _request(self, exchange: Exchange, route: Route) -> Request:
        identity = exchange.identity
        lines = [
            f"{exchange.method} {route.path}{exchange.query} HTTP/1.1\r\n".encode("ascii"),
            self._host,
            *exchange.head.to_mlflow,
            exchange.id_line,
        ]
        if identity is not None:
            lines.append(identity.lines)
        body: Callable[[], AsyncIterator[bytes]] | None = None
        if exchange.length is not None:
            lines.append(b"Content-Length: %d\r\n\r\n" % exchange.length)
            if exchange.body or not exchange.has_body:
                lines.append(exchange.body)
            else:
                body = partial(client_body.pieces, exchange)
        elif exchange.has_body:
            lines.append(b"Transfer-Encoding: chunked\r\n\r\n")
            body = partial(_chunked, exchange)
        else:
            lines.append(b"Content-Length: 0\r\n\r\n" if exchange.method in ("POST", "PUT", "PATCH") else b"\r\n")
        return Request(exchange.method, b"".join(lines), body, exchange.has_body, self._settings.body_idle_seconds)

    async def _answer(self, exchange: Exchange, route: Route, connection: Connection, head: Head) -> None:
        if head.status >= 400:
            await self._error(exchange, route, connection, head)
            return
        if exchange.method == "DELETE" and route.endpoint is _ARTIFACTS:
            refused = await self._diagnosis.after_deletion(route.path)
            if refused is not None:
                raise refused
        lines, length, location = headers.to_client(head.headers)
        if location is not None:
            public = headers.public_location(location, self._authorities, route.prefix)
            if public is None:
                exchange.reason = f"redirect to {location[:200]!r}"
                raise GatewayError(
                    502, TEMPORARILY_UNAVAILABLE, "MLflow answered with a redirect that leads elsewhere."
                )
            lines.append(f"Location: {public}\r\n".encode("ascii"))
        if route.endpoint is _SERVER_INFO and self._settings.artifact_transfer == "proxied":
            exchange.send(head.status, lines, _without_transfer(await self._all(connection)))
        elif exchange.method == "HEAD":
            exchange.send(head.status, lines, b"", length=length or 0)
        elif connection.complete and (length is None or length == connection.waiting):
            exchange.send(head.status, lines, connection.take())
        else:
            await exchange.stream(head.status, lines, length, self._pieces(connection))

    async def _pieces(self, connection: Connection) -> AsyncIterator[bytes]:
        while piece := await connection.read(self._settings.body_idle_seconds):
            yield piece

    async def _all(self, connection: Connection) -> bytes:
        body = b""
        while len(body) <= _LARGEST_ERROR and (piece := await connection.read(self._settings.body_idle_seconds)):
            body += piece
        return body

    async def _error(self, exchange: Exchange, route: Route, connection: Connection, head: Head) -> None:
        body = await self._all(connection)
        exchange.reason = f"MLflow {head.status}: {body[:500].decode('utf-8', 'replace')}"
        error = client_error(head.status, body, route.endpoint, exchange.method, self._names)
        if error.status == 500 and route.endpoint is _ARTIFACTS:
            error = await self._diagnosis(exchange.method, route.path) or error
        exchange.send_error(error)


async def _chunked(exchange: Exchange) -> AsyncIterator[bytes]:
    async for piece in client_body.pieces(exchange):
        yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def _without_transfer(body: bytes) -> bytes:
    """MLflow's capabilities without those by which clients leave the gateway (mlflow/utils/server_info.py).

    Raises:
        GatewayError: 502, the answer cannot be read.
    """
    try:
        info = json.loads(body)
    except ValueError:
        info = None
    if not isinstance(info, dict):
        raise GatewayError(502, TEMPORARILY_UNAVAILABLE, "MLflow's answer could not be read.")
    return json.dumps({**info, "multipart_uploads_enabled": False, "multipart_downloads_enabled": False}).encode()


def _failed(failure: UpstreamError) -> GatewayError:
    if isinstance(failure, TimedOutError):
        return GatewayError(504, DEADLINE_EXCEEDED, "MLflow did not answer in time.")
    if isinstance(failure, UnreachableError):
        return GatewayError(502, TEMPORARILY_UNAVAILABLE, "MLflow cannot be reached at the moment. Try again.")
    return GatewayError(502, TEMPORARILY_UNAVAILABLE, "The connection to MLflow broke before it answered.")
