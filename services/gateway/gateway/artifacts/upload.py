"""An upload on its way from the client to S3: one PutObject when it is small, parts when it is not.

Nothing is committed before the last byte has come: S3 stores an object when its whole body has arrived, or when
CompleteMultipartUpload says so. Whatever ends an upload earlier (client gone, refusal, shutdown) aborts it.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from aiohttp import web

from gateway.artifacts.bodies import Buffered, Passing, checksum
from gateway.artifacts.media import stored_headers
from gateway.artifacts.parts import Budget, Cut
from gateway.artifacts.settings import DirectLaneSettings
from gateway.artifacts.signing import Call
from gateway.artifacts.store import ObjectStore, StoreError
from gateway.errors import BAD_REQUEST, INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE, GatewayError

_CONDITIONS = ("If-Match", "If-None-Match")

Later = Callable[[Coroutine[Any, Any, None]], None]


class Upload:
    """One upload.

    Args:
        store: where to.
        settings: sizes and times.
        budget: memory that all uploads share.
        later: runs what has to be done even when this upload's request is gone.
        request: the client's PUT.
        key: object key.
    """

    def __init__(
        self,
        store: ObjectStore,
        settings: DirectLaneSettings,
        budget: Budget,
        *,
        later: Later,
        request: web.BaseRequest,
        key: str,
    ) -> None:
        self._store = store
        self._settings = settings
        self._budget = budget
        self._received = 0
        self._rest = memoryview(b"")  # has arrived, and belongs to the next part
        self._held = 0  # bytes of the budget that this upload has
        self._later = later
        self._request = request
        self._key = key
        self._length = request.content_length if request.body_exists else 0
        self._stored = stored_headers(key)
        self._conditions = {name: request.headers[name] for name in _CONDITIONS if name in request.headers}
        self._cut = Cut(settings.most_parts, settings.part_bytes, settings.largest_buffered_part)

    async def run(self) -> None:
        """Move all of it.

        Raises:
            StoreError: S3 refused or failed.
            GatewayError: the client is too slow, or sends more than can be stored.
            ConnectionError: the client is gone.
        """
        try:
            self._check_size(self._length or 0)
            await self._run()
        finally:
            self._give(self._held)

    async def _run(self) -> None:
        if self._length is None:
            await self._unknown_length()
        elif self._length > self._cut.known(self._length):
            await self._multipart(self._known_parts(self._length, self._cut.known(self._length)))
        elif self._take(self._length):
            await self._put(Buffered(await self._filled(self._length)))
        else:
            await self._put(Passing(self._pieces(self._length), self._length))

    async def _put(self, body: Buffered | Passing) -> None:
        await self._sent(Call("PUT", self._key, {}, self._stored | self._conditions), body)

    async def _unknown_length(self) -> None:
        size = self._cut.unknown(1)
        await self._wait(size)
        first = await self._filled(size, whole=False)
        if len(first) < size:
            await self._put(Buffered(first))
        else:
            await self._multipart(self._unknown_parts(first))

    async def _known_parts(self, length: int, size: int) -> AsyncIterator["_Part"]:
        for number, start in enumerate(range(0, length, size), start=1):
            part = min(size, length - start)
            if part <= self._settings.largest_buffered_part and self._take(part):
                yield _Part(number, Buffered(await self._filled(part)), part)
            else:
                yield _Part(number, Passing(self._pieces(part), part), 0)

    async def _unknown_parts(self, first: memoryview) -> AsyncIterator["_Part"]:
        yield _Part(1, Buffered(first), len(first))
        for number in range(2, self._settings.most_parts + 1):
            size = self._cut.unknown(number)
            await self._wait(size)
            content = await self._filled(size, whole=False)
            if content:
                yield _Part(number, Buffered(content), size)
            if len(content) < size:
                return
        if await self._read(1):
            raise GatewayError(
                413, INVALID_PARAMETER_VALUE, "An upload of this size does not fit in parts without a Content-Length."
            )

    async def _multipart(self, parts: AsyncIterator["_Part"]) -> None:
        """docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html."""
        headers = self._stored | {"x-amz-checksum-algorithm": "CRC32"}
        created = (await self._store.call(Call("POST", self._key, {"uploads": ""}, headers))).xml()
        upload_id = created.findtext("UploadId", "")
        try:
            done = await self._all_parts(upload_id, parts)
            items = "".join(
                f"<Part><ChecksumCRC32>{crc}</ChecksumCRC32><ETag>{escape(tag)}</ETag>"
                f"<PartNumber>{number}</PartNumber></Part>"
                for number, (tag, crc) in sorted(done.items())
            )
            body = f'<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{items}</CompleteMultipartUpload>'
            headers = self._conditions | {"Content-Type": "application/xml"}
            await self._store.call(Call("POST", self._key, {"uploadId": upload_id}, headers), Buffered(body.encode()))
        except BaseException:
            self._later(self._abort(upload_id))
            raise

    async def _all_parts(self, upload_id: str, parts: AsyncIterator["_Part"]) -> dict[int, tuple[str, str]]:
        done: dict[int, tuple[str, str]] = {}
        room = asyncio.Semaphore(self._settings.parts_at_once)

        async def send(part: _Part) -> None:
            query = {"partNumber": str(part.number), "uploadId": upload_id}
            try:
                done[part.number] = await self._sent(Call("PUT", self._key, query), part.body)
            finally:
                self._give(part.memory)
                room.release()

        try:
            async with asyncio.TaskGroup() as group:
                while await room.acquire() and (part := await anext(parts, None)):
                    sending = group.create_task(send(part))
                    if isinstance(part.body, Passing):
                        await sending  # the next part stands behind it in the same stream
        except BaseExceptionGroup as failures:
            raise _first(failures) from None
        return done

    async def _sent(self, call: Call, body: Buffered | Passing) -> tuple[str, str]:
        """Send a body under the checksum that S3 wants with object lock, and compares in any case."""
        if isinstance(body, Buffered):
            crc = checksum(await asyncio.to_thread(zlib.crc32, body.content))
            headers = {"x-amz-checksum-crc32": crc, "x-amz-sdk-checksum-algorithm": "CRC32"}
            answer = await self._store.call(Call(call.method, call.key, call.query, {**call.headers, **headers}), body)
            return answer.headers.get("ETag", ""), crc
        encoding = ",".join(filter(None, ("aws-chunked", call.headers.get("Content-Encoding"))))
        headers = {
            "Content-Encoding": encoding,
            "x-amz-decoded-content-length": str(body.length),
            "x-amz-sdk-checksum-algorithm": "CRC32",
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        call = Call(call.method, call.key, call.query, {**call.headers, **headers}, trailer=True)
        try:
            answer = await self._store.call(call, body, repeat=False)
        except StoreError:
            if body.failure:  # S3 did nothing wrong: the client did not send what it announced
                raise body.failure from None
            raise
        return answer.headers.get("ETag", ""), checksum(body.crc)

    async def _abort(self, upload_id: str) -> None:
        await self._store.call(Call("DELETE", self._key, {"uploadId": upload_id}))

    def _take(self, size: int) -> bool:
        taken = self._budget.take(size)
        self._held += size if taken else 0
        return taken

    async def _wait(self, size: int) -> None:
        if not await self._budget.wait(size, self._settings.client_idle_seconds / 2):
            raise GatewayError(
                503,
                TEMPORARILY_UNAVAILABLE,
                "Too many uploads without Content-Length at a time: try again later, or send a Content-Length.",
                {"Retry-After": "5"},
            )
        self._held += size

    def _give(self, size: int) -> None:
        self._held -= size
        self._budget.give(size)

    async def _filled(self, size: int, *, whole: bool = True) -> memoryview:
        """The next `size` bytes of the body; less only at its end, and only if not `whole`."""
        content, filled = memoryview(bytearray(size)), 0
        while filled < size and (piece := await self._read(size - filled)):
            content[filled : filled + len(piece)] = piece
            filled += len(piece)
        if whole and filled < size:
            raise ConnectionResetError("the client's body ended early")
        return content[:filled]

    async def _pieces(self, size: int) -> AsyncIterator[memoryview]:
        while size and (piece := await self._read(size)):
            size -= len(piece)
            yield piece

    async def _read(self, size: int) -> memoryview:
        """At most `size` bytes; none at the end of the body."""
        if not self._rest:
            self._rest = memoryview(await self._arrived())
        piece, self._rest = self._rest[:size], self._rest[size:]
        self._received += len(piece)
        self._check_size(self._received)
        return piece

    async def _arrived(self) -> bytes:
        """What has arrived, as it came: other ways of reading copy it."""
        try:
            async with asyncio.timeout(self._settings.client_idle_seconds):
                end_of_chunk = True
                while end_of_chunk:  # of chunked transfer encoding; it may come without bytes
                    piece, end_of_chunk = await self._request.content.readchunk()
                    if piece:
                        break
        except TimeoutError:
            idle = self._settings.client_idle_seconds
            raise GatewayError(408, BAD_REQUEST, f"No byte of the body for {idle:g} s: nothing was stored.") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise ConnectionResetError(f"the client is gone: {error}") from error
        return piece

    def _check_size(self, size: int) -> None:
        if size > self._settings.largest_upload:
            raise GatewayError(
                413,
                INVALID_PARAMETER_VALUE,
                f"An artifact may have {self._settings.largest_upload} bytes at most; nothing was stored.",
            )


@dataclass(frozen=True)
class _Part:
    """A part to send: its number from 1, its content, and how much of the budget it holds."""

    number: int
    body: Buffered | Passing
    memory: int


def _first(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure that ended the others."""
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first
