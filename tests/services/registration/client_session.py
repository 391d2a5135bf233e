"""A full session of an outside developer, run in the client's own environment; prints the steps that passed as JSON.

What it calls on the wire is calls.yaml; test_session.py compares.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.linear_model import LinearRegression

NAME = sys.argv[1]
client = mlflow.MlflowClient()
passed: list[str] = []


def step(function: Callable[[], None]) -> Callable[[], None]:
    function()
    passed.append(function.__name__)
    return function


@step
def experiments() -> None:
    made = client.create_experiment(f"{NAME}-scratch", tags={"a": "b c"})
    assert client.get_experiment(made).tags["a"] == "b c"
    assert client.get_experiment(made).artifact_location.startswith("mlflow-artifacts:/")
    client.set_experiment_tag(made, "t", "ü")
    client.rename_experiment(made, f"{NAME}-renamed")
    assert client.get_experiment_by_name(f"{NAME}-renamed").tags["t"] == "ü"
    assert made in [each.experiment_id for each in client.search_experiments(filter_string=f"name LIKE '{NAME}%'")]
    client.delete_experiment(made)
    assert made in [each.experiment_id for each in client.search_experiments(view_type=ViewType.DELETED_ONLY)]
    client.restore_experiment(made)
    client.delete_experiment_tag(made, "t")


experiment = mlflow.set_experiment(NAME)


@step
def runs() -> None:
    with mlflow.start_run(tags={"who": "ada"}) as run:
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 0.5, step=1)
        mlflow.log_metrics({"m": 0.25, "n": 1.0}, step=2)
        mlflow.set_tag("u", "v")
        mlflow.log_input(mlflow.data.from_numpy(np.array([[1.0]]), name="numbers"), context="training")
    now = int(time.time() * 1000)
    client.log_batch(run.info.run_id, [Metric("b", 1.0, now, 0)], [Param("q", "2")], [RunTag("w", "x")])
    assert [entry.value for entry in client.get_metric_history(run.info.run_id, "m")] == [0.5, 0.25]
    assert client.get_run(run.info.run_id).data.params == {"p": "1", "q": "2"}
    client.delete_tag(run.info.run_id, "u")
    client.update_run(run.info.run_id, status="FINISHED", name="renamed")
    client.delete_run(run.info.run_id)
    assert not client.search_runs([experiment.experiment_id])
    client.restore_run(run.info.run_id)
    assert client.search_runs([experiment.experiment_id], "params.p = '1'")[0].info.run_name == "renamed"


@step
def artifacts() -> None:
    names = {
        "d/a b+c.txt": b"space and plus",
        "d/ü/ß.txt": b"unicode",
        "empty": b"",
        "x/y/z/deep.bin": bytes(range(256)) * 4096,
    }
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        for name, content in names.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        mlflow.log_artifacts(folder)
        listed = {entry.path: entry.file_size for entry in client.list_artifacts(run.info.run_id, "d")}
        assert listed == {"d/a b+c.txt": 14, "d/ü": None}, listed
        got = Path(client.download_artifacts(run.info.run_id, ""))
        assert {str(file.relative_to(got)): file.read_bytes() for file in got.rglob("*") if file.is_file()} == names
        repository = get_artifact_repository(run.info.artifact_uri)
        repository.delete_artifacts("x")
        assert [entry.path for entry in client.list_artifacts(run.info.run_id)] == ["d", "empty"]
        try:
            client.download_artifacts(run.info.run_id, "not-there.txt")
        except Exception as error:
            said = str(error)
        else:
            raise AssertionError("an artifact that is not there was downloaded")
        assert "not-there.txt" in said, said


@step
def model() -> None:
    with mlflow.start_run():
        fitted = LinearRegression().fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
        info = mlflow.sklearn.log_model(
            fitted, name="model", registered_model_name=NAME, input_example=np.array([[1.0]])
        )
    assert mlflow.get_logged_model(info.model_id).name == "model"
    mlflow.set_logged_model_tags(info.model_id, {"k": "v"})
    client.delete_logged_model_tag(info.model_id, "k")
    assert info.model_id in [each.model_id for each in mlflow.search_logged_models(output_format="list")]
    client.set_registered_model_alias(NAME, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    assert abs(float(loaded.predict(np.array([[4.0]]))[0]) - 8.0) < 1e-6


@step
def registry() -> None:
    other = f"{NAME}-other"
    client.create_registered_model(other, tags={"a": "b"}, description="d")
    client.update_registered_model(other, "new")
    assert client.get_registered_model(other).description == "new"
    client.set_registered_model_tag(other, "t", "v")
    client.delete_registered_model_tag(other, "t")
    client.rename_registered_model(other, f"{other}-2")
    assert [each.name for each in client.search_registered_models(f"name = '{other}-2'")] == [f"{other}-2"]
    client.delete_registered_model(f"{other}-2")
    second = mlflow.register_model(client.get_model_version(NAME, "1").source, NAME)
    client.update_model_version(NAME, second.version, "changed")
    client.set_model_version_tag(NAME, second.version, "t", "v")
    client.delete_model_version_tag(NAME, second.version, "t")
    client.transition_model_version_stage(NAME, second.version, "Staging")
    assert [each.version for each in client.get_latest_versions(NAME, ["Staging"])] == [second.version]
    assert client.get_model_version_download_uri(NAME, second.version)
    assert len(client.search_model_versions(f"name='{NAME}'")) == 2
    assert client.get_model_version_by_alias(NAME, "champion").version == "1"
    client.delete_registered_model_alias(NAME, "champion")
    client.delete_model_version(NAME, second.version)


@step
def traces() -> None:
    with mlflow.start_span("outer") as span:
        span.set_inputs({"question": "?"})
        span.set_outputs({"answer": "!"})
    mlflow.flush_trace_async_logging()
    deadline = time.monotonic() + 20
    while not (found := client.search_traces(locations=[experiment.experiment_id])):
        assert time.monotonic() < deadline, "the trace never arrived"
        time.sleep(0.2)
    client.set_trace_tag(found[0].info.trace_id, "k", "v")
    assert client.get_trace(found[0].info.trace_id).data.spans[0].name == "outer"
    client.delete_trace_tag(found[0].info.trace_id, "k")
    assert client.delete_traces(experiment.experiment_id, trace_ids=[found[0].info.trace_id]) == 1


@step
def refusals() -> None:
    for refused in (lambda: client.get_run("0" * 32), lambda: client.get_registered_model(f"{NAME}-never")):
        try:
            refused()
        except MlflowException as error:
            code = error.error_code
        else:
            raise AssertionError("what is not there was found")
        assert code == "RESOURCE_DOES_NOT_EXIST", code


print(json.dumps(passed))
