"""A client's connection: one request after the other, and what aiohttp's server does not say in JSON by itself."""

import asyncio
from collections.abc import Callable

from aiohttp import StreamReader, web
from aiohttp.http_exceptions import LineTooLong
from aiohttp.web_protocol import RequestHandler, _ErrInfo

from gateway.errors import BAD_REQUEST, GatewayError
from gateway.handler import Handler


class ClientConnection(RequestHandler):
    """A client's connection; knows since when a request's head is incomplete."""

    __slots__ = ("handler", "head_since", "on_malformed")

    handler: Handler
    head_since: float
    on_malformed: Callable[[], None]

    def data_received(self, data: bytes) -> None:
        """Take bytes; note when a head begins to come without being complete."""
        before = self._request_count
        RequestHandler.data_received(self, data)
        if self._request_count != before:
            self.head_since = 0.0
        elif data and not self._request_in_progress and not self.head_since:
            self.head_since = self._loop.time()

    async def start(self) -> None:
        """Answer one request after the other.

        As aiohttp does it, but without a task, a writer and a whole request object for each, which took a sixth of the
        time of a request. What is no HTTP request takes aiohttp's own way; it is the last of its connection.
        """
        while not self._force_close:
            # Requests that came in one piece must not be answered at one go, or other connections wait for them.
            await (asyncio.sleep(0) if self._messages else self._next())
            message, payload = self._messages[0]
            if isinstance(message, _ErrInfo):
                await super().start()
                return
            self._take_message()
            # aiohttp's own code looks at this when the connection is lost and when the server ends.
            self._request_in_progress = True
            try:
                exchange = await self.handler(message, payload, self)
                self._keepalive = exchange.keep_alive
                if exchange.response is not None and exchange.request is not None:
                    await self._finish(exchange.request, exchange.response)
                if not payload.is_eof():
                    await self._linger(payload)
            except ConnectionError:
                break
            except BaseException as error:
                self.force_close()
                if not isinstance(error, Exception):
                    raise
                self.log_exception("Unhandled exception", exc_info=error)
            finally:
                self._answered()
            if self._close or self._force_close or not self._keepalive:
                break
            self._keep_open()
        if not self._force_close:
            self._task_handler = None
            if self.transport is not None:
                self.transport.close()

    def _next(self) -> asyncio.Future[None]:
        """Done when a request is there; aiohttp's own code cancels it when the connection closes."""
        self._waiter = self._loop.create_future()
        return self._waiter

    def _answered(self) -> None:
        self._request_in_progress = False
        if self._handler_waiter is not None:
            self._handler_waiter.set_result(None)

    def _keep_open(self) -> None:
        """Note until when the next request has time; one timer outlasts many of them."""
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._keepalive_handle is None:
            self._keepalive_handle = self._loop.call_at(self._next_keepalive_close_time, self._process_keepalive)

    def _take_message(self) -> None:
        self._waiter = None
        self._messages.popleft()
        if self._parser is not None:
            self._parser.message_consumed()
        if self._buffer_paused and len(self._messages) <= self._msg_queue_resume_size:
            self._resume_reading_if_drained()

    async def _finish(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        _, reset = await self.finish_response(request, response, None)
        if reset:
            raise ConnectionResetError("the client went away")

    async def _linger(self, payload: StreamReader) -> None:
        """Read and forget what a client still sends, so that it gets to read its answer; then close."""
        if self._lingering_time and not self._force_close:
            try:
                async with asyncio.timeout(self._lingering_time):
                    while not payload.is_eof():
                        await payload.readany()
            except TimeoutError:
                pass
        if not payload.is_eof() and not self._force_close:
            self.close()

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
