"""Prints the routes that MLflow serves, as the gateway sees them; runs in the MLflow server's own environment.

`PYTHONPATH=services/gateway python mlflow_routes.py`; infra.documentation.api calls it.
"""

import json
import re
import sys

from mlflow.server import app as flask_app
from mlflow.server.fastapi_app import create_fastapi_app

from gateway.errors import GatewayError
from gateway.paths import translate
from gateway.scopes import needed_scope

_SERVED = {"GET", "POST", "PUT", "PATCH", "DELETE"}


def _served_by_mlflow() -> set[tuple[str, str]]:
    """Method and path of every route, parameters as {name}."""
    found = set()
    for rule in flask_app.url_map.iter_rules():
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        found |= {(method, path) for method in rule.methods & _SERVED}
    for path, methods in create_fastapi_app().openapi()["paths"].items():
        found |= {(method.upper(), path) for method in methods if method.upper() in _SERVED}
    return found


def _as_the_gateway_sees_it(method: str, path: str) -> dict[str, str] | None:
    example = re.sub(r"\{[^{}]+\}", "x", path)
    try:
        route = translate(f"/api/mlflow{example}")
    except GatewayError:
        return None
    if route.path != example:  # not served at this place: read as a path of older clients
        return None
    return {"method": method, "path": path, "endpoint": route.endpoint, "scope": needed_scope(method, route.path)}


rows = [
    _as_the_gateway_sees_it(method, path) for method, path in sorted(_served_by_mlflow(), key=lambda each: each[::-1])
]
json.dump([row for row in rows if row], sys.stdout)
