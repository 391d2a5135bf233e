"""What a client is told when S3 refuses or fails: MLflow's error codes, what to do, no name of role, bucket or account.

A client of the registry can do nothing with such names; whoever runs it finds them in the log, under the request id.
"""

import re

from gateway.artifacts.store import NO_CREDENTIALS, TOO_SLOW, StoreError
from gateway.errors import (
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
    GatewayError,
)

_CONFLICT = "RESOURCE_CONFLICT"
_RETRY_SECONDS = "2"
_CREDENTIALS_REFUSED = frozenset(
    {"InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken", "AccountProblem", "NotSignedUp"}
)
_OPERATOR = "This is not about your API key: tell the operator of the registry, with the request id."


def refusal(error: StoreError, path: str, permission: str) -> GatewayError:
    """The client's answer for S3's.

    Args:
        error: what S3 said.
        path: the artifact that was asked for, relative to the destination.
        permission: IAM action that the request needs, named when S3 does not name another one.

    Returns:
        403 and 404 make MLflow's client give up at once, 503 and 504 make it try again.
    """
    if error.code in _CREDENTIALS_REFUSED:
        return GatewayError(
            403,
            PERMISSION_DENIED,
            f"The artifact store refuses the registry's own credentials ({error.code}). {_OPERATOR}",
        )
    if error.code.startswith("KMS."):
        return GatewayError(
            403,
            PERMISSION_DENIED,
            f"The key that encrypts the artifacts cannot be used ({error.code.removeprefix('KMS.')}). {_OPERATOR}",
        )
    if error.status == 403:
        # S3: "... is not authorized to perform: kms:GenerateDataKey on resource: ..."
        named = re.search(r"perform: ([a-z0-9]+:[A-Za-z]+)", error.detail)
        lacks = named[1] if named else permission
        return GatewayError(
            403,
            PERMISSION_DENIED,
            f"The artifact store denied access to '{path}': the registry's role lacks {lacks} there, or a policy "
            f"denies it. {_OPERATOR}",
        )
    return _by_code(error, path) or _by_status(error, path)


# S3's codes (docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html) that mean the same whatever was asked.
_KNOWN: dict[str, tuple[int, str, str]] = {
    "NoSuchBucket": (404, RESOURCE_DOES_NOT_EXIST, f"The registry's artifact bucket does not exist. {_OPERATOR}"),
    "InvalidRange": (416, INVALID_PARAMETER_VALUE, "'{path}' does not have the bytes that Range asks for."),
    "PreconditionFailed": (412, _CONFLICT, "'{path}' is not what the request's condition expects."),
    "ConditionalRequestConflict": (409, _CONFLICT, "'{path}' is being written by another request: try again."),
    "EntityTooLarge": (413, INVALID_PARAMETER_VALUE, "'{path}' is larger than S3 can hold."),
    "KeyTooLongError": (400, INVALID_PARAMETER_VALUE, "'{path}' is too long for a key of S3."),
    "BadDigest": (503, TEMPORARILY_UNAVAILABLE, "'{path}' did not arrive whole and was not stored: send it again."),
    "NoSuchUpload": (503, TEMPORARILY_UNAVAILABLE, "The upload of '{path}' was ended by S3: send it again."),
    TOO_SLOW: (504, DEADLINE_EXCEEDED, "The artifact store did not answer in time."),
    NO_CREDENTIALS: (
        503,
        TEMPORARILY_UNAVAILABLE,
        f"The registry has no credentials for its artifact store. {_OPERATOR}",
    ),
}
# The same without a code: answers to HEAD have no body.
_BY_STATUS = {412: "PreconditionFailed", 416: "InvalidRange"}


def _by_code(error: StoreError, path: str) -> GatewayError | None:
    known = _KNOWN.get(error.code) or _KNOWN.get(_BY_STATUS.get(error.status, ""))
    if known is None:
        return None
    status, code, message = known
    headers = {}
    if status == 416:
        headers["Content-Range"] = f"bytes */{error.facts.get('ActualObjectSize', '*')}"
    elif status == 503:
        headers["Retry-After"] = _RETRY_SECONDS
    return GatewayError(status, code, message.replace("{path}", path), headers)


def _by_status(error: StoreError, path: str) -> GatewayError:
    if error.status == 0 or error.passing:
        return GatewayError(
            503,
            TEMPORARILY_UNAVAILABLE,
            "The artifact store is not available: try again later.",
            {"Retry-After": _RETRY_SECONDS},
        )
    if error.status == 404:
        return GatewayError(404, RESOURCE_DOES_NOT_EXIST, f"No such artifact: '{path}'")
    return GatewayError(500, INTERNAL_ERROR, f"The artifact store refused the request ({error.code}). {_OPERATOR}")
