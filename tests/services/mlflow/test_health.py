"""The container's health check: what it proves, what it says, and how long it takes."""

import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.preflight.parts import processes
from infra.preflight.parts.postgres import Postgres
from mlflow_server.errors import ServerError
from mlflow_server.health import failed
from tests.services.parts.mlflow_service import MlflowService, run_command
from tests.services.parts.object_store import ArtifactStore, Credentials

# The container's health check kills it after this (modules/ecs-service).
TIMEOUT_SECONDS = 5.0


@pytest.fixture
def check(mlflow_service: MlflowService, tmp_path: Path) -> "Check":
    return Check(mlflow_service, tmp_path)


class Check:
    """`mlflow-server health` beside a running server, with a scratch folder of its own: nothing is remembered."""

    def __init__(self, service: MlflowService, scratch: Path) -> None:
        self._environment = {**service.environment, "TMPDIR": str(scratch)}

    def run(self, **changed: str) -> "subprocess.CompletedProcess[str]":
        """One check, which must end before the container's time limit."""
        started = time.monotonic()
        result = run_command("health", {**self._environment, **changed}, seconds=30)
        assert time.monotonic() - started < 4 * TIMEOUT_SECONDS  # a busy machine starts Python slowly
        return result

    def problem(self, **changed: str) -> str:
        """The one line of a check that fails for one reason."""
        result = self.run(**changed)
        assert result.returncode == 1
        assert result.stdout == ""
        lines = result.stderr.splitlines()
        assert len(lines) == 1, lines
        return lines[0].removeprefix("mlflow-server: ERROR ")


@pytest.fixture
def broken_store(artifact_store: ArtifactStore) -> Iterator[ArtifactStore]:
    """A copy of the store that a test may break."""
    store = artifact_store.fork()
    yield store
    store.resume()
    store.account.stop()


def test_healthy(check: Check, artifact_store: ArtifactStore) -> None:
    result = check.run()
    assert (result.returncode, result.stderr) == (0, "mlflow-server: healthy\n")
    assert not [key for key in artifact_store.object_keys() if ".probe" in key], "a probe is taken away again"


def test_no_server(check: Check) -> None:
    port = str(processes.free_port())
    assert check.problem(PORT=port) == (
        f"The server does not answer on 127.0.0.1:{port}: [Errno 111] Connection refused"
    )


def test_a_server_that_hangs(check: Check) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = str(silent.getsockname()[1])
        assert check.problem(PORT=port) == f"The server does not answer on 127.0.0.1:{port}: timed out"


def search(service: MlflowService) -> int:
    """Status of a request that needs the database."""
    headers = {"Content-Type": "application/json"}
    return service.request("POST", "/api/2.0/mlflow/experiments/search", b'{"max_results": 1}', headers)[0]


def test_database_down_and_back(check: Check, postgres: Postgres, mlflow_service: MlflowService) -> None:
    # A worker opens its pool with its first request; without a database that one would wait for minutes.
    assert search(mlflow_service) == 200
    postgres.stop()
    try:
        result, status = check.run(), search(mlflow_service)
    finally:
        postgres.start()
    assert result.returncode == 1
    http_line, database_line = result.stderr.splitlines()
    assert http_line == "mlflow-server: ERROR The server answers 503 to a search for experiments."
    assert f"on 127.0.0.1:{postgres.port} does not serve user mlflow: " in database_line
    assert "Connection refused" in database_line
    assert status == 503
    assert check.run().returncode == 0
    assert search(mlflow_service) == 200


def test_a_host_that_the_server_does_not_allow(check: Check) -> None:
    """The settings of the check are not those of the server."""
    assert check.problem(ALLOWED_HOSTS="other.local:5000") == "The server answers 403 to a search for experiments."


def test_a_database_that_hangs(check: Check) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timeout expired" in check.problem(DATABASE_PORT=str(silent.getsockname()[1]))


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"])
def test_a_missing_permission_is_named(check: Check, broken_store: ArtifactStore, action: str) -> None:
    broken_store.deny(action)
    assert check.problem(**broken_store.environment()) == (
        f"The artifact store {broken_store.destination} refuses {action}: the task role needs {action} on "
        f"arn:aws:s3:::{broken_store.bucket}/artifacts/*."
    )


