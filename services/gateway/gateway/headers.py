"""Which headers pass from client to MLflow and back, and which the gateway writes itself."""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from gateway.errors import GatewayError
from gateway.request_head import HOP_BY_HOP, nominated

# Names in lower case, so that they are compared without another look at their spelling.
RawHeaders = Sequence[tuple[bytes, bytes]]

_NOT_TO_CLIENT = HOP_BY_HOP | {b"server", b"set-cookie", b"x-request-id", b"alt-svc"}
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_SAFE_VALUE = re.compile(rb"[\x21-\x7e]{1,256}")


def first(headers: RawHeaders, name: bytes) -> bytes | None:
    """The first value of a header, by its name in lower case."""
    for key, value in headers:
        if key == name:
            return value
    return None


def to_client(headers: RawHeaders) -> tuple[list[bytes], int | None, bytes | None]:
    """What the client gets of MLflow's headers.

    Returns:
        Lines, each with its line end; the announced length of the body, or None; where a redirect leads, or None.
    """
    lines: list[bytes] = []
    length: int | None = None
    location: bytes | None = None
    also: set[bytes] = set()
    for name, value in headers:
        if name == b"content-length":
            length = int(value)
        elif name == b"location":
            location = value if location is None else location
        elif name == b"connection":
            also |= nominated(value)
        elif name not in _NOT_TO_CLIENT:
            lines.append(name + b": " + value + b"\r\n")
    if also:
        lines = [line for line in lines if line[: line.index(b":")] not in also]
    return lines, length, location


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
