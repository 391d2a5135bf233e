"""One request of a client and its answer: what is known about it, and writing the response."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from http import HTTPStatus

from aiohttp import HttpVersion11, web
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from gateway import headers
from gateway.auth_answers import Identity
from gateway.client_request import ClientRequest
from gateway.errors import GatewayError
from gateway.paths import Endpoint, Route
from gateway.request_head import RequestHead

_PROCESS = os.urandom(6).hex()
_numbers = itertools.count(1)
_OTHER = Endpoint.OTHER
_STATUS_LINES = {int(status): b"HTTP/1.1 %d %b\r\n" % (status, status.phrase.encode()) for status in HTTPStatus}


class Exchange:
    """A request while it is handled.

    Args:
        message: head of the request as aiohttp read it.
        content: its body.
        protocol: the client's connection.
        keep_alive: whether the server wants to keep connections.
        idle_seconds: longest time without a byte of a body.
    """

    __slots__ = (
        "_continue",
        "_http11",
        "at",
        "auth_ms",
        "body",
        "bytes_in",
        "bytes_out",
        "client_ip",
        "content",
        "endpoint",
        "has_body",
        "head",
        "id_line",
        "identity",
        "idle_seconds",
        "keep_alive",
        "length",
        "limit",
        "message",
        "method",
        "path",
        "protocol",
        "query",
        "reason",
        "request",
        "request_id",
        "response",
        "response_lines",
        "route",
        "started",
        "status",
        "target",
        "target_ms",
        "writes",
    )

    def __init__(
        self,
        message: RawRequestMessage,
        content: StreamReader,
        protocol: RequestHandler,
        *,
        keep_alive: bool,
        idle_seconds: float,
    ) -> None:
        self.started = time.perf_counter()
        self.at = time.time()
        self.message = message
        self.method: str = message.method
        self.content = content
        self.protocol = protocol
        self.path = ""
        self.query = ""
        self.keep_alive = keep_alive and not message.should_close
        self.idle_seconds = idle_seconds
        self.head = head = RequestHead(message.raw_headers)
        self.length = head.length()
        self.has_body = bool(self.length) or head.chunked()
        self.limit = 0
        self.body = b""
        self.endpoint = _OTHER
        self.route: Route | None = None
        self.identity: Identity | None = None
        self.writes = False
        self.status = 0
        self.target = "gateway"
        self.reason = ""
        self.auth_ms = self.target_ms = 0.0
        self.bytes_in = self.bytes_out = 0
        self._continue = bool(head.expect) and head.expect.lower() == b"100-continue"
        self._http11 = message.version >= HttpVersion11
        self.client_ip = client_ip(head.forwarded, protocol.peername)
        self.request_id = headers.request_id(head.request_id) or f"{_PROCESS}{next(_numbers):012x}"
        self.id_line = b"X-Request-Id: " + self.request_id.encode() + b"\r\n"
        # Set where the artifact lane answers: aiohttp ends such a response.
        self.request: ClientRequest | None = None
        self.response: web.StreamResponse | None = None
        # What the gateway adds to the response.
        self.response_lines = self.id_line

    def elapsed_ms(self) -> float:
        """Milliseconds since the head of the request was there."""
        return (time.perf_counter() - self.started) * 1000

    def let_continue(self) -> None:
        """Tell a client that waits for it that its body is wanted; before the body is read."""
        if self._continue:
            self._continue = False
            self._transport().write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _transport(self) -> asyncio.Transport:
        transport = self.protocol.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The client went away.")
        return transport

    def _head(self, status: int, lines: Iterable[bytes], length: int | None) -> bytes:
        self.status = status
        if not self.content.is_eof():
            # What is still to come of the request would be read and thrown away before the next one.
            self.keep_alive = False
        framing = b""
        if status not in (204, 304):
            if length is not None:
                framing = b"Content-Length: %d\r\n" % length
            elif self._http11:
                framing = b"Transfer-Encoding: chunked\r\n"
            else:
                self.keep_alive = False
        if not self.keep_alive:
            framing += b"Connection: close\r\n"
        elif not self._http11:
            framing += b"Connection: keep-alive\r\n"
        line = _STATUS_LINES.get(status) or b"HTTP/1.1 %d Status\r\n" % status
        return b"".join((line, *lines, self.response_lines, framing, b"\r\n"))

    def send(self, status: int, lines: Iterable[bytes], body: bytes, *, length: int | None = None) -> None:
        """Write a whole response.

        Args:
            status: HTTP status.
            lines: header lines without length.
            body: all of it.
            length: what to announce instead of the body's length, for HEAD.
        """
        transport = self._transport()
        if self.method == "HEAD":
            body = b""
        transport.write(self._head(status, lines, len(body) if length is None else length) + body)
        self.bytes_out = len(body)

    def send_error(self, error: GatewayError) -> None:
        """Write an error as JSON."""
        body = error.body(self.request_id)
        lines = [b"Content-Type: application/json\r\n"]
        lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in error.headers.items()]
        self.send(error.status, lines, body, length=len(body) if self.method == "HEAD" else None)

    async def stream(
        self, status: int, lines: Iterable[bytes], length: int | None, pieces: AsyncIterator[bytes]
    ) -> None:
        """Write a response as its body comes, at the client's pace.

        Args:
            status: HTTP status.
            lines: header lines without length.
            length: length of the body, or None if it is not known.
            pieces: the body. Whoever catches what they raise calls `abort`: the response must not look complete.
        """
        self._transport().write(self._head(status, lines, length))
        chunked = length is None and self._http11
        async for piece in pieces:
            self._transport().write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            self.bytes_out += len(piece)
            if self.protocol.writing_paused:
                async with asyncio.timeout(self.idle_seconds):
                    await self.protocol._drain_helper()
        if chunked:
            self._transport().write(b"0\r\n\r\n")

    def abort(self) -> None:
        """End the client's connection at once: it sees that the response is not whole."""
        self.keep_alive = False
        if self.protocol.transport is not None:
            self.protocol.transport.abort()

    def begun(self) -> bool:
        """Whether some of a response is on the wire."""
        return bool(self.status or (self.request is not None and self.request.writer.output_size))

    def response_headers(self) -> Mapping[str, str]:
        """The gateway's own response headers, for a lane that answers by itself."""
        pairs = (line.split(": ", 1) for line in self.response_lines.decode("latin-1").splitlines())
        closing = {} if self.keep_alive else {"Connection": "close"}
        return {**dict(pairs), **closing, "Server": "gateway"}


def client_ip(forwarded: bytes | None, peer: object) -> str:
    """The client's address: what the load balancer appended to the last `X-Forwarded-For`, or the peer without one.

    Only the load balancer can connect to the gateway, so that the last entry is its own; those before are the client's
    words.

    Args:
        forwarded: the last `X-Forwarded-For`, or None.
        peer: address of the other end of the connection, as the socket tells it.
    """
    if forwarded is not None:
        last = forwarded.rpartition(b",")[2].strip()
        if 0 < len(last) <= 45 and not last.strip(b"0123456789abcdefABCDEF.:"):
            return last.decode()
    return str(peer[0]) if isinstance(peer, tuple) else "-"