def test_no_permission_at_all(check: Check, broken_store: ArtifactStore) -> None:
    broken_store.deny_all()
    assert "refuses s3:PutObject: the task role needs s3:PutObject on" in check.problem(**broken_store.environment())


def test_another_prefix_than_the_role_has(check: Check, artifact_store: ArtifactStore) -> None:
    destination = f"s3://{artifact_store.bucket}/elsewhere"
    line = check.problem(ARTIFACTS_DESTINATION=destination)
    assert line.startswith(
        f"The artifact store {destination} refuses s3:PutObject: the task role needs s3:PutObject on "
    )


def test_bucket_missing(check: Check, broken_store: ArtifactStore) -> None:
    broken_store.delete_bucket()
    assert check.problem(**broken_store.environment()) == (
        f"The artifact bucket {broken_store.bucket} does not exist: look at ARTIFACTS_DESTINATION."
    )


def test_unknown_keys(check: Check, artifact_store: ArtifactStore) -> None:
    line = check.problem(**artifact_store.environment(Credentials("AKIAUNKNOWN000000000", "secret-of-nobody")))
    assert line.startswith(f"The artifact store {artifact_store.destination} refuses s3:PutObject: InvalidAccessKeyId ")
    assert "secret-of-nobody" not in line


def test_store_down(check: Check, artifact_store: ArtifactStore) -> None:
    line = check.problem(AWS_ENDPOINT_URL=f"http://127.0.0.1:{processes.free_port()}")
    assert line.startswith(
        f"The artifact store {artifact_store.destination} does not answer s3:PutObject: Could not connect"
    )


def test_a_store_that_hangs(check: Check, broken_store: ArtifactStore) -> None:
    broken_store.pause()
    line = check.problem(**broken_store.environment())
    # Where the machine takes two of the check's 3.5 s to load boto3, its end comes before that of the read.
    assert line.startswith(
        (
            f"The artifact store {broken_store.destination} does not answer s3:PutObject: Read timeout",
            "The artifact store did not answer within 3.5 s.",
        )
    )


def test_everything_down_is_told_at_once(check: Check) -> None:
    closed = str(processes.free_port())
    result = check.run(PORT=closed, DATABASE_PORT=closed, AWS_ENDPOINT_URL=f"http://127.0.0.1:{closed}")
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 3


def test_a_successful_probe_stands_for_a_while(check: Check, artifact_store: ArtifactStore) -> None:
    """So a check every few seconds does not write to the bucket every few seconds."""
    down = f"http://127.0.0.1:{processes.free_port()}"
    assert check.run(PROBE_SECONDS="300").returncode == 0
    assert check.run(PROBE_SECONDS="300", AWS_ENDPOINT_URL=down).returncode == 0
    assert "does not answer s3:PutObject" in check.problem(PROBE_SECONDS="0", AWS_ENDPOINT_URL=down)
    # Of that store only.
    other = f"s3://{artifact_store.bucket}/other"
    assert other in check.problem(PROBE_SECONDS="300", AWS_ENDPOINT_URL=down, ARTIFACTS_DESTINATION=other)


def test_a_failed_probe_is_not_remembered(check: Check) -> None:
    assert check.problem(AWS_ENDPOINT_URL=f"http://127.0.0.1:{processes.free_port()}")
    assert check.run().returncode == 0


def test_wrong_settings_are_named(check: Check) -> None:
    assert check.problem(KEEP_ALIVE_SECONDS="soon").startswith("KEEP_ALIVE_SECONDS is wrong: ")


def test_a_check_that_never_ends_is_left_behind() -> None:
    """Whatever hangs, and however: the others are still told, in time."""

    def refuses() -> None:
        raise ServerError("It refuses.")

    started = time.monotonic()
    problems = failed({"first": lambda: time.sleep(5), "second": refuses, "third": lambda: None}, seconds=0.2)
    assert time.monotonic() - started < 4
    assert problems == ["The first did not answer within 0.2 s.", "It refuses."]
