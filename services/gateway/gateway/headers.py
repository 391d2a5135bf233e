"""Which headers pass from client to MLflow and back, and which the gateway writes itself."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from gateway.errors import BAD_REQUEST, GatewayError

# Names in lower case (`lowered`), so that they are compared without another look at their spelling.
RawHeaders = Sequence[tuple[bytes, bytes]]

# RFC 9110 7.6.1: they are about one connection.
_HOP_BY_HOP = {
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
# What proves who the client is, or says where it comes from: MLflow learns both from the gateway only.
_CLIENT_ONLY = {
    b"authorization",
    b"x-api-key",
    b"cookie",
    b"origin",
    b"expect",
    b"host",
    b"content-length",
    b"forwarded",
    b"via",
    b"x-real-ip",
    b"x-request-id",
    b"x-original-url",
    b"x-rewrite-url",
    b"x-http-method-override",
    b"x-method-override",
    b"x-http-method",
    b"x-mlflow-authorization",
    b"x-script-name",
}
_NOT_TO_MLFLOW = _HOP_BY_HOP | _CLIENT_ONLY
_NOT_TO_CLIENT = _HOP_BY_HOP | {b"server", b"set-cookie", b"content-length", b"location", b"x-request-id", b"alt-svc"}
_STRIPPED_FAMILIES = (b"x-hokusai-", b"x-forwarded-", b"sec-fetch-")

_FRAMING = frozenset({b"content-length", b"transfer-encoding", b"host"})
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SAFE_VALUE = re.compile(rb"[\x21-\x7e]{1,256}")


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Headers as they came, their names in lower case."""
    return [(name.lower(), value) for name, value in headers]


def first(headers: RawHeaders, name: bytes) -> bytes | None:
    """The first value of a header, by its name in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


def nominated(headers: RawHeaders) -> set[bytes]:
    """Headers that `Connection` declares to be about this connection only."""
    names: set[bytes] = set()
    for key, value in headers:
        if key == b"connection":
            names.update(part.strip().lower() for part in value.split(b","))
    return names


def to_mlflow(headers: RawHeaders) -> list[bytes]:
    """Lines of the client's headers that MLflow gets, each with its line end.

    A name with an underscore is dropped: WSGI reads `X_Hokusai_User_Id` as `X-Hokusai-User-Id`.
    """
    also = nominated(headers)
    return [
        b"%b: %b\r\n" % (name, value)
        for name, value in headers
        if not (name in _NOT_TO_MLFLOW or b"_" in name or name.startswith(_STRIPPED_FAMILIES) or name in also)
    ]


def to_client(headers: RawHeaders) -> list[bytes]:
    """Lines of MLflow's headers that the client gets, without length, redirect target and server name."""
    also = nominated(headers)
    return [b"%b: %b\r\n" % (name, value) for name, value in headers if name not in _NOT_TO_CLIENT and name not in also]


def request_id(value: bytes | None) -> str | None:
    """The client's request id (`X-Request-Id`), if it is one that may stand in a log."""
    return value.decode() if value is not None and _REQUEST_ID.fullmatch(value) else None


def safe_value(text: str) -> bytes:
    """A value of the auth service's as header value.

    Raises:
        GatewayError: 503, it holds what a header must not hold.
    """
    value = text.encode("utf-8", "replace")
    if not _SAFE_VALUE.fullmatch(value):
        raise GatewayError(503, "TEMPORARILY_UNAVAILABLE", "The auth service's answer could not be used.")
    return value


def check_request(headers: RawHeaders, *, upgrade: bool) -> None:
    """Refuse requests that two programs could take for different ones.

    aiohttp's parser (llhttp, strict) refuses most of these shapes already; these checks do not depend on it.

    Raises:
        GatewayError: 400 with what is wrong.
    """
    lengths = encodings = hosts = 0
    for key, value in headers:
        if key not in _FRAMING:
            continue
        if key == b"content-length":
            lengths += 1
            if not value.isdigit():
                raise GatewayError(400, BAD_REQUEST, "Content-Length must be a number.")
        elif key == b"transfer-encoding":
            encodings += 1
            if value.strip().lower() != b"chunked":
                raise GatewayError(400, BAD_REQUEST, "Transfer-Encoding must be chunked or absent.")
        else:
            hosts += 1
    if lengths + encodings > 1:
        raise GatewayError(400, BAD_REQUEST, "A request has one Content-Length or one Transfer-Encoding.")
    if hosts > 1:
        raise GatewayError(400, BAD_REQUEST, "A request has one Host.")
    if upgrade:
        raise GatewayError(400, BAD_REQUEST, "The connection cannot be upgraded to another protocol.")


def public_location(location: bytes, internal_hosts: Iterable[str], prefix: str) -> str | None:
    """Where a redirect of MLflow's leads, as a path below the public prefix; None if it leads anywhere else."""
    try:
        text = location.decode("ascii")
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.netloc and (parts.scheme not in ("http", "https") or parts.netloc not in internal_hosts):
        return None
    if (
        text.startswith("//")
        or not parts.path.startswith("/")
        or parts.path.startswith("//")
        or re.search(r"[\x00-\x20\x7f\\]", text)
    ):
        return None
    return prefix + parts.path + (f"?{parts.query}" if parts.query else "")
