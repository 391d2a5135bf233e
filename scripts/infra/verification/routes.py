"""Steps about the gateway's routes: every class of them reaches what it is for."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from infra.verification.exchange import Exchange
from infra.verification.front_door import expect_status
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_SEARCH = {"max_results": 1}
_TRACES = {"locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "0"}}], "max_results": 1}


@dataclass(frozen=True)
class _Route:
    """A request, and how to see that the right program answered it."""

    method: str
    path: str
    body: Any
    right: Callable[[Exchange], bool]


def _json_with(name: str) -> Callable[[Exchange], bool]:
    return lambda answer: isinstance(answer.json, dict) and name in answer.json


def _page(answer: Exchange) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html")


def _version(answer: Exchange) -> bool:
    return answer.body.decode(errors="replace").strip()[:1].isdigit()


def _json_object(answer: Exchange) -> bool:
    return isinstance(answer.json, dict) and answer.headers.get("content-type", "").startswith("application/json")


# Every way in (docs/api.md) with something behind it that needs the database or the artifact store.
_ROUTES = (
    _Route("POST", "/api/mlflow/api/2.0/mlflow/experiments/search", _SEARCH, _json_with("experiments")),
    _Route("POST", "/mlflow/api/2.0/mlflow/experiments/search", _SEARCH, _json_with("experiments")),
    _Route("POST", "/api/2.0/mlflow/experiments/search", _SEARCH, _json_with("experiments")),
    # As clients of the first version write it.
    _Route("POST", "/api/mlflow/experiments/search", _SEARCH, _json_with("experiments")),
    _Route("POST", "/ajax-api/2.0/mlflow/experiments/search", _SEARCH, _json_with("experiments")),
    _Route("GET", "/api/2.0/mlflow/registered-models/search?max_results=1", None, _json_object),
    _Route("GET", "/api/2.0/mlflow-artifacts/artifacts?path=never-made", None, _json_object),
    _Route("GET", "/api/mlflow/api/2.0/mlflow-artifacts/artifacts?path=never-made", None, _json_object),
    _Route("GET", "/api/2.0/mlflow/model-versions/search?max_results=1", None, _json_object),
    _Route("POST", "/api/2.0/mlflow/logged-models/search", {"experiment_ids": ["0"], "max_results": 1}, _json_object),
    _Route("POST", "/api/2.0/mlflow/runs/search", {"experiment_ids": ["0"], "max_results": 1}, _json_object),
    _Route("POST", "/api/3.0/mlflow/traces/search", _TRACES, _json_object),
    _Route("GET", "/api/3.0/mlflow/server-info", None, _json_object),
    _Route("GET", "/version", None, _version),
    _Route("GET", "/api/mlflow/version", None, _version),
    _Route("GET", "/mlflow/", None, _page),
)
_CALLS = ("experiments", "models", "artifacts")


def _api_proxy(target: Target) -> str:
    for route in _ROUTES:
        answer = target.ask(route.method, route.path, route.body, key=target.keys.writing)
        expect_status(answer, 200, "Every class of routes reaches MLflow")
        if not route.right(answer):
            raise CheckFailed(f"{answer.request_line} is answered by something else than MLflow", exchange=answer)
    unknown = target.ask("GET", "/api/no-such-api", key=target.keys.writing)
    expect_status(unknown, 404, "A path that leads nowhere")
    if unknown.json.get("error_code") != "ENDPOINT_NOT_FOUND":
        raise CheckFailed("The gateway does not say that there is no such route", exchange=unknown)
    return f"{len(_ROUTES)} routes"


def _health(target: Target) -> str:
    expect_status(target.ask("GET", "/health/ready"), 200, "The gateway takes requests")
    answer = target.ask("GET", "/health/mlflow", key=target.keys.writing)
    checks = answer.json.get("checks", {})
    broken = [f"{name}: {checks[name].get('reason')}" for name in checks if checks[name].get("status") != "ok"]
    if answer.status != 200 or broken:
        said = "; ".join(broken) or f"status {answer.status}"
        raise CheckFailed(f"The gateway finds fault with what is behind it: {said}", exchange=answer)
    missing = set(_CALLS) - set(checks)
    if missing:
        raise CheckFailed(f"The gateway does not look at {', '.join(sorted(missing))}", exchange=answer)
    return ", ".join(f"{name} {checks[name]['latency_ms']:.0f} ms" for name in _CALLS)


def _artifact_endpoint(target: Target) -> str:
    path = f"/api/2.0/mlflow-artifacts/artifacts/.verification/{target.client.name}.txt"
    key = target.keys.writing
    try:
        expect_status(target.ask("PUT", path, b"probe", key=key), 200, "An artifact can be uploaded")
        got = expect_status(target.ask("GET", path, key=key), 200, "An artifact can be downloaded")
        if got.body != b"probe":
            raise CheckFailed("An artifact came back with another content", exchange=got)
    except BaseException:
        with suppress(CheckFailed):
            target.ask("DELETE", path, key=key)
        raise
    expect_status(target.ask("DELETE", path, key=key), 200, "An artifact can be deleted")
    return "one file up, down and deleted"


STEPS = (
    Step(
        "health",
        "The gateway's own checks find experiments, models and artifacts well",
        _health,
        needs=("hosts",),
    ),
    Step(
        "api-proxy",
        "Every class of routes reaches MLflow through the gateway",
        _api_proxy,
        needs=("bearer-auth",),
        formerly="verify_api_proxy.py",
    ),
    Step(
        "artifact-endpoint",
        "MLflow serves artifacts: what is put at their endpoint is there again",
        _artifact_endpoint,
        needs=("bearer-auth",),
        formerly="deploy_mlflow_fix.sh",
    ),
)
