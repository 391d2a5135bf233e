"""Bodies of requests to S3, written in slices, and the checksum that S3 holds against them."""

import base64
import zlib
from collections.abc import AsyncIterator

from aiohttp.abc import AbstractStreamWriter
from aiohttp.payload import Payload

_SLICE = 256 * 1024
# AWS: a chunk of an aws-chunked body has at least 8 KiB. SDKs send 1 MiB.
_CHUNK = 2**20
_TRAILER = b"x-amz-checksum-crc32:"


def checksum(crc: int) -> str:
    """A CRC32 as S3 writes it: big endian, base64."""
    return base64.b64encode(crc.to_bytes(4, "big")).decode()


class Buffered(Payload):
    """A body in memory. It can be sent any number of times, and does not hold up other requests while it is."""

    def __init__(self, content: bytes | memoryview) -> None:
        super().__init__(content)
        self.content = content
        self._size = len(content)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Part of aiohttp's interface, for its logs of small text bodies."""
        return bytes(self._value).decode(encoding, errors)

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write all of it, in slices."""
        view = memoryview(self._value)
        for start in range(0, len(view), _SLICE):
            await writer.write(view[start : start + _SLICE])


class Passing(Payload):
    """A body that comes from the client while it goes to S3, `aws-chunked`, with its checksum behind it.

    Source of the format: docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html

    Args:
        pieces: its bytes, `length` of them; less breaks the connection before S3 has a whole body.
        length: bytes.

    Attributes:
        crc: CRC32 of what has been sent.
        failure: why the pieces ended early; aiohttp only says that the request failed.
    """

    def __init__(self, pieces: AsyncIterator[memoryview], length: int) -> None:
        super().__init__(pieces)
        self.length = length
        self.crc = 0
        self.failure: Exception | None = None
        self._size = encoded_length(length)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Part of aiohttp's interface; a stream has no text to show."""
        raise TypeError("a passing body cannot be decoded")

    async def write(self, writer: AbstractStreamWriter) -> None:
        """Write all of it."""
        await self.write_with_length(writer, None)

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        """Write all of it, in chunks of a fixed size, so that the length is known beforehand."""
        self._consumed = True  # keeps aiohttp from sending it once more over another connection
        left, room = self.length, 0
        async for piece in self._checked():
            view = piece
            while view:
                if room == 0:
                    room = min(_CHUNK, left)
                    await writer.write(b"%x\r\n" % room)
                part, view = view[:room], view[room:]
                await writer.write(part)
                room, left = room - len(part), left - len(part)
                if room == 0:
                    await writer.write(b"\r\n")
        await writer.write(b"0\r\n" + _TRAILER + checksum(self.crc).encode() + b"\r\n\r\n")

    async def _checked(self) -> AsyncIterator[memoryview]:
        count = 0
        try:
            async for piece in self._value:
                self.crc = zlib.crc32(piece, self.crc)
                count += len(piece)
                yield piece
            if count < self.length:
                raise ConnectionResetError("the client's body ended early")
        except Exception as error:
            self.failure = error
            raise


def encoded_length(length: int) -> int:
    """Bytes of an `aws-chunked` body with trailer, for so many bytes of content."""
    whole, rest = divmod(length, _CHUNK)
    chunks = whole * (len(f"{_CHUNK:x}") + _CHUNK + 4) + (len(f"{rest:x}") + rest + 4 if rest else 0)
    return chunks + len("0\r\n") + len(_TRAILER) + len(checksum(0)) + len("\r\n\r\n")
