"""The headers of a client's request, read in one pass: framing, credentials, and the lines that MLflow gets."""

from collections.abc import Iterable
from functools import lru_cache

from gateway.errors import BAD_REQUEST, GatewayError

# RFC 9110 7.6.1: they are about one connection.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# What proves who the client is, or says where it comes from: MLflow learns both from the gateway only.
_CLIENT_ONLY = frozenset(
    {
        b"cookie",
        b"origin",
        b"forwarded",
        b"via",
        b"x-real-ip",
        b"x-original-url",
        b"x-rewrite-url",
        b"x-http-method-override",
        b"x-method-override",
        b"x-http-method",
        b"x-mlflow-authorization",
        b"x-script-name",
    }
)
_STRIPPED_FAMILIES = (b"x-hokusai-", b"x-forwarded-", b"sec-fetch-")

# What is done with a header.
_PASSES, _DROPPED, _HOST, _AUTHORIZATION, _API_KEY, _LENGTH, _ENCODING, _EXPECT, _FORWARDED, _ID, _CONNECTION = range(
    11
)
_READ = {
    b"host": _HOST,
    b"authorization": _AUTHORIZATION,
    b"x-api-key": _API_KEY,
    b"content-length": _LENGTH,
    b"transfer-encoding": _ENCODING,
    b"expect": _EXPECT,
    b"x-forwarded-for": _FORWARDED,
    b"x-request-id": _ID,
    b"connection": _CONNECTION,
}


@lru_cache(maxsize=1024)
def _treatment(name: bytes) -> tuple[int, bytes]:
    """What is done with a header of this spelling, and how its line begins at MLflow.

    A name with an underscore is dropped: WSGI reads `X_Hokusai_User_Id` as `X-Hokusai-User-Id`.
    """
    lowered = name.lower()
    kind = _READ.get(lowered)
    if kind is None:
        dropped = lowered in HOP_BY_HOP or lowered in _CLIENT_ONLY or lowered.startswith(_STRIPPED_FAMILIES)
        kind = _DROPPED if dropped or b"_" in lowered else _PASSES
    return kind, lowered + b": "


@lru_cache(maxsize=64)
def nominated(connection: bytes) -> frozenset[bytes]:
    """Headers that a value of `Connection` declares to be about this connection only, without those that never pass."""
    return frozenset(part.strip().lower() for part in connection.split(b",")) - HOP_BY_HOP - {b""}


class RequestHead:
    """What a request's headers say.

    Args:
        raw_headers: names and values as they came.
    """

    __slots__ = (
        "_encodings",
        "_hosts",
        "_lengths",
        "api_keys",
        "authorizations",
        "expect",
        "forwarded",
        "request_id",
        "to_mlflow",
    )

    def __init__(self, raw_headers: Iterable[tuple[bytes, bytes]]) -> None:
        self._hosts = 0
        self._lengths: list[bytes] = []
        self._encodings: list[bytes] = []
        self.authorizations: list[bytes] = []
        self.api_keys: list[bytes] = []
        self.expect = b""
        self.forwarded: bytes | None = None
        self.request_id: bytes | None = None
        # Lines of the client's headers that MLflow gets, each with its line end.
        self.to_mlflow: list[bytes] = []
        connection = b""
        for name, value in raw_headers:
            kind, begin = _treatment(name)
            if kind == _PASSES:
                self.to_mlflow.append(begin + value + b"\r\n")
            elif kind == _HOST:
                self._hosts += 1
            elif kind == _AUTHORIZATION:
                self.authorizations.append(value)
            elif kind == _FORWARDED:
                self.forwarded = value
            elif kind == _LENGTH:
                self._lengths.append(value)
            elif kind == _CONNECTION:
                connection += value + b","
            elif kind == _API_KEY:
                self.api_keys.append(value)
            elif kind == _ID:
                self.request_id = value if self.request_id is None else self.request_id
            elif kind == _ENCODING:
                self._encodings.append(value)
            elif kind == _EXPECT:
                self.expect = value
        also = nominated(connection) if connection else None
        if also:
            self.to_mlflow = [line for line in self.to_mlflow if line[: line.index(b":")] not in also]

    def length(self) -> int | None:
        """The announced length of the body, or None."""
        return int(self._lengths[0]) if self._lengths and self._lengths[0].isdigit() else None

    def chunked(self) -> bool:
        """Whether a body comes in chunks."""
        return bool(self._encodings)

    def has_key(self) -> bool:
        """Whether the client shows an API key, or something in the place of one."""
        return bool(self.authorizations or self.api_keys)

    def check(self) -> None:
        """Refuse requests that two programs could take for different ones.

        aiohttp's parser (llhttp, strict) refuses most of these shapes already; these checks do not depend on it.

        Raises:
            GatewayError: 400 with what is wrong.
        """
        if self._hosts > 1:
            raise GatewayError(400, BAD_REQUEST, "A request has one Host.")
        if not self._lengths and not self._encodings:
            return
        if not all(value.isdigit() for value in self._lengths):
            raise GatewayError(400, BAD_REQUEST, "Content-Length must be a number.")
        if not all(value.strip().lower() == b"chunked" for value in self._encodings):
            raise GatewayError(400, BAD_REQUEST, "Transfer-Encoding must be chunked or absent.")
        if len(self._lengths) + len(self._encodings) > 1:
            raise GatewayError(400, BAD_REQUEST, "A request has one Content-Length or one Transfer-Encoding.")
