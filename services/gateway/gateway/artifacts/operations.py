"""What a request for artifacts asks for.

The routes are MLflow's (mlflow/server/artifact_router.py and the ListArtifactsMlflowArtifacts and DeleteArtifact
routes of mlflow/protos/mlflow_artifacts.proto), under `/api` and `/ajax-api` alike.
"""

import posixpath
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote

from gateway.artifacts.paths import safe_path
from gateway.errors import BAD_REQUEST, INVALID_PARAMETER_VALUE, GatewayError

Kind = Literal["list", "download", "upload", "delete"]

_ROUTES = ("/api/2.0/mlflow-artifacts/artifacts", "/ajax-api/2.0/mlflow-artifacts/artifacts")
_KINDS: dict[str, Kind] = {"GET": "download", "HEAD": "download", "PUT": "upload", "DELETE": "delete"}


@dataclass(frozen=True)
class ArtifactOperation:
    """One thing to do with artifacts.

    Args:
        kind: what to do.
        path: relative path below the destination, decoded and safe; empty for its root (`list` only).
        head_only: a HEAD request: what a download would say, without its body.
    """

    kind: Kind
    path: str
    head_only: bool = False


def parse_operation(method: str, path: bytes, query: bytes) -> ArtifactOperation | None:
    """The artifact operation of a request, or None where MLflow should answer it.

    Call it after authentication: what it refuses is told to whoever asks.

    Args:
        method: HTTP method, upper case.
        path: request path towards MLflow (translated), as bytes on the wire, still percent-encoded, without query.
        query: what follows the question mark, without it.

    Returns:
        The operation. None: another route, or a method that MLflow refuses itself.

    Raises:
        GatewayError: 400, an artifact route with a path that is no path.
    """
    try:
        decoded = unquote(path.decode("ascii"))
    except UnicodeDecodeError:
        raise GatewayError(400, BAD_REQUEST, "The request's path must be percent-encoded ASCII.") from None
    if decoded in _ROUTES:
        return ArtifactOperation("list", safe_path(_listed_path(query))) if method == "GET" else None
    if "\n" in decoded:
        return None  # no route of MLflow's matches a line feed: its own 404
    route = next((route for route in _ROUTES if decoded.startswith(f"{route}/")), None)
    kind = _KINDS.get(method)
    if route is None or kind is None:
        return None
    safe = safe_path(decoded[len(route) + 1 :])
    if not safe:
        # MLflow would fetch the whole destination to its disk to answer GET with an empty path.
        raise GatewayError(400, INVALID_PARAMETER_VALUE, "Artifact path must not be empty.")
    if kind == "upload" and not posixpath.basename(safe):
        raise GatewayError(400, INVALID_PARAMETER_VALUE, "Artifact path must include a filename (cannot end with '/').")
    return ArtifactOperation(kind, _uploaded(safe) if kind == "upload" else safe, method == "HEAD")


def _listed_path(query: bytes) -> str:
    try:
        fields = parse_qsl(query.decode(), keep_blank_values=True)
    except ValueError:  # also UnicodeDecodeError
        raise GatewayError(400, BAD_REQUEST, "The request's query must be percent-encoded UTF-8.") from None
    return next((value for name, value in fields if name == "path"), "")


def _uploaded(path: str) -> str:
    """MLflow joins folder and name anew (`posixpath.split`): slashes before the name become one."""
    folder, name = posixpath.split(path)
    return posixpath.join(folder, name)
