"""TLS in front of a PostgreSQL that was built without it, as the one from PyPI is.

Clients see what a server with TLS does (https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-SSL):
they ask with SSLRequest, get `S`, and go on inside TLS. Who does not ask is turned away, as by rds.force_ssl.
"""

import asyncio
import ssl
import struct
import threading
from contextlib import suppress
from pathlib import Path
from typing import cast

_SSL_REQUEST = 80877103
_GSS_REQUEST = 80877104
_CHUNK = 256 * 1024


class TlsFront:
    """Listens with TLS on some addresses and passes everything on, from a thread of its own.

    Args:
        hosts: addresses to listen on.
        port: TCP port to listen on.
        target_port: port of the server, on 127.0.0.1.
        folder: where server.pem and server.key are.
    """

    def __init__(self, hosts: tuple[str, ...], port: int, target_port: int, folder: Path) -> None:
        self._target_port = target_port
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self._sessions: dict[asyncio.Task[None], str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        listening = asyncio.start_server(self._accept, hosts, port)
        self._server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)

    def tls_versions(self) -> set[str]:
        """TLS versions of the connections of this moment."""
        return set(self._sessions.values())

    def close(self) -> None:
        """Break off all connections and stop listening."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _close(self) -> None:
        self._server.close()
        sessions = tuple(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        session = cast("asyncio.Task[None]", asyncio.current_task())
        try:
            if await _asks_for_tls(reader, writer):
                await writer.start_tls(self._context)
                self._sessions[session] = writer.get_extra_info("ssl_object").version()
                await self._connect(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # one side is gone, or the front was closed
        finally:
            self._sessions.pop(session, None)
            writer.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        ways = [asyncio.create_task(_pass(reader, server_writer)), asyncio.create_task(_pass(server_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            server_writer.close()


async def _asks_for_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    while True:
        _length, code = struct.unpack("!II", await reader.readexactly(8))
        if code == _SSL_REQUEST:
            writer.write(b"S")
            return True
        if code != _GSS_REQUEST:
            # ErrorResponse: severity, SQLSTATE, message.
            fields = b"SFATAL\0C28000\0Mno pg_hba.conf entry, no encryption\0\0"
            writer.write(b"E" + struct.pack("!I", len(fields) + 4) + fields)
            await writer.drain()
            return False
        writer.write(b"N")


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(_CHUNK):
            writer.write(data)
            await writer.drain()
