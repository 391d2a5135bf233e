"""A download on its way from S3 to the client, with ranges and conditions."""

import re
import time
from collections.abc import Mapping
from contextlib import closing

import aiohttp
from aiohttp import web

from gateway.artifacts.ahead import Ahead
from gateway.artifacts.listing import is_folder, is_object
from gateway.artifacts.media import download_headers
from gateway.artifacts.operations import ArtifactOperation
from gateway.artifacts.parts import Budget
from gateway.artifacts.receiver import Receiver
from gateway.artifacts.settings import DirectLaneSettings
from gateway.artifacts.signing import Call
from gateway.artifacts.store import ObjectStore, StoreError
from gateway.errors import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST, GatewayError

_CONDITIONS = ("If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since")
_PASSED_ON = ("Content-Length", "Content-Range", "ETag", "Last-Modified")
_ONE_RANGE = re.compile(r"bytes=(\d+-\d*|-\d+)")
_RESUMES = 3


async def download(
    store: ObjectStore,
    settings: DirectLaneSettings,
    budget: Budget,
    request: web.BaseRequest,
    operation: ArtifactOperation,
    *,
    key: str,
    response_headers: Mapping[str, str],
) -> web.StreamResponse:
    """Answer with the object.

    Args:
        store: where from.
        settings: sizes and times.
        budget: memory that all downloads share.
        request: the client's GET or HEAD.
        operation: what it asks for.
        key: object key.
        response_headers: go into the answer.

    Returns:
        The answer, sent: 200, 206 or 304.

    Raises:
        GatewayError: 404, or 400 for a folder.
        StoreError: S3 refused or failed before the answer began.
        ConnectionError: the client is gone, or S3 broke off and could not go on; the client's connection is closed,
            so that it does not take the piece for the whole.
    """
    answer = await _opened(store, request, operation, key)
    source: _Source | None = None
    try:
        headers = {name: answer.headers[name] for name in _PASSED_ON if name in answer.headers}
        response = web.StreamResponse(
            status=answer.status,
            headers={
                **response_headers,
                **download_headers(operation.path),
                **headers,
                "Accept-Ranges": "bytes",
                "Cache-Control": "private, no-cache",  # ask again: the same path may be written again
            },
        )
        await response.prepare(request)
        if not operation.head_only and answer.status != 304:
            source = _Source(store, key, answer)
            with closing(Receiver(request, response, settings.client_idle_seconds)) as client:
                await _copied(settings, budget, client, source)
        await response.write_eof()
    except (TimeoutError, ConnectionError, StoreError, aiohttp.ClientError) as error:
        if request.transport is not None:
            request.transport.abort()
        raise ConnectionResetError(f"the download of {operation.path!r} broke off: {error}") from error
    finally:
        answer.close()
        if source is not None:
            source.close()
    return response


async def _opened(
    store: ObjectStore, request: web.BaseRequest, operation: ArtifactOperation, key: str
) -> aiohttp.ClientResponse:
    headers = {name: request.headers[name] for name in _CONDITIONS if name in request.headers}
    wanted = request.headers.get("Range", "")
    # Several ranges, and units that nobody knows, are answered with the whole object (RFC 9110, 14.2).
    ranged = {"Range": wanted} if _ONE_RANGE.fullmatch(wanted) and not operation.head_only else {}
    condition = request.headers.get("If-Range")
    if ranged and condition:
        # S3 has no If-Range: a range of this version, or else the whole object.
        ranged["If-Match" if condition.startswith('"') else "If-Unmodified-Since"] = condition
    try:
        return await store.open(Call(request.method, key, headers={**headers, **ranged}))
    except StoreError as error:
        if error.status == 412 and condition and ranged:
            return await store.open(Call(request.method, key, headers=headers))
        if error.status not in (403, 404) or error.code == "NoSuchBucket":
            raise
        await _explain(store, error, operation.path, key)
        raise


async def _explain(store: ObjectStore, error: StoreError, path: str, key: str) -> None:
    """Say what is missing where S3 does not.

    S3 answers 403 for a missing key to whoever may not list the bucket, and a role that may list one prefix only counts
    as such: GetObject has no prefix for the policy's condition. The listing itself is allowed, and tells.
    A HEAD's answer has no body, so no code: the bucket may be missing as well; the listing says that, too.
    """
    if error.status == 403 and await is_object(store, key):
        return
    if await is_folder(store, key):
        raise GatewayError(
            400, INVALID_PARAMETER_VALUE, f"Artifact path refers to a directory, not a file: '{path}'"
        ) from error
    raise GatewayError(404, RESOURCE_DOES_NOT_EXIST, f"No such artifact: '{path}'") from error


async def _copied(settings: DirectLaneSettings, budget: Budget, client: Receiver, source: "_Source") -> None:
    """Copy the body as it comes; where it comes slowly and there is memory for it, go on by windows side by side."""
    memory = settings.window_bytes * settings.windows_at_once
    lead = min(settings.lead_bytes, source.length)
    await source.copy(client, lead)
    slow = source.waited > 0 and lead / source.waited < settings.windows_below
    if source.length < 2 * lead or not source.etag or not slow or not budget.take(memory):
        await source.copy(client, source.length)
        return
    source.close()
    ahead = source.ahead(settings)
    try:
        while pieces := await ahead.next():
            for piece in pieces:
                await client.write(piece)
            ahead.taken()
    finally:
        await ahead.close()
        budget.give(memory)


class _Source:
    """The bytes of an object that an answer holds, as S3 sends them.

    Args:
        store: where from.
        key: object key.
        answer: S3's answer, of which nothing has been read.

    Attributes:
        waited: seconds that S3, not the client, was waited for.
    """

    def __init__(self, store: ObjectStore, key: str, answer: aiohttp.ClientResponse) -> None:
        start = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
        self.etag = answer.headers.get("ETag", "")
        self.length = int(answer.headers["Content-Length"])
        self.waited = 0.0
        self._store = store
        self._key = key
        self._answer = answer
        self._first = int(start[1]) if start else 0
        self._sent = 0

    def close(self) -> None:
        """End S3's answer."""
        self._answer.close()

    def ahead(self, settings: DirectLaneSettings) -> Ahead:
        """What has not been copied, by windows."""
        return Ahead(
            self._store,
            self._key,
            self.etag,
            first=self._first + self._sent,
            end=self._first + self.length,
            window=settings.window_bytes,
            at_once=settings.windows_at_once,
        )

    async def copy(self, client: Receiver, until: int) -> None:
        """Copy at least up to an offset; where S3 breaks off, go on behind the last byte, of this very version only."""
        for resumes_left in range(_RESUMES, -1, -1):
            try:
                await self._copy(client, until)
            except aiohttp.ClientError:
                if not resumes_left or not self.etag:
                    raise
            else:
                return
            self.close()
            missing = f"bytes={self._first + self._sent}-{self._first + self.length - 1}"
            headers = {"Range": missing, "If-Match": self.etag}
            self._answer = await self._store.open(Call("GET", self._key, headers=headers))

    async def _copy(self, client: Receiver, until: int) -> None:
        while self._sent < until:
            asked = time.monotonic()
            piece, _ = await self._answer.content.readchunk()  # as it came; other ways of reading copy
            self.waited += time.monotonic() - asked
            if not piece:
                raise aiohttp.ClientPayloadError(f"S3 sent {until - self._sent} bytes less than it said")
            await client.write(piece)
            self._sent += len(piece)
