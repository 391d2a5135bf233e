"""The API key of a request."""

import re
from collections.abc import Sequence

from gateway.errors import BAD_REQUEST, UNAUTHENTICATED, GatewayError

_KEY = re.compile(rb"[\x21-\x7e]{1,512}")
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="hokusai"'}


def api_key(authorizations: Sequence[bytes], api_keys: Sequence[bytes]) -> bytes:
    """The key in `Authorization: Bearer`, `Authorization: ApiKey` or `X-API-Key`; never one in the query string.

    Args:
        authorizations: values of `Authorization`.
        api_keys: values of `X-API-Key`.

    Raises:
        GatewayError: 401 without a key; 400 with several that differ, or with one that cannot be a key.
    """
    if len(authorizations) == 1 and not api_keys and authorizations[0][:7] == b"Bearer ":
        # As MLflow's client sends it.
        key = authorizations[0][7:].strip()
    else:
        key = _one_key(authorizations, api_keys)
    if not _KEY.fullmatch(key):
        raise GatewayError(401, UNAUTHENTICATED, "The API key holds characters that no key holds.", _CHALLENGE)
    return key


def _one_key(authorizations: Sequence[bytes], api_keys: Sequence[bytes]) -> bytes:
    found = {value.strip() for value in api_keys}
    basic = False
    for value in authorizations:
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
    return found.pop()
