"""Steps that need no client: a model with one file, registered by HTTP requests alone."""

from typing import Any

from infra.verification.front_door import expect_status
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_API = "/api/mlflow/api/2.0/mlflow"
_FILES = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts"
_SCHEME = "mlflow-artifacts:/"
_CONTENT = b"a model could be here"


def _register(target: Target) -> str:
    name = f"{target.client.name}-simple"
    experiment = _post(target, "experiments/create", {"name": name})["experiment_id"]
    run = _post(target, "runs/create", {"experiment_id": experiment})["run"]["info"]
    _post(target, "runs/log-metric", {"run_id": run["run_id"], "key": "m", "value": 0.5, "timestamp": 1})
    if not run["artifact_uri"].startswith(_SCHEME):
        raise CheckFailed(f"Artifacts of a run are to go to {run['artifact_uri']} instead of through the registry")
    path = f"{_FILES}/{run['artifact_uri'].removeprefix(_SCHEME).lstrip('/')}/model.txt"
    key = target.keys.writing
    expect_status(target.ask("PUT", path, _CONTENT, key=key), 200, "The model's file can be uploaded")
    _post(target, "registered-models/create", {"name": name})
    version = {"name": name, "source": run["artifact_uri"], "run_id": run["run_id"]}
    made = _post(target, "model-versions/create", version)["model_version"]
    got = target.ask("GET", f"{_API}/model-versions/get?name={name}&version={made['version']}", key=key)
    expect_status(got, 200, "The registered version is there")
    read = expect_status(target.ask("GET", path, key=key), 200, "The model's file can be downloaded")
    if got.json["model_version"]["status"] != "READY" or read.body != _CONTENT:
        raise CheckFailed("What was registered is not what came back", exchange=got)
    return f"version {made['version']} with {len(_CONTENT)} bytes, up and down again"


def _post(target: Target, call: str, body: dict[str, object]) -> dict[str, Any]:
    answer = target.ask("POST", f"{_API}/{call}", body, key=target.keys.writing)
    found: dict[str, Any] = expect_status(answer, 200, "A model can be registered").json
    return found


STEPS = (
    Step(
        "simple-registration",
        "A model with one file is registered and read back by HTTP requests alone",
        _register,
        needs=("bearer-auth",),
        formerly="test_model_registration_simple.py",
        leaves=True,
    ),
)
