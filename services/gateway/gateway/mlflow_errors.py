"""What a client is told when MLflow answers with an error: no HTML page, no internal name, nothing to wait for."""

import json
import re
from collections.abc import Iterable

from gateway.errors import (
    BAD_REQUEST,
    ENDPOINT_NOT_FOUND,
    INTERNAL_ERROR,
    PERMISSION_DENIED,
    RESOURCE_DOES_NOT_EXIST,
    TEMPORARILY_UNAVAILABLE,
    GatewayError,
)
from gateway.paths import Endpoint

_INTERNAL_NAME = re.compile(
    r"(?:[A-Za-z0-9-]+\.)+(?:local|internal|rds\.amazonaws\.com|compute\.amazonaws\.com)(?::\d+)?"
    r"|\b(?:10|127)(?:\.\d{1,3}){3}(?::\d+)?|\b(?:172\.(?:1[6-9]|2\d|3[01])|192\.168)(?:\.\d{1,3}){2}(?::\d+)?"
    r"|\barn:aws[a-z-]*:[^\s\"',)]+|\bs3://[^\s\"',)]+|\bpostgres(?:ql)?(?:\+\w+)?://[^\s\"',)]+",
    re.IGNORECASE,
)
_CODES = {400: BAD_REQUEST, 401: PERMISSION_DENIED, 403: PERMISSION_DENIED, 404: ENDPOINT_NOT_FOUND}

READING_DENIED = (
    "The registry's artifact store denies reading: its MLflow task role lacks s3:GetObject or s3:ListBucket on the "
    "artifact prefix (or kms:Decrypt on its key). Trying again does not help; the registry's operators must grant it."
)
WRITING_DENIED = (
    "The registry's artifact store denies writing: its MLflow task role lacks s3:PutObject on the artifact prefix "
    "(or kms:GenerateDataKey on its key). Trying again does not help; the registry's operators must grant it."
)
DELETING_DENIED = (
    "The registry's artifact store denies deleting: its MLflow task role lacks s3:DeleteObject on the artifact prefix. "
    "Trying again does not help; the registry's operators must grant it."
)
BUCKET_MISSING = (
    "The registry's artifact bucket does not exist. Trying again does not help; the registry's operators must create "
    "it or correct ARTIFACTS_DESTINATION."
)
STORE_DOWN = "The registry's artifact store cannot be reached at the moment. Try again."


def scrub(message: str, internal_names: Iterable[str]) -> str:
    """A message without names and addresses of the inside.

    Args:
        message: what MLflow says.
        internal_names: hosts that the gateway itself connects to.
    """
    for name in internal_names:
        message = message.replace(name, "[internal]")
    return _INTERNAL_NAME.sub("[internal]", message)


def parse(body: bytes) -> tuple[str, str] | None:
    """Error code and message of an error of MLflow's, or None if it is none."""
    try:
        answer = json.loads(body)
    except ValueError:
        return None
    if not isinstance(answer, dict):
        return None
    code, message = answer.get("error_code"), answer.get("message", answer.get("detail"))
    if not isinstance(message, str):
        return None
    return code if isinstance(code, str) else "", message


def client_error(status: int, body: bytes, endpoint: Endpoint, method: str, names: Iterable[str]) -> GatewayError:
    """The error that the client gets for one of MLflow's.

    Args:
        status: what MLflow answered, 400 or more.
        body: its body, cut where it was too long.
        endpoint: kind of request.
        method: HTTP method.
        names: hosts that the gateway itself connects to.
    """
    said = parse(body)
    code, message = said or ("", "")
    if endpoint is Endpoint.ARTIFACTS:
        cause = _store_error(status, code, message, method)
        if cause is not None:
            return cause
    if status >= 500:
        # Its messages name hosts, tables and files. The original stands in the log under the request id.
        if status in (502, 503, 504) or code == TEMPORARILY_UNAVAILABLE:
            return GatewayError(
                503,
                TEMPORARILY_UNAVAILABLE,
                "The registry is not available at the moment: MLflow or its database does not answer. Try again.",
                {"Retry-After": "2"},
            )
        return GatewayError(
            500,
            code or INTERNAL_ERROR,
            "MLflow failed on this request. The registry's log has it under this request id.",
        )
    fallback = {
        404: "MLflow has no such endpoint. Set MLFLOW_TRACKING_URI to https://<host>/api/mlflow.",
        405: "MLflow does not know this method for this endpoint.",
    }.get(status, "MLflow refused this request.")
    return GatewayError(status, code or _CODES.get(status, BAD_REQUEST), scrub(message, names) or fallback)


def _store_error(status: int, code: str, message: str, method: str) -> GatewayError | None:
    """What S3 said, where MLflow repeats it (mlflow/store/artifact/s3_artifact_repo.py); None where it does not."""
    if (status == 403 and code == PERMISSION_DENIED) or "(403) when calling" in message or "(AccessDenied)" in message:
        # Deleting begins with a listing, which is denied for another reason.
        return GatewayError(403, PERMISSION_DENIED, READING_DENIED if "list artifacts" in message else denied(method))
    if "NoSuchBucket" in message or "specified bucket does not exist" in message:
        return GatewayError(404, RESOURCE_DOES_NOT_EXIST, BUCKET_MISSING)
    if "(404) when calling the HeadObject" in message:
        return GatewayError(404, RESOURCE_DOES_NOT_EXIST, "There is no such artifact.")
    return None


def denied(method: str) -> str:
    """What a client is told when the artifact store denies what a method needs."""
    return {"PUT": WRITING_DENIED, "POST": WRITING_DENIED, "DELETE": DELETING_DENIED}.get(method, READING_DENIED)
