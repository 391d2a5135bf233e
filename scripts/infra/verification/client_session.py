"""A full session of an outside developer, run in the client's own environment, step by step as it is asked.

`python client_session.py NAME`: reads the names of steps from stdin, one a line, and answers each with a line of JSON:
`step`, `seconds`, `seen` (a few words), `facts` (so far: what was made, by name), and where it failed `error` and
`traceback`. NAME begins the names of everything that it makes; the step `cleanup` removes what can be removed.

What it calls on the wire is tests/services/registration/calls.yaml; test_session.py compares.
"""

import functools
import json
import secrets
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

import mlflow
import numpy as np
from mlflow.entities import Experiment, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
from sklearn.linear_model import LinearRegression

NAME = sys.argv[1]
FILES = {
    "d/a b+c.txt": b"space and plus",
    "d/ü/ß.txt": b"unicode",
    "empty": b"",
    "x/y/z/deep.bin": bytes(range(256)) * 4096,
}
client = mlflow.MlflowClient()
facts: dict[str, str] = {}
steps: dict[str, Callable[[], str]] = {}


class Unexpected(Exception):  # noqa: N818 - what was found, not an error of this program
    """The registry answered, but with something else than it must."""


def expect(found: object, wanted: object, what: str) -> None:
    """Raise unless what was found is what was wanted."""
    if found != wanted:
        raise Unexpected(f"{what}: {found!r}, wanted {wanted!r}")


def step(function: Callable[[], str]) -> Callable[[], str]:
    """Make a function a step."""
    steps[function.__name__] = function
    return function


@functools.cache
def own_experiment() -> Experiment:
    """The experiment in which everything happens."""
    experiment = mlflow.set_experiment(NAME)
    facts["experiment"] = experiment.experiment_id
    return experiment


@step
def experiments() -> str:
    """Make, find, rename, tag, delete and restore one."""
    made = client.create_experiment(f"{NAME}-scratch", tags={"a": "b c"})
    facts["scratch_experiment"] = made
    expect(client.get_experiment(made).tags["a"], "b c", "the tag that was given at creation")
    location = client.get_experiment(made).artifact_location
    expect(location.partition("/")[0], "mlflow-artifacts:", f"the scheme of its artifacts' location {location}")
    client.set_experiment_tag(made, "t", "ü")
    client.rename_experiment(made, f"{NAME}-renamed")
    expect(client.get_experiment_by_name(f"{NAME}-renamed").tags["t"], "ü", "the tag that was set")
    found = client.search_experiments(filter_string=f"name LIKE '{NAME}%'")
    expect(made in [each.experiment_id for each in found], True, "found by its name")
    client.delete_experiment(made)
    deleted = client.search_experiments(view_type=ViewType.DELETED_ONLY)
    expect(made in [each.experiment_id for each in deleted], True, "listed among the deleted ones")
    client.restore_experiment(made)
    client.delete_experiment_tag(made, "t")
    return f"experiment {made}"


@step
def runs() -> str:
    """Log parameters, metrics, tags and inputs; search, rename, delete, restore."""
    experiment = own_experiment()
    with mlflow.start_run(tags={"who": "ada"}) as run:
        mlflow.log_param("p", 1)
        mlflow.log_metric("m", 0.5, step=1)
        mlflow.log_metrics({"m": 0.25, "n": 1.0}, step=2)
        mlflow.set_tag("u", "v")
        mlflow.log_input(mlflow.data.from_numpy(np.array([[1.0]]), name="numbers"), context="training")
    now = int(time.time() * 1000)
    client.log_batch(run.info.run_id, [Metric("b", 1.0, now, 0)], [Param("q", "2")], [RunTag("w", "x")])
    history = [entry.value for entry in client.get_metric_history(run.info.run_id, "m")]
    expect(history, [0.5, 0.25], "the history of a metric")
    expect(client.get_run(run.info.run_id).data.params, {"p": "1", "q": "2"}, "the run's parameters")
    client.delete_tag(run.info.run_id, "u")
    client.update_run(run.info.run_id, status="FINISHED", name="renamed")
    client.delete_run(run.info.run_id)
    expect(client.search_runs([experiment.experiment_id]), [], "the runs after the only one was deleted")
    client.restore_run(run.info.run_id)
    found = client.search_runs([experiment.experiment_id], "params.p = '1'")
    expect([each.info.run_name for each in found], ["renamed"], "the runs with its parameter")
    return f"run {run.info.run_id}"


