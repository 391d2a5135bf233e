"""Asking another service over connections that are kept."""

import asyncio
import contextlib
import functools
import random
import socket
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from gateway.connection import Connection, Head
from gateway.retry import RetryBudget, may_repeat, pause
from gateway.setting_values import Service
from gateway.upstream_errors import UnreachableError, UpstreamError

# Well below MLflow's own keep-alive, so that a connection is not used while it is being closed there.
_IDLE_SECONDS = 15.0
# A connection to one of several tasks; with a bounded life, new tasks get their share of the requests.
_LIFE_SECONDS = 120.0
# How often the name is asked for again. A task that it does not lead to any more is about to end.
_NAME_SECONDS = 2.0
# As many addresses as Cloud Map gives at the most: which tasks are missing then, and why, is not known.
_MOST_ANSWERS = 8


@dataclass(slots=True)
class Request:
    """What is sent.

    Args:
        method: HTTP method in capitals.
        head: request line and headers with the empty line, as bytes, and a body if it is short and complete.
        body: pieces of a body as they go on the wire, or None. Read only once a connection is there.
        has_body: whether there is one, in `head` or in `body`.
        idle_seconds: longest time for which the service may take nothing of the body.
    """

    method: str
    head: bytes
    body: Callable[[], AsyncIterator[bytes]] | None = None
    has_body: bool = False
    idle_seconds: float = 60.0


class Pool:
    """Connections to one service.

    Args:
        service: where it listens.
        limit: most connections at a time; further requests wait for one.
        connect_seconds: for a connection to come about, waiting and repetitions included.
    """

    def __init__(self, service: Service, limit: int, connect_seconds: float) -> None:
        self._service = service
        self._limit = limit
        self._connect_seconds = connect_seconds
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._open = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._budget = RetryBudget(self._loop.time)
        self.retries = 0
        self._there: frozenset[str] = frozenset()
        self._following = self._loop.create_task(self._follow_name())

    async def ask(self, request: Request, seconds: float) -> tuple[Connection, Head]:
        """Send a request and wait for the head of its answer, repeating what may be repeated.

        The caller hands the connection back with `release`, in every case.

        Args:
            request: what to send.
            seconds: until the answer begins, from when the request is sent.

        Raises:
            UpstreamError: there is no answer; nothing is left open.
        """
        self._budget.request()
        deadline = self._loop.time() + self._connect_seconds
        attempt = 0
        while True:
            reused = False
            try:
                connection = self._kept(fresh=attempt > 0) or await self._acquire(deadline, fresh=attempt > 0)
                reused, connection.used = connection.used, True
                try:
                    connection.begin(request.head, without_body=request.method == "HEAD")
                    if request.body is not None:
                        await self._send_body(connection, request, request.body())
                    if not connection.answered or connection.failure is not None:
                        await connection.wait(seconds)
                except BaseException:
                    connection.abort()
                    self._closed()
                    raise
            except UpstreamError as failure:
                wait = pause(attempt)
                if (
                    not may_repeat(failure, request.method, has_body=request.has_body, reused=reused)
                    or self._loop.time() + wait >= deadline
                    or not self._budget.spend()
                ):
                    raise
            else:
                if request.body is not None and connection.head.status >= 400:
                    # Perhaps refused unread: what the other side never took of the body would be its next request.
                    connection.sent = False
                return connection, connection.head
            self.retries += 1
            attempt += 1
            await asyncio.sleep(wait)

    async def _send_body(self, connection: Connection, request: Request, pieces: AsyncIterator[bytes]) -> None:
        connection.sent = False
        async for piece in pieces:
            await connection.send(piece, request.idle_seconds)
            if connection.answered:
                return
        connection.sent = True

    def release(self, connection: Connection) -> None:
        """Give a connection back: kept if its request was sent to the end and its response read to the end."""
        now = self._loop.time()
        young = now - connection.opened < _LIFE_SECONDS
        if connection.sent and connection.finished() and young and self._leads_to(connection):
            connection.idle_since = now
            self._idle.append(connection)
            if self._waiting:
                self._next()
            return
        connection.abort()
        self._closed()

    def close(self) -> None:
        """Close what is idle."""
        self._following.cancel()
        while self._idle:
            self._idle.pop().abort()
            self._closed()

    def _kept(self, *, fresh: bool) -> Connection | None:
        while self._idle:
            connection = self._idle.pop()
            alive = self._loop.time() - connection.idle_since < _IDLE_SECONDS
            if alive and not fresh and connection.finished() and self._leads_to(connection):
                return connection
            connection.abort()
            self._closed()
        return None

    async def _acquire(self, deadline: float, *, fresh: bool) -> Connection:
        while self._open >= self._limit:
            await self._turn(deadline)
            connection = self._kept(fresh=fresh)
            if connection is not None:
                return connection
        return await self._connect(deadline)

    async def _turn(self, deadline: float) -> None:
        turn = self._loop.create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout_at(deadline):
                await turn
        except TimeoutError:
            raise UnreachableError("all connections are in use") from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._next()
            raise
        finally:
            if turn in self._waiting:
                self._waiting.remove(turn)

    async def _connect(self, deadline: float) -> Connection:
        self._open += 1
        try:
            async with asyncio.timeout_at(deadline):
                return await self._connect_any()
        except TimeoutError:
            self._closed()
            raise UnreachableError("no connection within the time") from None
        except OSError as error:
            self._closed()
            raise UnreachableError(f"{type(error).__name__}: {error}") from None
        except BaseException:
            self._closed()
            raise

    async def _connect_any(self) -> Connection:
        found = await self._addresses()
        failure: OSError = OSError("the name has no address")
        # The resolver sorts addresses by nearness; every gateway would ask the same task of several.
        for address in random.sample(found, len(found)):
            try:
                _, connection = await self._loop.create_connection(
                    functools.partial(Connection, self._loop, address), address, self._service.port
                )
            except OSError as error:
                failure = error
                continue
            return connection
        raise failure

    async def _addresses(self) -> list[str]:
        found = await self._loop.getaddrinfo(self._service.host, self._service.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(address[0]) for _, _, _, _, address in found))
        self._there = frozenset(addresses) if len(addresses) < _MOST_ANSWERS else frozenset()
        return addresses

    async def _follow_name(self) -> None:
        """Note where the name leads, while there are connections."""
        while True:
            await asyncio.sleep(_NAME_SECONDS)
            if self._open:
                # No answer says nothing about the tasks: what is connected is used.
                with contextlib.suppress(OSError):
                    await self._addresses()

    def _leads_to(self, connection: Connection) -> bool:
        """Whether the name still leads to the other end, as far as that is known."""
        return not self._there or connection.address in self._there

    def _closed(self) -> None:
        self._open -= 1
        self._next()

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
