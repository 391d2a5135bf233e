"""One HTTP/1.1 connection to another service: a request out, its response in, with backpressure both ways.

aiohttp's client would do, at twice the cost a request, and decides by itself what it repeats. Here a caller knows
exactly how far a request got: whether a byte of an answer arrived decides what may be repeated.
"""

import asyncio
from collections import deque
from typing import cast

import httptools

from gateway.upstream_errors import DroppedError, MalformedError, TimedOutError, TruncatedError, UpstreamError

_HIGH_WATER = 512 * 1024
_LOW_WATER = 128 * 1024
_MOST_HEADER_BYTES = 64 * 1024


class Head:
    """Status and headers of a response, their names in lower case."""

    __slots__ = ("headers", "status")

    def __init__(self) -> None:
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []


class Connection(asyncio.Protocol):
    """A connection that carries one request at a time.

    Args:
        loop: that it is used in.
        address: of the other end.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, address: str) -> None:
        self._loop = loop
        self.address = address
        self.transport: asyncio.Transport | None = None
        self.used = False
        self.sent = True
        self.idle_since = 0.0
        self.opened = loop.time()
        self.head = Head()
        self.answered = False
        self.complete = False
        self._begun = False
        self._parser = httptools.HttpResponseParser(self)
        self._without_body = False
        self._reusable = False
        self._header_bytes = 0
        self._chunks: deque[bytes] = deque()
        self.waiting = 0
        self._reading_paused = False
        self._writing_paused = False
        self.failure: UpstreamError | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._wait_seconds = 0.0
        self._wait_until = 0.0
        self._drainer: asyncio.Future[None] | None = None

    # --- the request -----------------------------------------------------------------------------------------------

    def begin(self, data: bytes, *, without_body: bool) -> None:
        """Send the head of a request, with as much of its body as is there.

        Args:
            data: bytes as they go out.
            without_body: the response to this method has none (HEAD), whatever its headers say.

        Raises:
            DroppedError: the connection is gone.
        """
        self.head = Head()
        self.answered = self.complete = self._begun = False
        self._without_body = without_body
        self._header_bytes = 0
        self._writable().write(data)

    async def send(self, data: bytes, seconds: float) -> None:
        """Send more of the body; returns when the other side keeps up, or has answered already.

        Args:
            data: bytes as they go out.
            seconds: longest time for which the other side may take nothing.

        Raises:
            UpstreamError: the connection is gone.
        """
        self._writable().write(data)
        if self._writing_paused and not self.answered:
            self._drainer = self._loop.create_future()
            timer = self._loop.call_later(seconds, self._fail, TimedOutError(f"nothing taken for {seconds:g} s"))
            try:
                await self._drainer
            finally:
                timer.cancel()
                self._drainer = None
            if self.failure is not None and not self.answered:
                raise self.failure

    def _writable(self) -> asyncio.Transport:
        if self.failure is not None:
            raise self.failure
        if self.transport is None or self.transport.is_closing():
            raise DroppedError("connection closed")
        return self.transport

    # --- the response ----------------------------------------------------------------------------------------------

    async def read(self, seconds: float) -> bytes:
        """What has come of the body, or nothing at its end.

        Args:
            seconds: longest time without a byte.

        Raises:
            UpstreamError: the body ended before its end, or nothing came for that long.
        """
        while not self._chunks:
            if self.complete:
                return b""
            await self.wait(seconds)
        return self.take()

    def take(self) -> bytes:
        """What has come of the body and was not read yet, without waiting."""
        data = self._chunks.popleft() if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks.clear()
        self.waiting = 0
        if self._reading_paused and self.transport is not None:
            self._reading_paused = False
            self.transport.resume_reading()
        return data

    def wait(self, seconds: float) -> asyncio.Future[None]:
        """Something of the response: its head, or more of its body.

        Args:
            seconds: longest time until it comes.

        Raises:
            UpstreamError: the connection ended, what came is no HTTP, or the time is over.
        """
        if self.failure is not None:
            raise self.failure
        waiter = self._waiter = self._loop.create_future()
        self._wait_seconds = seconds
        self._wait_until = until = self._loop.time() + seconds
        # One timer outlasts many waits: it looks again when it fires, which is cheaper than one for each of them.
        if self._timer is None or self._timer.when() > until:
            self._watch()
        return waiter

    def _watch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._wait_until, self._look_at_time)

    def _look_at_time(self) -> None:
        self._timer = None
        if self._waiter is None or self._waiter.done():
            return
        if self._loop.time() < self._wait_until:
            self._watch()
        else:
            self._fail(TimedOutError(f"no answer within {self._wait_seconds:g} s"))

    def finished(self) -> bool:
        """Whether the response is read to its end and the connection may carry another request."""
        return (
            self.complete
            and self._reusable
            and self.failure is None
            and not self._chunks
            and not self._writing_paused
            and self.transport is not None
            and not self.transport.is_closing()
        )

    def abort(self) -> None:
        """End the connection at once; the other side sees that the request was not completed."""
        if self.transport is not None:
            self.transport.abort()

    # --- what the event loop calls ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is there."""
        # uvloop's transports are not derived from asyncio's.
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Bytes of a response."""
        if self.complete or self.failure is not None:
            # Nobody asked for it: whatever it is, it must not be taken for the next request's answer.
            self._fail(MalformedError("bytes after the response"))
            return
        self._begun = True
        answered = self.answered
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(MalformedError(str(error)))
            return
        if self.complete or self.answered != answered or self._chunks:
            self._wake()

    def eof_received(self) -> bool:
        """The other side sends no more: close, also in the middle."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.transport = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self.complete:
            self._fail(TruncatedError("connection lost") if self._begun else DroppedError("connection lost"))

    def pause_writing(self) -> None:
        """Too much waits to be sent."""
        self._writing_paused = True

    def resume_writing(self) -> None:
        """The other side keeps up again."""
        self._writing_paused = False
        if self._drainer is not None and not self._drainer.done():
            self._drainer.set_result(None)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
        if self.answered and self._drainer is not None and not self._drainer.done():
            self._drainer.set_result(None)

    def _fail(self, failure: UpstreamError) -> None:
        if self.failure is None:
            self.failure = failure
        self.abort()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_exception(self.failure)
        if self._drainer is not None and not self._drainer.done():
            self._drainer.set_result(None)

    # --- what the parser calls ----------------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A response begins: one, and interim ones before it."""
        if self.complete:
            self._fail(MalformedError("bytes after the response"))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a header, its name in lower case."""
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > _MOST_HEADER_BYTES:
            self._fail(MalformedError("headers too long"))
        self.head.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """The head is there, unless it is an interim one (RFC 9110 15.2)."""
        status = self._parser.get_status_code()
        if status < 200:
            self.head = Head()
            return
        self.head.status = status
        self.answered = True
        self._reusable = self._parser.should_keep_alive()
        if self._without_body:
            # The parser does not know the method and would wait for a body: this was the connection's last answer.
            self.complete = True
            self._reusable = False

    def on_body(self, data: bytes) -> None:
        """Keep a piece of the body, and stop reading when too much is waiting."""
        if self._without_body:
            self._fail(MalformedError("a body where none belongs"))
            return
        self._chunks.append(data)
        self.waiting += len(data)
        if self.waiting > _HIGH_WATER and not self._reading_paused and self.transport is not None:
            self._reading_paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """The end of a response, or of an interim one."""
        if self.answered:
            self.complete = True
