"""S3 over aiohttp: requests that are signed, sent, repeated where that is safe, and answered or refused."""

import asyncio
import random
from dataclasses import dataclass
from xml.etree import ElementTree

import aiohttp
from aiohttp.payload import Payload
from multidict import CIMultiDictProxy
from yarl import URL

from gateway.artifacts.credentials import Credentials, CredentialsError
from gateway.artifacts.settings import DirectLaneSettings
from gateway.artifacts.signing import Call, signed

_ERROR_BYTES = 64 * 1024
_AGAIN = frozenset({"InternalError", "RequestTimeout", "ServiceUnavailable", "SlowDown", "ExpiredToken"})
UNREACHABLE, TOO_SLOW, NO_CREDENTIALS = "Unreachable", "TooSlow", "NoCredentials"


class StoreError(Exception):
    """S3 refused, failed, or was not there.

    Args:
        status: its HTTP status; 0 without an answer.
        code: S3's error code, or one of this module's names where there was no answer.
        detail: S3's message. It names roles, buckets and accounts: for the log, not for clients.
        facts: further elements of S3's answer.
    """

    def __init__(self, status: int, code: str, detail: str, facts: dict[str, str] | None = None) -> None:
        super().__init__(f"S3 says {status} {code}: {detail} (its request {(facts or {}).get('RequestId', '-')})")
        self.status = status
        self.code = code
        self.detail = detail
        self.facts = facts or {}

    @property
    def passing(self) -> bool:
        """Whether the same request may succeed in a moment."""
        return self.status >= 500 or self.code in _AGAIN or self.code == UNREACHABLE


class ObjectStore:
    """The bucket of the configured destination.

    Args:
        settings: where it is, and how long things may take.
    """

    def __init__(self, settings: DirectLaneSettings) -> None:
        self._settings = settings
        self._credentials = Credentials()
        self._session = aiohttp.ClientSession(
            auto_decompress=False,  # *.gz objects carry Content-Encoding; clients get the bytes that were stored
            connector=aiohttp.TCPConnector(limit=settings.connections, keepalive_timeout=15, ttl_dns_cache=5),
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=2**18,
            skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type", "User-Agent"),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=settings.connect_seconds, sock_read=settings.answer_seconds
            ),
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def call(self, call: Call, body: Payload | None = None, *, repeat: bool = True) -> "Answer":
        """Ask, and read the whole (small) answer.

        Args:
            call: the request.
            body: its body; one that can be sent again unless `repeat` is False.
            repeat: whether to send it again when S3 fails in passing.

        Returns:
            Headers and body.

        Raises:
            StoreError: S3 refused, also when it said so under status 200, or could not be asked.
        """
        response = await self.open(call, body, repeat=repeat)
        content = b"".join(await _pieces(response))
        if call.method == "POST" and b"<Error>" in content and _document(content).tag == "Error":
            raise _refusal(500, content)  # CompleteMultipartUpload says 200 before it knows
        return Answer(response.headers, content)

    async def pieces(self, call: Call) -> list[bytes]:
        """Ask, and read the whole answer, in the pieces in which it comes: to put them together is to copy them.

        Args:
            call: the request.

        Raises:
            StoreError: as `call`.
        """
        return await _pieces(await self.open(call))

    async def open(self, call: Call, body: Payload | None = None, *, repeat: bool = True) -> aiohttp.ClientResponse:
        """Ask, and hand over the answer while its body is still coming. Close it.

        Raises:
            StoreError: as `call`, for what happens until the answer begins.
        """
        attempts = self._settings.attempts if repeat else 1
        for attempt in range(1, attempts + 1):
            try:
                return await self._sent(call, body)
            except StoreError as error:
                if error.code == "ExpiredToken":
                    self._credentials.forget()
                if attempt == attempts or not error.passing:
                    raise
            pause = self._settings.backoff_seconds * 2 ** (attempt - 1)
            await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311 - spreads attempts, hides nothing
        raise AssertionError("unreachable: the last attempt returns or raises")

    async def _sent(self, call: Call, body: Payload | None) -> aiohttp.ClientResponse:
        try:
            credentials = await self._credentials.current()
        except CredentialsError as error:
            raise StoreError(0, NO_CREDENTIALS, str(error)) from error
        url, headers = signed(call, self._settings.bucket_url, self._settings.region, credentials)
        try:
            response = await self._session.request(
                call.method, URL(url, encoded=True), headers=headers, data=body, allow_redirects=False
            )
            if response.status < 300 or response.status == 304:
                return response
            content = await response.content.read(_ERROR_BYTES)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _no_answer(error) from error
        response.close()
        raise _refusal(response.status, content)


@dataclass(frozen=True)
class Answer:
    """What S3 answered, body and all."""

    headers: CIMultiDictProxy[str]
    content: bytes

    def xml(self) -> ElementTree.Element:
        """The document in it, without namespaces.

        Raises:
            StoreError: it is none.
        """
        return _document(self.content)


async def _pieces(response: aiohttp.ClientResponse) -> list[bytes]:
    pieces = []
    try:
        while not response.content.at_eof():
            piece, _ = await response.content.readchunk()
            pieces.append(piece)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise _no_answer(error) from error
    finally:
        response.close()  # a whole answer has released its connection before; a part of one must not be reused
    return pieces


def _document(content: bytes) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - from S3, over TLS
    except ElementTree.ParseError as error:
        raise StoreError(500, "MalformedAnswer", f"S3's answer is no XML: {error}") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _refusal(status: int, content: bytes) -> StoreError:
    try:
        facts = {element.tag: element.text or "" for element in _document(content)}
    except StoreError:
        facts = {}
    return StoreError(status, facts.pop("Code", str(status)), facts.pop("Message", ""), facts)


def _no_answer(error: BaseException) -> StoreError:
    slow = isinstance(error, TimeoutError) and not isinstance(error, aiohttp.ConnectionTimeoutError)
    return StoreError(0, TOO_SLOW if slow else UNREACHABLE, f"{type(error).__name__}: {error}")
