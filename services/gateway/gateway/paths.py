"""Which public path becomes which path of MLflow's, what kind of request that is, and which paths go nowhere.

The bytes of a path are kept: what is `%20` here is `%20` at MLflow. Decoding serves only to judge a path.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from gateway.errors import BAD_REQUEST, ENDPOINT_NOT_FOUND, INVALID_PARAMETER_VALUE, GatewayError

PREFIXES = ("/api/mlflow", "/mlflow")
_LEGACY = "/api/2.0/mlflow"


class Endpoint(StrEnum):
    """Kinds of requests; a dimension of the metrics."""

    EXPERIMENTS = "experiments"
    RUNS = "runs"
    MODELS = "models"
    TRACES = "traces"
    ARTIFACTS = "artifacts"
    TRANSFER = "transfer"
    SERVER_INFO = "server-info"
    UI = "ui"
    HEALTH = "health"
    OTHER = "other"


@dataclass(frozen=True)
class Route:
    """A request as MLflow sees it.

    Args:
        path: path at MLflow, undecoded, without query.
        prefix: public prefix that was taken off: what MLflow redirects to lies below it.
        endpoint: kind of request.
    """

    path: str
    prefix: str
    endpoint: Endpoint


# A path of plain segments needs no second look; most have one.
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_~-][A-Za-z0-9._~@:+=,-]*)+/?")
_PRINTABLE = re.compile(r"[\x21-\x7e]*")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

# After a prefix: what MLflow serves at its root. Anything else is meant for `/api/2.0/mlflow` (older clients).
_AT_ROOT = re.compile(r"/(?:api/|ajax-api/|v1/traces$|version$|health$|$)")
_UI = re.compile(r"/(?:static-files/|get-artifact$|model-versions/get-artifact$|graphql$)")
# MLflow's search-datasets really lies at /api/2.0mlflow/ (mlflow.server.handlers, 3.17.2), without the slash.
_BARE = re.compile(r"/(?:api/\d\.0/?mlflow(?:-artifacts)?/|ajax-api/|v1/traces$|version$)")
# An assistant that runs commands on the server; calls from inside the network to addresses of the caller's choice
# (webhooks, the AI gateway's endpoints and its proxy); the AI gateway's secrets; jobs, whose runner is off.
_NEVER = re.compile(r"/(?:ajax-)?api/\d\.0/(?:jobs|mlflow/(?:assistant|gateway|gateway-proxy|jobs|webhooks))(?:/|$)")
# Routes by which MLflow hands out presigned URLs or parts of a multipart upload.
_TRANSFER = re.compile(
    r"/(?:ajax-)?api/\d\.0/(?:mlflow-artifacts/(?:presigned|mpu)(?:/|$)|mlflow/artifacts/presigned-[a-z]+-url$)"
)
_KINDS = (
    (_TRANSFER, Endpoint.TRANSFER),
    (re.compile(r"/(?:ajax-)?api/\d\.0/mlflow/server-info$"), Endpoint.SERVER_INFO),
    (
        re.compile(
            r"/(?:ajax-)?api/\d\.0/(?:mlflow-artifacts/|mlflow/(?:artifacts/|upload-artifact$|get-trace-artifact$|"
            r"logged-models/[^/]+/artifacts/))|/get-artifact$|/model-versions/get-artifact$"
        ),
        Endpoint.ARTIFACTS,
    ),
    (re.compile(r"/(?:ajax-)?api/\d\.0/?mlflow/experiments(?:/|$)"), Endpoint.EXPERIMENTS),
    (re.compile(r"/(?:ajax-)?api/\d\.0/mlflow/(?:runs|metrics)/"), Endpoint.RUNS),
    (
        re.compile(r"/(?:ajax-)?api/\d\.0/mlflow/(?:registered-models|model-versions|logged-models)(?:/|$)"),
        Endpoint.MODELS,
    ),
    (
        re.compile(
            r"/(?:ajax-)?api/\d\.0/mlflow/(?:traces|unified-traces|get-online-trace-details)(?:/|$)|/v1/traces$"
        ),
        Endpoint.TRACES,
    ),
    (re.compile(r"/(?:static-files/|$|graphql$)"), Endpoint.UI),
    (re.compile(r"/(?:health|version)$"), Endpoint.HEALTH),
)


@lru_cache(maxsize=8192)
def translate(path: str) -> Route:
    """The route of a public path.

    Args:
        path: request target up to `?`, undecoded.

    Raises:
        GatewayError: 400 for a path that could leave the place it names, or that programs read in different ways;
            404 for one that leads nowhere.
    """
    check_path(path)
    for prefix in PREFIXES:
        if path == prefix or path.startswith(prefix + "/"):
            rest = path[len(prefix) :] or "/"
            inner = rest if _AT_ROOT.match(rest) or _UI.match(rest) else _LEGACY + rest
            return _route(inner, prefix)
    if _BARE.match(path):
        return _route(path, "")
    raise _nowhere(path)


def _route(path: str, prefix: str) -> Route:
    # Judged decoded as MLflow will decode it: an escaped letter must not make another kind of request of it.
    decoded = unquote_to_bytes(path).decode("utf-8", "replace") if "%" in path else path
    if _NEVER.match(decoded):
        raise _nowhere(path)
    endpoint = next((kind for pattern, kind in _KINDS if pattern.match(decoded)), Endpoint.OTHER)
    return Route(path, prefix, endpoint)


def _nowhere(path: str) -> GatewayError:
    return GatewayError(
        404,
        ENDPOINT_NOT_FOUND,
        f"No route for {path[:200]}. Set MLFLOW_TRACKING_URI to https://<host>/api/mlflow, without a path after it.",
    )


def split_target(target: str) -> tuple[str, str]:
    """Path and query (with its `?`, or empty) of a request target in origin form.

    Raises:
        GatewayError: 400, the target is an absolute URL, `*` or an authority.
    """
    if not target.startswith("/"):
        raise GatewayError(400, BAD_REQUEST, "The request target must be a path, not a URL.")
    path, mark, query = target.partition("?")
    if _PLAIN_QUERY.fullmatch(query):
        return path, mark + query
    if mark and (not _PRINTABLE.fullmatch(query) or "#" in query):
        raise GatewayError(400, BAD_REQUEST, "The query holds characters that must be percent-encoded.")
    if mark and _LEAVES_IN_QUERY.search(query):
        _check_query_paths(query)
    return path, mark + query


# A query of these characters leads nowhere; most have no others.
_PLAIN_QUERY = re.compile(r"[A-Za-z0-9_=&+~-]*")
_LEAVES_IN_QUERY = re.compile(r"\.\.|%2e|%25|%5c|\\|%00", re.IGNORECASE)


def _check_query_paths(query: str) -> None:
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if name in ("path", "artifact_path", "artifact_file_path"):
            _check_stages("/" + value.lstrip("/"), empty_segments=True)


def check_path(path: str) -> None:
    """Refuse a path that could lead elsewhere than it says, in whatever encoding.

    MLflow decodes once and its checks decode until nothing changes (`validate_path_is_safe`); so does this one.

    Raises:
        GatewayError: 400 with what is wrong.
    """
    if _PLAIN.fullmatch(path):
        return
    if not _PRINTABLE.fullmatch(path) or "#" in path:
        raise _unsafe("characters that must be percent-encoded")
    if _ESCAPE.search(path):
        raise _unsafe("a % that is not followed by two hexadecimal digits")
    _check_stages(path, empty_segments=False)


def _check_stages(path: str, *, empty_segments: bool) -> None:
    stage = path.encode("ascii", "replace")
    for _ in range(8):
        if any(byte < 0x20 or byte == 0x7F for byte in stage):
            raise _unsafe("control characters")
        if b"\\" in stage:
            raise _unsafe("a backslash")
        segments = stage.split(b"/")
        if b".." in segments or b"." in segments:
            raise _unsafe("a . or .. segment")
        if not empty_segments and b"" in segments[1:-1]:
            raise _unsafe("a double slash")
        decoded = unquote_to_bytes(stage)
        if decoded == stage:
            return
        stage = decoded
    raise _unsafe("too many layers of percent-encoding")


def _unsafe(what: str) -> GatewayError:
    return GatewayError(400, INVALID_PARAMETER_VALUE, f"The path holds {what}.")