@step
def artifacts() -> str:
    """Upload files with difficult names, list, download and compare, delete, ask for one that is not there."""
    own_experiment()
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        for name, content in FILES.items():
            file = Path(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        mlflow.log_artifacts(folder)
        facts["artifact_run"] = run.info.run_id
        listed = {entry.path: entry.file_size for entry in client.list_artifacts(run.info.run_id, "d")}
        expect(listed, {"d/a b+c.txt": 14, "d/ü": None}, "the listing of a folder")
        got = Path(client.download_artifacts(run.info.run_id, ""))
        sizes = {str(file.relative_to(got)): file.stat().st_size for file in got.rglob("*") if file.is_file()}
        expect(sizes, {name: len(content) for name, content in FILES.items()}, "sizes of what came back")
        changed = [name for name, content in FILES.items() if (got / name).read_bytes() != content]
        expect(changed, [], "files that came back with another content")
        get_artifact_repository(run.info.artifact_uri).delete_artifacts("x")
        left = [entry.path for entry in client.list_artifacts(run.info.run_id)]
        expect(left, ["d", "empty"], "what is left after a folder was deleted")
        try:
            client.download_artifacts(run.info.run_id, "not-there.txt")
        except Exception as error:
            said = str(error)
        else:
            raise Unexpected("an artifact that is not there was downloaded")
        expect("not-there.txt" in said, True, f"the missing artifact is named in {said!r}")
    return f"{len(FILES)} files, {sum(map(len, FILES.values())) >> 10} KiB, up and down again"


@step
def model() -> str:
    """Train, log and register a model; give it an alias, load it back by that, predict."""
    own_experiment()
    with mlflow.start_run(), tempfile.TemporaryDirectory() as folder:
        fitted = LinearRegression().fit([[1.0], [2.0], [3.0]], [2.0, 4.0, 6.0])
        # A file of the model's whose bytes are known: those of the estimator differ from one saving to the next.
        own_code = Path(folder, "own_code.py")
        own_code.write_text(f"# {secrets.token_hex(1 << 15)}\n")
        written = own_code.read_bytes()
        # Named, since finding them out starts the model in another process, which says nothing about the registry.
        info = mlflow.sklearn.log_model(
            fitted,
            name="model",
            registered_model_name=NAME,
            input_example=np.array([[1.0]]),
            pip_requirements=["scikit-learn"],
            code_paths=[str(own_code)],
        )
    facts["model"] = info.model_id
    expect(mlflow.get_logged_model(info.model_id).name, "model", "the name of the logged model")
    mlflow.set_logged_model_tags(info.model_id, {"k": "v"})
    client.delete_logged_model_tag(info.model_id, "k")
    logged = mlflow.search_logged_models(output_format="list")
    expect(info.model_id in [each.model_id for each in logged], True, "listed among the logged models")
    client.set_registered_model_alias(NAME, "champion", "1")
    loaded = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    expect(round(float(loaded.predict(np.array([[4.0]]))[0]), 6), 8.0, "what the loaded model predicts")
    got = Path(mlflow.artifacts.download_artifacts(f"models:/{NAME}@champion"))
    expect((got / "code" / own_code.name).read_bytes() == written, True, "the model's file came back as it was")
    return "version 1 registered, loaded back by its alias, predicts what it was trained to; its file is the same"


@step
def registry() -> str:
    """Models and versions: make, describe, tag, rename, search, delete; stage and alias."""
    other = f"{NAME}-other"
    client.create_registered_model(other, tags={"a": "b"}, description="d")
    client.update_registered_model(other, "new")
    expect(client.get_registered_model(other).description, "new", "the new description")
    client.set_registered_model_tag(other, "t", "v")
    client.delete_registered_model_tag(other, "t")
    client.rename_registered_model(other, f"{other}-2")
    found = [each.name for each in client.search_registered_models(f"name = '{other}-2'")]
    expect(found, [f"{other}-2"], "found by its new name")
    client.delete_registered_model(f"{other}-2")
    second = mlflow.register_model(client.get_model_version(NAME, "1").source, NAME)
    client.update_model_version(NAME, second.version, "changed")
    client.set_model_version_tag(NAME, second.version, "t", "v")
    client.delete_model_version_tag(NAME, second.version, "t")
    client.transition_model_version_stage(NAME, second.version, "Staging")
    staged = [each.version for each in client.get_latest_versions(NAME, ["Staging"])]
    expect(staged, [second.version], "the versions in the stage")
    expect(bool(client.get_model_version_download_uri(NAME, second.version)), True, "the version has a download URI")
    expect(len(client.search_model_versions(f"name='{NAME}'")), 2, "the number of versions")
    expect(client.get_model_version_by_alias(NAME, "champion").version, "1", "the version behind the alias")
    client.delete_registered_model_alias(NAME, "champion")
    client.delete_model_version(NAME, second.version)
    return "2 versions, 1 of them deleted again"


@step
def traces() -> str:
    """Record a trace, find it, tag it, delete it."""
    experiment = own_experiment()
    with mlflow.start_span("outer") as span:
        span.set_inputs({"question": "?"})
        span.set_outputs({"answer": "!"})
    mlflow.flush_trace_async_logging()
    deadline = time.monotonic() + 20
    while not (found := client.search_traces(locations=[experiment.experiment_id])):
        if time.monotonic() > deadline:
            raise Unexpected("the trace never arrived")
        time.sleep(0.2)
    trace = found[0].info.trace_id
    client.set_trace_tag(trace, "k", "v")
    expect(client.get_trace(trace).data.spans[0].name, "outer", "the name of the trace's span")
    client.delete_trace_tag(trace, "k")
    expect(client.delete_traces(experiment.experiment_id, trace_ids=[trace]), 1, "the number of deleted traces")
    return "1 trace"


@step
def refusals() -> str:
    """What is not there is said not to be there, in a way that a program can tell."""
    for ask, name in ((client.get_run, "0" * 32), (client.get_registered_model, f"{NAME}-never")):
        try:
            ask(name)
        except MlflowException as error:
            expect(error.error_code, "RESOURCE_DOES_NOT_EXIST", "the error code for what is not there")
        else:
            raise Unexpected("what is not there was found")
    return "a run and a model that are not there"


@step
def cleanup() -> str:
    """Remove whatever has this session's name: models, files, runs. Runs and experiments stay, marked as deleted.

    By name and not by what this process remembers: it may be another one than the one that made them.
    """
    left: list[str] = []
    models, experiments = own_models(), own_experiments()
    for model in models:
        attempt(left, f"model {model}", functools.partial(client.delete_registered_model, model))
    for experiment in experiments:
        attempt(left, f"experiment {experiment.name}", functools.partial(remove_experiment, experiment))
    left += [f"model {name}" for name in own_models()] + [f"experiment {each.name}" for each in own_experiments()]
    if left:
        raise Unexpected("could not be removed: " + "; ".join(dict.fromkeys(left)))
    marked = ", ".join(f"{each.name} ({each.experiment_id})" for each in experiments) or "none"
    return f"{len(models)} models removed; experiments that MLflow keeps, marked as deleted: {marked}"


def own_models() -> list[str]:
    """Registered models with this session's name."""
    return [model.name for model in client.search_registered_models(f"name LIKE '{NAME}%'")]


def own_experiments() -> list[Experiment]:
    """Experiments with this session's name that are not marked as deleted."""
    found: list[Experiment] = client.search_experiments(filter_string=f"name LIKE '{NAME}%'")
    return found


def remove_experiment(experiment: Experiment) -> None:
    """Remove every file below an experiment, of runs, logged models and traces; then mark all of it as deleted."""
    repository = get_artifact_repository(experiment.artifact_location)
    for entry in repository.list_artifacts():
        repository.delete_artifacts(entry.path)
    for run in client.search_runs([experiment.experiment_id], run_view_type=ViewType.ACTIVE_ONLY):
        client.delete_run(run.info.run_id)
    for logged in client.search_logged_models([experiment.experiment_id]):
        client.delete_logged_model(logged.model_id)
    client.delete_experiment(experiment.experiment_id)


def attempt(left: list[str], what: str, remove: Callable[[], None]) -> None:
    """Remove something; what cannot be removed is told, and does not keep the rest from being removed."""
    try:
        remove()
    except Exception as error:
        left.append(f"{what} ({error})")


def answer(name: str) -> dict[str, object]:
    """Run a step."""
    begun = time.monotonic()
    said: dict[str, object] = {"step": name, "facts": facts}
    try:
        said["seen"] = steps[name]()
    except Exception as error:
        said |= {"error": str(error) or type(error).__name__, "traceback": traceback.format_exc()}
    return said | {"seconds": time.monotonic() - begun}


if __name__ == "__main__":
    answers = sys.stdout
    sys.stdout = sys.stderr  # MLflow prints too
    for line in sys.stdin:
        print(json.dumps(answer(line.strip())), file=answers, flush=True)
