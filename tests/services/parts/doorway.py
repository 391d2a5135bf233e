"""A way to a server that can be closed, silenced or narrowed while clients use it."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal

_CHUNK = 256 * 1024

Mode = Literal["open", "closed", "silent", "slow"]


class Doorway:
    """Passes TCP connections on to a server, from a thread of its own.

    Modes: `open`; `closed`: connections are refused and those that exist break off; `silent`: connections are accepted,
    nothing passes; `slow`: `bytes_per_second` pass each way of each connection.

    Args:
        host: address of the server.
        port: its port.
        bytes_per_second: of the mode `slow`.
    """

    def __init__(self, host: str, port: int, bytes_per_second: int = 64 * 1024) -> None:
        self._target = (host, port)
        self._bytes_per_second = bytes_per_second
        self._loop = asyncio.new_event_loop()
        self._mode: Mode = "open"
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.host, self.port = "127.0.0.1", 0
        self._run(self._listen())

    @property
    def url(self) -> str:
        """As an HTTP client reaches the server through it."""
        return f"http://{self.host}:{self.port}"

    def set(self, mode: Mode) -> None:
        """Change what happens to connections, those that exist included."""
        self._run(self._set(mode))

    def close(self) -> None:
        """End it."""
        self._run(self._set("closed"))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _set(self, mode: Mode) -> None:
        self._mode = mode
        self._changed.set()
        self._changed = asyncio.Event()
        if mode != "closed":
            if self._server is None:
                await self._listen()  # on the port of before
            return
        if self._server:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            await self._connect(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # either side is gone, or the doorway was closed: the other side sees a broken connection
        finally:
            self._connections.discard(task)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(*self._target)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._pass(reader, server_writer))
                both.create_task(self._pass(server_reader, writer))
        except* OSError:
            pass
        finally:
            server_writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            while self._mode == "silent":
                await self._changed.wait()
            if self._mode == "slow":
                for start in range(0, len(data), self._bytes_per_second // 10):
                    writer.write(data[start : start + self._bytes_per_second // 10])
                    await writer.drain()
                    await asyncio.sleep(0.1)
            else:
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.write_eof()


@contextmanager
def doorway(host: str, port: int, bytes_per_second: int = 64 * 1024) -> Iterator[Doorway]:
    """An open doorway to a server; see `Doorway`."""
    way = Doorway(host, port, bytes_per_second)
    try:
        yield way
    finally:
        way.close()
