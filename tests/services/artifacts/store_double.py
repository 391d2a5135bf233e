"""As much of S3 as the lane asks for, in memory, that can be told to misbehave. Moto never does.

It checks what S3 checks and moto does not: that a checksum is right, that no encryption is named, that nothing is asked
with an unsigned header. Formats: docs.aws.amazon.com/AmazonS3/latest/API/.
"""

import asyncio
import base64
import hashlib
import re
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import parse_qs, quote_plus, unquote
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from aiohttp import web

from tests.services.artifacts.serving import Handler, Served, served

BUCKET = "bucket-1"
Behaviour = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Seen:
    """A request that came in."""

    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]


@dataclass
class StoreDouble:
    """The double's content, what it was asked, and how it shall misbehave.

    Args:
        page: most keys of a listing's page.
        objects: bytes by key.
        uploads: parts by upload id.
        seen: all requests.
        faults: (method, part of the URL, behaviour), each for one request, in any order.
    """

    page: int = 1000
    objects: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, dict[int, bytes]] = field(default_factory=dict)
    seen: list[Seen] = field(default_factory=list)
    faults: list[tuple[str, str, Behaviour]] = field(default_factory=list)

    def environment(self, server: Served) -> dict[str, str]:
        """What a lane gets to reach it."""
        return {
            "ARTIFACTS_DESTINATION": f"s3://{BUCKET}/artifacts",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}",
            "AWS_ACCESS_KEY_ID": "AKIADOUBLE",
            "AWS_SECRET_ACCESS_KEY": "double",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def asked(self, method: str) -> list[Seen]:
        """Requests with this method."""
        return [seen for seen in self.seen if seen.method == method]

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        path, _, query_string = request.raw_path.partition("?")
        key = unquote(path.removeprefix(f"/{BUCKET}").removeprefix("/"))
        query = {name: values[0] for name, values in parse_qs(query_string, keep_blank_values=True).items()}
        self.seen.append(Seen(request.method, key, query, {k.lower(): v for k, v in request.headers.items()}))
        for fault in self.faults:
            if request.method == fault[0] and fault[1] in request.raw_path:
                self.faults.remove(fault)
                return await fault[2](request)
        if any("server-side-encryption" in name.lower() for name in request.headers):
            return error(403, "AccessDenied")
        if "list-type" in query:
            return self._listing(query)
        if "uploads" in query or "uploadId" in query:
            return await self._upload(request, key, query)
        if request.method == "POST":
            return await self._deletion(request)
        return await self._stored(request, key, query) if request.method == "PUT" else self._object(request, key)

    async def _upload(self, request: web.BaseRequest, key: str, query: dict[str, str]) -> web.Response:
        if "uploads" in query:
            self.uploads[f"id/{len(self.uploads)}="] = {}
            return _xml(f"<R><UploadId>id/{len(self.uploads) - 1}=</UploadId></R>")
        if query["uploadId"] not in self.uploads:
            return error(404, "NoSuchUpload")
        if request.method == "DELETE":
            del self.uploads[query["uploadId"]]
            return web.Response(status=204)
        if request.method == "PUT":
            return await self._stored(request, key, query)
        parts = self.uploads.pop(query["uploadId"])
        document = _parsed(await request.content.read())
        numbers = [int(element.text or 0) for element in document.iter() if "PartNumber" in element.tag]
        self.objects[key] = b"".join(parts[number] for number in numbers)
        return _xml("<R/>")

    def _listing(self, query: dict[str, str]) -> web.Response:
        after, most = query.get("continuation-token", ""), min(self.page, int(query["max-keys"]))
        keys = sorted(key for key in self.objects if key.startswith(query["prefix"]) and key > after)
        items = "".join(
            f"<Contents><Key>{escape(quote_plus(key))}</Key><Size>{len(self.objects[key])}</Size></Contents>"
            for key in keys[:most]
        )
        more = f"<NextContinuationToken>{escape(keys[most - 1])}</NextContinuationToken>" if len(keys) > most else ""
        return _xml(f"<R><IsTruncated>{'true' if more else 'false'}</IsTruncated>{items}{more}</R>")

    async def _deletion(self, request: web.BaseRequest) -> web.Response:
        body = await request.content.read()
        if request.headers["Content-MD5"] != base64.b64encode(_md5(body).digest()).decode():
            return error(400, "BadDigest")
        for element in _parsed(body).iter("Key"):
            self.objects.pop(element.text or "")
        return _xml("<R/>")

    async def _stored(self, request: web.BaseRequest, key: str, query: dict[str, str]) -> web.Response:
        try:
            body = await request.content.read()
        except (ConnectionError, web.RequestPayloadError):
            return error(400, "IncompleteBody")
        crc = request.headers.get("x-amz-checksum-crc32")
        if request.headers["x-amz-content-sha256"].startswith("STREAMING"):
            assert "x-amz-trailer" in request.headers["Authorization"]
            body, crc = _decoded(body)
            if len(body) != int(request.headers["x-amz-decoded-content-length"]):
                return error(400, "IncompleteBody")
        if crc != base64.b64encode(zlib.crc32(body).to_bytes(4, "big")).decode():
            return error(400, "BadDigest")
        if "uploadId" in query:
            self.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.objects[key] = body
        return web.Response(headers={"ETag": _etag(body)})

    def _object(self, request: web.BaseRequest, key: str) -> web.Response:
        if key not in self.objects:
            return error(404, "NoSuchKey")
        content, headers = self.objects[key], {"ETag": _etag(self.objects[key])}
        if request.headers.get("If-Match", headers["ETag"]) != headers["ETag"]:
            return error(412, "PreconditionFailed")
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("Range", "")):
            last = int(asked[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {asked[1]}-{last}/{len(content)}"
            return web.Response(status=206, body=content[int(asked[1]) : last + 1], headers=headers)
        return web.Response(body=content, headers=headers)


@contextmanager
def serving_double(double: StoreDouble, tls: ssl.SSLContext | None = None) -> Iterator[Served]:
    """The double on a port of its own, with or without TLS."""

    async def make() -> tuple[Handler, Callable[[], Awaitable[None]]]:
        return double.handle, lambda: asyncio.sleep(0)

    with served(make, tls) as server:
        yield server


def error(status: int, code: str, message: str = "", facts: str = "") -> web.Response:
    """S3's way to refuse."""
    return _xml(f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{facts}</Error>", status)


def _xml(body: str, status: int = 200) -> web.Response:
    return web.Response(
        status=status, text=f"<?xml version='1.0' encoding='UTF-8'?>\n{body}", content_type="application/xml"
    )


@lru_cache(maxsize=32)
def _etag(content: bytes) -> str:
    return f'"{_md5(content).hexdigest()}"'


def _md5(content: bytes) -> "hashlib._Hash":
    return hashlib.md5(content, usedforsecurity=False)


def _parsed(body: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(body)  # noqa: S314 - from the test itself


def _decoded(body: bytes) -> tuple[bytes, str]:
    """An aws-chunked body, and the checksum behind it."""
    content = b""
    while not body.startswith(b"0\r\n"):
        size, _, body = body.partition(b"\r\n")
        content, body = content + body[: int(size, 16)], body[int(size, 16) + 2 :]
    trailer = re.fullmatch(rb"0\r\nx-amz-checksum-crc32:(\S+)\r\n\r\n", body)
    return content, trailer[1].decode() if trailer else ""
