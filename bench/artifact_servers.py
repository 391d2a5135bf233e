"""What bench/artifacts.py measures with: a stand-in for S3, and the direct lane without the rest of the gateway.

PYTHONPATH=services/gateway python -P bench/artifact_servers.py store|lane PORT
"""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, unquote

import uvloop
from aiohttp import web

from gateway.artifacts.direct import DirectLane
from gateway.artifacts.operations import parse_operation
from gateway.artifacts.settings import DirectLaneSettings
from gateway.freed_memory import keep_freed_memory

_MIB = 2**20
_PIECE = bytes(2**18)
_PACE = float(sys.argv[3]) if len(sys.argv) > 3 else 0.0
_Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


async def serve(what: str, port: int) -> None:
    handler = await lane() if what == "lane" else store
    runner = web.ServerRunner(web.Server(handler, access_log=None, read_bufsize=2**18))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


async def lane() -> _Handler:
    keep_freed_memory()  # as a worker of the gateway does
    direct = DirectLane(DirectLaneSettings.from_environment(os.environ))
    await direct.start()

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        operation = parse_operation(request.method, request.raw_path.encode(), b"")
        return await direct.handle(request, operation, {}) if operation else web.Response(status=404)

    return handle


async def store(request: web.BaseRequest) -> web.StreamResponse:
    """As much of S3 as boto3 and the lane ask for. An object is as long as its name says: 256.bin has 256 MiB."""
    path, _, query = request.raw_path.partition("?")
    if request.method in ("PUT", "POST"):
        while await request.content.readany():
            pass
        if request.method == "POST":
            return web.Response(text="<R><UploadId>1</UploadId></R>", content_type="application/xml")
        return web.Response(headers={"ETag": '"0"'})
    if "list-type" in parse_qs(query):
        return web.Response(text="<ListBucketResult></ListBucketResult>", content_type="application/xml")
    size = int(unquote(path).rpartition("/")[2].partition(".")[0]) * _MIB
    return await _made_up(request, size)


async def _made_up(request: web.BaseRequest, size: int) -> web.StreamResponse:
    first, last, status = 0, size - 1, 200
    headers = {"ETag": '"0"', "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT", "Accept-Ranges": "bytes"}
    if asked := request.headers.get("Range"):
        start, _, end = asked.removeprefix("bytes=").partition("-")
        first, last, status = int(start), min(int(end or last), last), 206
        headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    length = last - first + 1
    response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(length)})
    await response.prepare(request)
    left = length if request.method == "GET" else 0
    started = time.monotonic()
    while left:
        piece = memoryview(_PIECE)[:left]
        await response.write(piece)
        left -= len(piece)
        if _PACE:
            await asyncio.sleep(started + (length - left) / _MIB / _PACE - time.monotonic())
    await response.write_eof()
    return response


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1], int(sys.argv[2])))
