"""A lane served over HTTP in a thread of the test process, and a plain HTTP client that changes nothing on the way."""

import asyncio
import http.client
import os
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

from aiohttp import web

from gateway.artifacts.direct import DirectLane
from gateway.artifacts.operations import parse_operation
from gateway.artifacts.settings import DirectLaneSettings
from gateway.errors import GatewayError

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Reply:
    """An answer: header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(
    port: int,
    method: str,
    target: str,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Send exactly this; bodies that are no bytes go chunked."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        chunked = body is not None and not isinstance(body, bytes)
        if chunked:
            connection.putheader("Transfer-Encoding", "chunked")
        elif body is not None:
            connection.putheader("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        connection.endheaders(body, encode_chunked=chunked)
        answer = connection.getresponse()
        return Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


@dataclass(frozen=True)
class Served:
    """Something that listens on a loopback port, and its event loop."""

    port: int
    loop: asyncio.AbstractEventLoop

    def ask(
        self, method: str, path: str = "", body: Any = None, headers: Mapping[str, str] | None = None, query: str = ""
    ) -> Reply:
        """A request of the artifact route."""
        return ask(self.port, method, f"{ROUTE}{path}{'?' if query else ''}{query}", body, headers)


@contextmanager
def served(
    make: Callable[[], Awaitable[tuple[Handler, Callable[[], Awaitable[None]]]]], tls: ssl.SSLContext | None = None
) -> Iterator[Served]:
    """Serve a handler, which is made and closed in the server's own event loop."""
    loop = asyncio.new_event_loop()
    ready: list[int] = []
    started, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        handler, close = await make()
        runner = web.ServerRunner(web.Server(handler, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        ready.append(runner.addresses[0][1])
        started.set()
        await stop.wait()
        await runner.cleanup()
        await close()
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()), daemon=True)
    thread.start()
    assert started.wait(10), "the server did not start"
    try:
        yield Served(ready[0], loop)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(15)
        assert not thread.is_alive(), "the server did not stop"
        loop.close()


@contextmanager
def serving_lane(environment: Mapping[str, str], **changed: Any) -> Iterator[Served]:
    """A lane with these settings, and nothing else of a gateway.

    Args:
        environment: what the container gets: destination, region, endpoint, credentials.
        changed: settings that the environment does not hold, e.g. `part_bytes`.
    """
    settings = DirectLaneSettings.from_environment(environment)
    settings = DirectLaneSettings(**{**vars(settings), **changed})

    async def make() -> tuple[Handler, Callable[[], Awaitable[None]]]:
        lane = DirectLane(settings)
        await lane.start()

        async def handle(request: web.BaseRequest) -> web.StreamResponse:
            try:
                path, _, query = request.raw_path.partition("?")
                operation = parse_operation(request.method, path.encode(), query.encode())
                if operation is None:
                    return web.Response(status=421)
                return await lane.handle(request, operation, {"X-Request-Id": "request-1"})
            except GatewayError as error:
                headers = {**error.headers, "Content-Type": "application/json"}
                return web.Response(status=error.status, body=error.body("request-1"), headers=headers)

        return handle, lane.close

    # botocore's chain reads the process environment; this process must have no other credentials meanwhile.
    others = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    with mock.patch.dict(os.environ, {**others, **environment}, clear=True), served(make) as server:
        yield server
