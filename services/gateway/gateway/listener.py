"""Taking connections of clients: how many, how slow they may be, and how they end."""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

from gateway.client_connection import ClientConnection
from gateway.errors import TEMPORARILY_UNAVAILABLE, GatewayError
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
        super().__init__(_never, handler_cancellation=True)
        self._handler = handler
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
        connection.handler = self._handler
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


async def _never(_request: web.BaseRequest) -> web.StreamResponse:
    raise RuntimeError("requests go to the handler")


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)
