"""HTTP passed on as it is, both ways, while it comes: for the front door and for the AWS endpoint."""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress

import aiohttp
from aiohttp import web
from yarl import URL

CHUNK = 128 * 1024
# About one connection, not about the message (RFC 9110 7.6.1).
_HOP_BY_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
_AUTOMATIC = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


def new_session(
    connector: aiohttp.BaseConnector | None = None, *, connect: float | None = None, idle: float | None = None
) -> aiohttp.ClientSession:
    """A client that adds and changes nothing.

    Args:
        connector: how it connects; None: as usual.
        connect: seconds to connect.
        idle: seconds without a byte of an answer.
    """
    return aiohttp.ClientSession(
        connector=connector,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        skip_auto_headers=_AUTOMATIC,
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=connect, sock_read=idle),
    )


def end_to_end(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The headers that are passed on."""
    given = list(headers)
    named = {part.strip().lower() for name, value in given if name.lower() == "connection" for part in value.split(",")}
    return [(name, value) for name, value in given if name.lower() not in _HOP_BY_HOP | named | {"expect"}]


def request_body(request: web.BaseRequest) -> AsyncIterator[bytes] | None:
    """The body of a request as it comes; None when it has none."""
    if not request.body_exists:
        return None
    let_it_come(request)
    return request.content.iter_chunked(CHUNK)


def let_it_come(request: web.BaseRequest) -> None:
    """Tell a client that waits for it to send its body."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def without_its_body(request: web.BaseRequest, answer: web.Response) -> web.Response:
    """An answer to a request whose body nobody reads: it may never come, so the connection ends with it."""
    if request.body_exists and not request.content.at_eof():
        answer.force_close()
    return answer


async def send(
    session: aiohttp.ClientSession,
    request: web.BaseRequest,
    base: str,
    headers: Sequence[tuple[str, str]],
    body: bytes | AsyncIterator[bytes] | None,
) -> aiohttp.ClientResponse:
    """Pass a request on; its path and query go as they came.

    Args:
        session: of `new_session`.
        request: what came.
        base: scheme, host and port of the other side.
        headers: all headers that are sent.
        body: of the request.
    """
    url = URL(base + request.raw_path, encoded=True)
    return await session.request(request.method, url, headers=headers, data=body, allow_redirects=False)


async def pass_on(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, complete: Callable[[], None] = lambda: None
) -> web.StreamResponse:
    """Give an answer to the client while it comes.

    Args:
        request: what was asked.
        answer: of the other side.
        complete: called when the answer is known to be whole, before the client has the last byte of it.

    Raises:
        aiohttp.ClientError, TimeoutError: the other side failed before its end; the client's connection is broken off.
    """
    try:
        return await _pass_on(request, answer, complete)
    finally:
        if request.body_exists and not request.content.at_eof():
            # Answered before the other side had the whole body: it would take the rest from the next request.
            answer.close()


async def _pass_on(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, complete: Callable[[], None]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason)
    for name, value in end_to_end(answer.headers.items()):
        response.headers.add(name, value)
    has_body = request.method != "HEAD" and answer.status not in (204, 304)
    announced = int(answer.headers.get("Content-Length", -1)) if has_body else 0
    if announced == 0:
        complete()
    await response.prepare(request)
    if has_body:
        passed = 0
        try:
            async for piece in answer.content.iter_chunked(CHUNK):
                passed += len(piece)
                if passed == announced:
                    complete()
                await response.write(piece)
        except (aiohttp.ClientError, TimeoutError):
            # A whole answer must not be made of half a one.
            if request.transport is not None:
                request.transport.abort()
            raise
    if announced < 0:
        complete()
    with suppress(ConnectionError):
        await response.write_eof()
    return response
