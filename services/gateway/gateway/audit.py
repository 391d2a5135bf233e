"""Who changed what: one JSON line for each request that writes, with its outcome."""

import json
import re
from urllib.parse import parse_qsl, unquote

from gateway.access_log import timestamp

# What names a thing in MLflow's requests (mlflow/protos/service.proto, model_registry.proto).
_NAMES = (
    "name",
    "new_name",
    "version",
    "alias",
    "stage",
    "key",
    "run_id",
    "run_uuid",
    "experiment_id",
    "experiment_ids",
    "model_id",
    "artifact_path",
    "path",
)
_API = re.compile(r"/(?:ajax-)?api/\d\.0/?(?:mlflow-artifacts|mlflow)/(.*)")
_ARTIFACT = re.compile(r"/(?:ajax-)?api/\d\.0/mlflow-artifacts/(?:artifacts|mpu/[a-z]+|presigned)/(.*)")
_IN_PATH = re.compile(r"/(logged-models|traces|datasets|webhooks)/([^/]+)")
_LONGEST_VALUE = 512
# A line is written in one piece up to this length; see output.py.
_LONGEST_LINE = 4000


def subject(path: str, query: str, body: bytes) -> dict[str, str]:
    """What a request is about, from its path, its query and its JSON body.

    Args:
        path: path at MLflow, undecoded.
        query: query with its `?`, or empty.
        body: the body if it is short; anything but a JSON object tells nothing.
    """
    found: dict[str, str] = {}
    artifact = _ARTIFACT.fullmatch(path)
    if artifact:
        found["artifact"] = unquote(artifact[1])
    named = _IN_PATH.search(path)
    if named and named[2] not in ("search", "create"):
        found[named[1].rstrip("s").replace("-", "_")] = unquote(named[2])
    fields: dict[str, object] = dict(parse_qsl(query[1:]))
    try:
        parsed = json.loads(body) if body else {}
    except ValueError:
        parsed = {}
    if isinstance(parsed, dict):
        fields.update(parsed)
    for name in _NAMES:
        value = fields.get(name)
        if isinstance(value, str | int | list) and value not in ("", []):
            found[name] = value if isinstance(value, str) else json.dumps(value)
    return {name: value[:_LONGEST_VALUE] for name, value in found.items()}


def action(method: str, path: str) -> str:
    """What is done: the method and the route below MLflow's API, without the path of an artifact."""
    if _ARTIFACT.fullmatch(path):
        return f"{method} artifacts"
    route = _API.fullmatch(path)
    return f"{method} {route[1] if route else path}"[:_LONGEST_VALUE]


def audit_line(
    *,
    at: float,
    request_id: str,
    user_id: str,
    key_id: str,
    client_ip: str,
    method: str,
    path: str,
    query: str,
    body: bytes,
    status: int,
    outcome: str,
) -> str:
    """The line of one write.

    Args:
        at: when it began, seconds since 1970.
        request_id: id of the request.
        user_id: holder of the key.
        key_id: which key.
        client_ip: the client's address.
        method: HTTP method.
        path: path at MLflow, undecoded.
        query: query with its `?`, or empty.
        body: the request's body if it is short.
        status: what the client got.
        outcome: as in the metrics; what is not `ok` may or may not have been applied if it is `client_gone`,
            `aborted` or `server_error`.
    """
    record = {
        "kind": "audit",
        "time": timestamp(at),
        "request_id": request_id,
        "user_id": user_id,
        "key_id": key_id,
        "client_ip": client_ip,
        "action": action(method, path),
        "subject": subject(path, query, body),
        "status": status,
        "outcome": outcome,
    }
    line = json.dumps(record, separators=(",", ":"))
    return line if len(line) <= _LONGEST_LINE else json.dumps({**record, "subject": {"truncated": "yes"}})
