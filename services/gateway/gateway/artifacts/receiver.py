"""The client of a download."""

import asyncio

import aiohttp
from aiohttp import web


class Receiver:
    """Who gets the answer, and takes each piece of it in time or is left.

    One timer watches over all pieces, of which a large body has thousands.

    Args:
        request: the client's.
        response: the answer, begun.
        seconds: for a piece.
    """

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse, seconds: float) -> None:
        self._request, self._response, self._seconds = request, response, seconds
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        self._watch()

    async def write(self, piece: bytes) -> None:
        """Pass a piece on.

        Raises:
            ConnectionResetError: the client is gone, or took too long.
        """
        self._since = self._loop.time()
        try:
            await self._response.write(piece)
        except aiohttp.ClientConnectionError as error:  # the client, not S3
            raise ConnectionResetError("the client is gone") from error
        self._since = None

    def close(self) -> None:
        """Stop watching."""
        self._timer.cancel()

    def _watch(self) -> None:
        if self._since is not None and self._loop.time() - self._since > self._seconds and self._request.transport:
            self._request.transport.abort()  # which ends `write`
        self._timer = self._loop.call_later(self._seconds / 8, self._watch)
