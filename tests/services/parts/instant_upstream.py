"""An upstream that answers at once, so that what is measured is the gateway: `python instant_upstream.py PORT`.

GET gives a small JSON, `/size/<n>` gives n bytes, a body is read to its end and counted. It checks nothing.
"""

import asyncio
import re
import sys

import httptools
import uvloop

_JSON = b'{"experiments":[{"experiment_id":"0","name":"Default","lifecycle_stage":"active"}]}'
_SMALL = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(_JSON), _JSON)
_BLOCK = bytes(256 * 1024)


class _Upstream(asyncio.Protocol):
    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._path = b""
        self._received = 0
        self._flow = asyncio.Event()
        self._flow.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def pause_writing(self) -> None:
        self._flow.clear()

    def resume_writing(self) -> None:
        self._flow.set()

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        self._received += len(body)

    def on_message_complete(self) -> None:
        size = re.search(rb"/size/(\d+)", self._path)
        if size:
            self._task = asyncio.get_running_loop().create_task(self._send(int(size[1])))
        elif self._received:
            count = b'{"received":%d}' % self._received
            self._transport.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                % (len(count), count)
            )
        else:
            self._transport.write(_SMALL)
        self._path, self._received = b"", 0

    async def _send(self, size: int) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: %d\r\n\r\n" % size
        self._transport.write(head)
        while size:
            await self._flow.wait()
            block = _BLOCK if size >= len(_BLOCK) else _BLOCK[:size]
            self._transport.write(block)
            size -= len(block)


async def _main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Upstream, "127.0.0.1", port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(_main(int(sys.argv[1])))
