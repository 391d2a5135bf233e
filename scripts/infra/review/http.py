"""Sending one request over HTTP: with a time limit, again where that is harmless, never following a redirect."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Final

from infra.errors import InfraError

_SECONDS: Final = 30
_ATTEMPTS: Final = 3
_MOST_BYTES: Final = 500 * 1024 * 1024
_BUSY: Final = (429, 500, 502, 503, 504)


@dataclass(frozen=True)
class Response:
    """An answer.

    Args:
        status: HTTP status.
        location: where a redirect leads; "" for none.
        content: the body.
    """

    status: int
    location: str
    content: bytes = field(repr=False)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is an answer: following it by itself would carry the token to another host."""

    def redirect_request(self, *_: object) -> None:
        return None


def send(request: urllib.request.Request, what: str, *, again: bool) -> Response:
    """Send a request.

    Args:
        request: what to send.
        what: the request in words, for messages; without secrets.
        again: send it again when the other side is busy; not for what must not be done twice.

    Returns:
        The answer, whatever its status.

    Raises:
        InfraError: none came, or one that is too large.
    """
    opener = urllib.request.build_opener(_NoRedirect())
    for attempt in range(1, _ATTEMPTS + 1):
        last = not again or attempt == _ATTEMPTS
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                return _response(answer.status, answer.headers.get("Location", ""), answer.read(_MOST_BYTES + 1), what)
        except urllib.error.HTTPError as error:
            with error:
                if last or error.code not in _BUSY:
                    content = error.read(_MOST_BYTES + 1)
                    return _response(error.code, error.headers.get("Location", ""), content, what)
        except (OSError, HTTPException) as error:
            if last:
                raise InfraError(f"{what} got no answer: {error}. Run it again.") from error
        time.sleep(2 ** (attempt - 1))
    raise AssertionError("the last attempt returns or raises")


def _response(status: int, location: str, content: bytes, what: str) -> Response:
    if len(content) > _MOST_BYTES:
        raise InfraError(f"{what} got an answer of more than {_MOST_BYTES} bytes.")
    return Response(status, location, content)
