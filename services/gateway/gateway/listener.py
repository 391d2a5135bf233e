"""Client connections: what aiohttp's server does not bound or say in JSON by itself."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.errors import BAD_REQUEST, TEMPORARILY_UNAVAILABLE, GatewayError
from gateway.handler import Handler
from gateway.settings import Settings

_FULL = GatewayError(503, TEMPORARILY_UNAVAILABLE, "Too many connections. Try again.").body("-")
_FULL_RESPONSE = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    b"Connection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(_FULL), _FULL)
)
_SWEEP_SECONDS = 1.0
# For a client that sends its body to the end before it reads that it was refused.
_LINGER_SECONDS = 30.0


class ClientConnection(RequestHandler):
    """A client's connection; knows since when a request's head is incomplete."""

    __slots__ = ("head_since", "on_malformed")

    head_since: float
    on_malformed: Callable[[], None]

    def data_received(self, data: bytes) -> None:
        """Take bytes; note when a head begins to come without being complete."""
        before = self._request_count
        super().data_received(data)
        if self._request_count != before:
            self.head_since = 0.0
        elif data and not self._request_in_progress and not self.head_since:
            self.head_since = self._loop.time()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what is no HTTP request, in JSON and without repeating its bytes: they may hold a key."""
        if request.writer.output_size > 0:
            raise ConnectionError("the response had begun")
        self.on_malformed()
        if isinstance(exc, LineTooLong):
            status, text = 431, "The request line or a header is too long."
        else:
            text = "This is not a valid HTTP request."
        body = GatewayError(status, BAD_REQUEST, text).body("-")
        response = web.Response(
            status=status, body=body, content_type="application/json", headers={"Server": "gateway"}
        )
        response.force_close()
        return response


class Listener(web.Server):
    """Accepts connections for a handler.

    Args:
        handler: answers requests.
        settings: limits and times.
        on_malformed: called for each connection that sends no valid HTTP.
        logger: where aiohttp reports a fault of its own.
    """

    def __init__(
        self,
        handler: Handler,
        settings: Settings,
        on_malformed: Callable[[], None],
        logger: logging.Logger,
    ) -> None:
        super().__init__(handler, handler_cancellation=True)
        self._settings = settings
        self._on_malformed = on_malformed
        self._logger = logger
        self._server: asyncio.Server | None = None
        self._rest: socket.socket | None = None
        self._sweeper: asyncio.Task[None] | None = None

    def __call__(self) -> RequestHandler:
        """A connection that was accepted."""
        settings = self._settings
        connection = ClientConnection(
            self,
            loop=self._loop,
            keepalive_timeout=settings.keep_alive_seconds,
            max_line_size=settings.max_header_bytes,
            max_field_size=settings.max_header_bytes,
            max_headers=128,
            auto_decompress=False,
            lingering_time=_LINGER_SECONDS,
            logger=self._logger,
        )
        connection.head_since = 0.0
        connection.on_malformed = self._on_malformed
        return connection

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Take a connection, or refuse it when there are too many."""
        super().connection_made(handler, transport)
        if len(self._connections) > self._settings.max_connections:
            transport.write(_FULL_RESPONSE)
            transport.close()

    async def start(self, listening: socket.socket) -> None:
        """Accept connections.

        Args:
            listening: a bound socket of this worker's own.
        """
        listening.listen(1024)
        self._rest = listening.dup()
        self._rest.setblocking(False)
        self._server = await self._loop.create_server(self, sock=listening, backlog=1024)
        self._sweeper = self._loop.create_task(self._sweep())

    async def stop_accepting(self) -> None:
        """Close the listening socket, after taking the connections that wait in its queue: closing would reset them."""
        if self._server is None or self._rest is None:
            return
        self._server.close()
        while True:
            try:
                accepted, _ = self._rest.accept()
            except BlockingIOError:
                break
            accepted.setblocking(False)
            await self._loop.connect_accepted_socket(self, accepted)
        self._rest.close()

    def close_idle(self) -> None:
        """Close connections that wait for a request; those that handle one end with it."""
        self.pre_shutdown()

    async def end(self) -> None:
        """Close everything at once."""
        if self._sweeper is not None:
            self._sweeper.cancel()
        await self.shutdown(0.1)

    async def _sweep(self) -> None:
        """Close connections whose request head does not get complete."""
        limit = self._settings.header_timeout_seconds
        while True:
            await asyncio.sleep(min(_SWEEP_SECONDS, limit / 4))
            now = self._loop.time()
            for connection in self.connections:
                if (
                    isinstance(connection, ClientConnection)
                    and connection.head_since
                    and not connection._request_in_progress
                    and now - connection.head_since > limit
                ):
                    connection.force_close()


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
