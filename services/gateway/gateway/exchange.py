"""One request of a client and its answer: what is known about it, reading its body, writing the response."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from http import HTTPStatus

from aiohttp import HttpVersion11, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.http_writer import StreamWriter
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from gateway import headers
from gateway.auth import Identity
from gateway.errors import BAD_REQUEST, DEADLINE_EXCEEDED, INVALID_PARAMETER_VALUE, GatewayError
from gateway.paths import Endpoint, Route

_PROCESS = os.urandom(6).hex()
_numbers = itertools.count(1)
_NOTED = frozenset({b"content-length", b"transfer-encoding", b"expect", b"x-forwarded-for", b"x-request-id"})
_REASONS = {int(status): status.phrase.encode() for status in HTTPStatus}


class _Written(web.StreamResponse):
    """Tells aiohttp that the response is on the wire already."""

    def __init__(self, *, keep_alive: bool) -> None:
        super().__init__()
        self._keep_alive = keep_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        return None


_KEEP = _Written(keep_alive=True)
_CLOSE = _Written(keep_alive=False)


def is_written(response: web.StreamResponse) -> bool:
    """Whether a response is on the wire already, so that aiohttp has nothing left to do for it."""
    return response is _KEEP or response is _CLOSE


class ClientRequest(web.BaseRequest):
    """A request of which only what the gateway reads is set up.

    The rest comes about when somebody asks for it: the lane that serves artifacts does.
    """

    def __init__(self, message: RawRequestMessage, payload: StreamReader, protocol: RequestHandler) -> None:
        self._message = message
        self._version = message.version
        self._payload = payload
        self._protocol = protocol

    def __getattr__(self, name: str) -> object:
        """What is missing: everything, the first time."""
        loop = self._protocol._loop
        task = self._protocol._task_handler or asyncio.current_task(loop)
        if "_payload_writer" in self.__dict__ or task is None:
            raise AttributeError(name)
        super().__init__(self._message, self._payload, self._protocol, StreamWriter(self._protocol, loop), task, loop)
        return getattr(self, name)


class Exchange:
    """A request while it is handled.

    Args:
        request: what aiohttp read.
        keep_alive: whether the server wants to keep connections.
        body_idle_seconds: longest time without a byte of a body.
    """

    __slots__ = (
        "_continue",
        "_http11",
        "_idle",
        "_keep",
        "at",
        "auth_ms",
        "body",
        "bytes_in",
        "bytes_out",
        "client_ip",
        "content",
        "endpoint",
        "has_body",
        "headers",
        "identity",
        "keep_alive",
        "length",
        "limit",
        "method",
        "path",
        "query",
        "reason",
        "request",
        "request_id",
        "response_lines",
        "route",
        "started",
        "status",
        "target",
        "target_ms",
        "writes",
    )

    def __init__(self, request: web.BaseRequest, *, keep_alive: bool, body_idle_seconds: float) -> None:
        message = request._message
        self.started = time.perf_counter()
        self.at = time.time()
        self.request = request
        self.method = message.method
        self.content = request._payload
        self.path = message.path.partition("?")[0]
        self.query = ""
        self.keep_alive = keep_alive and not message.should_close
        self.route: Route | None = None
        self.endpoint: Endpoint = Endpoint.OTHER
        self.identity: Identity | None = None
        self.writes = False
        self.body = b""
        self.length: int | None = None
        self.has_body = False
        self.limit = 0
        self.status = 0
        self.target = "gateway"
        self.reason = ""
        self.auth_ms = 0.0
        self.target_ms = 0.0
        self.bytes_in = 0
        self.bytes_out = 0
        self._idle = body_idle_seconds
        self._continue = False
        self._http11 = message.version >= HttpVersion11
        request_id = forwarded = None
        self.headers = headers.lowered(message.raw_headers)
        for key, value in self.headers:
            if key not in _NOTED:
                continue
            if key == b"content-length":
                if value.isdigit():
                    self.length = int(value)
            elif key == b"transfer-encoding":
                self.has_body = True
            elif key == b"expect":
                self._continue = value.lower() == b"100-continue"
            elif key == b"x-forwarded-for":
                forwarded = value
            elif request_id is None:
                request_id = value
        self.has_body = self.has_body or bool(self.length)
        self.client_ip = client_ip(forwarded, request.transport)
        self.request_id = headers.request_id(request_id) or f"{_PROCESS}{next(_numbers):012x}"
        self.response_lines = [b"X-Request-Id: %b\r\n" % self.request_id.encode()]

    def elapsed_ms(self) -> float:
        """Milliseconds since the head of the request was there."""
        return (time.perf_counter() - self.started) * 1000

    # --- the request's body -------------------------------------------------------------------------------------------

    def check_length(self, limit: int) -> None:
        """Refuse a body that is too long before it is read.

        Args:
            limit: most bytes.

        Raises:
            GatewayError: 413.
        """
        self.limit = limit
        if self.length is not None and self.length > limit:
            raise self._too_large()

    def _too_large(self) -> GatewayError:
        return GatewayError(
            413, INVALID_PARAMETER_VALUE, f"The request body is larger than {self.limit} bytes, the most that is taken."
        )

    def let_continue(self) -> None:
        """Tell a client that waits for it that its body is wanted; before the body is read."""
        if self._continue:
            self._continue = False
            self._transport().write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, as it comes.

        Raises:
            GatewayError: 408 when nothing comes, 413 when too much comes, 400 when it ends too early.
        """
        content = self.content
        self.let_continue()
        while True:
            try:
                if content.is_eof():
                    piece = content.read_nowait()
                else:
                    async with asyncio.timeout(self._idle):
                        piece = await content.readany()
            except TimeoutError:
                # Nor will more come while the connection is closed in order.
                self.request.protocol._lingering_time = 0.0
                raise GatewayError(
                    408, DEADLINE_EXCEEDED, f"No byte of the request body came for {self._idle:g} s."
                ) from None
            except ConnectionError:
                raise
            except Exception:
                # aiohttp's own exception for a body whose framing is broken is not public.
                self.keep_alive = False
                raise GatewayError(400, BAD_REQUEST, "The request body could not be read.") from None
            if not piece:
                return
            self.bytes_in += len(piece)
            if self.bytes_in > self.limit:
                self.keep_alive = False
                raise self._too_large()
            yield piece

    async def read_short_body(self) -> None:
        """Read the whole body into memory; for one whose announced length is short.

        Raises:
            GatewayError: as `pieces`.
        """
        self.body = b"".join([piece async for piece in self.pieces()])

    # --- the response -------------------------------------------------------------------------------------------------

    def _transport(self) -> asyncio.Transport:
        transport = self.request.transport
        if transport is None or transport.is_closing():
            raise ConnectionResetError("The client went away.")
        return transport

    def _head(self, status: int, lines: Iterable[bytes], length: int | None, reason: bytes = b"") -> bytes:
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
        return b"HTTP/1.1 %d %b\r\n%b%b%b\r\n" % (
            status,
            reason or _REASONS.get(status, b"Status"),
            b"".join(lines),
            b"".join(self.response_lines),
            framing,
        )

    def send(
        self, status: int, lines: Iterable[bytes], body: bytes, *, length: int | None = None, reason: bytes = b""
    ) -> web.StreamResponse:
        """Write a whole response.

        Args:
            status: HTTP status.
            lines: header lines without length.
            body: all of it.
            length: what to announce instead of the body's length, for HEAD.
            reason: reason phrase.
        """
        transport = self._transport()
        if self.method == "HEAD":
            body = b""
        transport.write(self._head(status, lines, len(body) if length is None else length, reason) + body)
        self.bytes_out = len(body)
        return self.written()

    def send_error(self, error: GatewayError) -> web.StreamResponse:
        """Write an error as JSON."""
        body = error.body(self.request_id)
        lines = [b"Content-Type: application/json\r\n"]
        lines += [f"{name}: {value}\r\n".encode("latin-1") for name, value in error.headers.items()]
        return self.send(error.status, lines, body, length=len(body) if self.method == "HEAD" else None)

    async def stream(
        self, status: int, lines: Iterable[bytes], length: int | None, pieces: AsyncIterator[bytes], reason: bytes
    ) -> web.StreamResponse:
        """Write a response as its body comes, at the client's pace.

        Args:
            status: HTTP status.
            lines: header lines without length.
            length: length of the body, or None if it is not known.
            pieces: the body. Whoever catches what they raise calls `abort`: the response must not look complete.
            reason: reason phrase.
        """
        self._transport().write(self._head(status, lines, length, reason))
        chunked = length is None and self._http11
        async for piece in pieces:
            self._transport().write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            self.bytes_out += len(piece)
            if self.request.protocol.writing_paused:
                async with asyncio.timeout(self._idle):
                    await self.request.protocol._drain_helper()
        if chunked:
            self._transport().write(b"0\r\n\r\n")
        return self.written()

    def abort(self) -> None:
        """End the client's connection at once: it sees that the response is not whole."""
        self.keep_alive = False
        if self.request.transport is not None:
            self.request.transport.abort()

    def written(self) -> web.StreamResponse:
        """What aiohttp gets when the response is written."""
        return _KEEP if self.keep_alive else _CLOSE

    def response_headers(self) -> Mapping[str, str]:
        """The gateway's own response headers, for a lane that answers by itself."""
        pairs = (line[:-2].decode("latin-1").split(": ", 1) for line in self.response_lines)
        closing = {} if self.keep_alive else {"Connection": "close"}
        return {**dict(pairs), **closing, "Server": "gateway"}


def client_ip(forwarded: bytes | None, transport: asyncio.BaseTransport | None) -> str:
    """The client's address: what the load balancer appended to the last `X-Forwarded-For`, or the peer without one.

    Only the load balancer can connect to the gateway, so that the last entry is its own; those before are the client's
    words.
    """
    if forwarded is not None:
        last = forwarded.rpartition(b",")[2].strip()
        if 0 < len(last) <= 45 and not last.strip(b"0123456789abcdefABCDEF.:"):
            return last.decode()
    peer = transport.get_extra_info("peername") if transport is not None else None
    return str(peer[0]) if peer else "-"
