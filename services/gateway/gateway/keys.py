"""The API key of a request."""

import re

from gateway.errors import BAD_REQUEST, UNAUTHENTICATED, GatewayError
from gateway.headers import RawHeaders

_KEY = re.compile(rb"[\x21-\x7e]{1,512}")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hokusai"'}


def api_key(headers: RawHeaders) -> str:
    """The key in `Authorization: Bearer`, `Authorization: ApiKey` or `X-API-Key`; never one in the query string.

    Raises:
        GatewayError: 401 without a key; 400 with several that differ, or with one that cannot be a key.
    """
    found: set[bytes] = set()
    basic = False
    for name, value in headers:
        if name == b"x-api-key":
            found.add(value.strip())
        elif name == b"authorization":
            scheme, _, credentials = value.strip().partition(b" ")
            if scheme.lower() in (b"bearer", b"apikey"):
                found.add(credentials.strip())
            elif scheme.lower() == b"basic":
                basic = True
            else:
                raise GatewayError(
                    401, UNAUTHENTICATED, "Authorization must be 'Bearer <key>' or 'ApiKey <key>'.", _CHALLENGE
                )
    if basic:
        raise GatewayError(
            401,
            UNAUTHENTICATED,
            "User name and password are not accepted. Unset MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD "
            "and set MLFLOW_TRACKING_TOKEN to your API key.",
            _CHALLENGE,
        )
    if not found:
        raise GatewayError(
            401, UNAUTHENTICATED, "An API key is needed. Set MLFLOW_TRACKING_TOKEN to your API key.", _CHALLENGE
        )
    if len(found) > 1:
        raise GatewayError(400, BAD_REQUEST, "The request carries API keys that differ. Send one.")
    key = found.pop()
    if not _KEY.fullmatch(key):
        raise GatewayError(401, UNAUTHENTICATED, "The API key holds characters that no key holds.", _CHALLENGE)
    return key.decode("ascii")
