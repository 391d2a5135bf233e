"""The entrypoint becoming the real server: what it waits for, refuses, hides, and how it ends."""

import http.client
import json
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.preflight.parts import processes
from infra.preflight.parts.certificates import write_certificates
from infra.preflight.parts.postgres import HOST, UNNAMED_HOST, Database, Postgres
from tests.services.parts.doorway import doorway
from tests.services.parts.mlflow_service import (
    MlflowService,
    container_environment,
    launch,
    run_command,
    running_mlflow,
)
from tests.services.parts.object_store import ArtifactStore


@pytest.fixture
def container(migrated_database: Database, artifact_store: ArtifactStore, tmp_path: Path) -> dict[str, str]:
    """The environment of a container that could start."""
    return container_environment(migrated_database, artifact_store, tmp_path / "scratch", "127.0.0.1", 5000)


@pytest.fixture
def broken_store(artifact_store: ArtifactStore) -> Iterator[ArtifactStore]:
    """A copy of the store that a test may break."""
    store = artifact_store.fork()
    yield store
    store.account.stop()


def refusal(environment: Mapping[str, str], waited: bool = False) -> str:
    """The one line with which `serve` ends."""
    result = run_command("serve", environment, seconds=30)
    assert result.returncode == 1
    assert result.stdout == ""
    lines = [line for line in result.stderr.splitlines() if not (waited and "waiting for the schema" in line)]
    assert len(lines) == 1, lines
    return lines[0].removeprefix("mlflow-server: ERROR ")


# --- what it refuses to start with


def test_settings_are_checked_first(container: dict[str, str]) -> None:
    result = run_command("serve", {**container, "PORT": "http", "ALLOWED_HOSTS": ""})
    assert result.returncode == 1
    assert [line.split()[2] for line in result.stderr.splitlines()] == ["PORT", "ALLOWED_HOSTS"]


def test_no_schema_in_time(container: dict[str, str], postgres: Postgres) -> None:
    """The role exists from another migration; this database has seen none."""
    database = postgres.new_database()
    line = refusal({**container, **database.environment(), "SCHEMA_WAIT_SECONDS": "1"}, waited=True)
    assert line == (
        f"The database {database.name} on 127.0.0.1:{postgres.port} has no MLflow schema. "
        "Waited 1 s (SCHEMA_WAIT_SECONDS). Run the migration task, then start again."
    )
    assert database.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [["0"]], (
        "a server never migrates"
    )


def test_an_older_schema(container: dict[str, str], postgres: Postgres, migrated_database: Database) -> None:
    database = postgres.new_database(like=migrated_database)
    database.sql("UPDATE alembic_version SET version_num = '451aebb31d03'")  # of MLflow 1.x
    line = refusal({**container, **database.environment(), "SCHEMA_WAIT_SECONDS": "0"})
    assert "has schema 451aebb31d03, MLflow 3.17.2 needs " in line


def test_a_newer_schema_is_refused_at_once(
    container: dict[str, str], postgres: Postgres, migrated_database: Database
) -> None:
    database = postgres.new_database(like=migrated_database)
    database.sql("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    line = refusal({**container, **database.environment(), "SCHEMA_WAIT_SECONDS": "60"})
    assert line.endswith("a newer release migrated it. Run that release's image.")


def test_no_database(container: dict[str, str]) -> None:
    line = refusal({**container, "DATABASE_PORT": str(processes.free_port()), "SCHEMA_WAIT_SECONDS": "0"})
    assert "Connection refused" in line


def test_a_wrong_password(container: dict[str, str]) -> None:
    line = refusal({**container, "DATABASE_PASSWORD": "not-this-one", "SCHEMA_WAIT_SECONDS": "0"})
    assert 'password authentication failed for user "mlflow"' in line
    assert "not-this-one" not in line


def test_a_database_with_another_name_in_its_certificate(container: dict[str, str]) -> None:
    line = refusal({**container, "DATABASE_HOST": UNNAMED_HOST, "SCHEMA_WAIT_SECONDS": "0"})
    assert f'server certificate for "127.0.0.1" does not match host name "{UNNAMED_HOST}"' in line


def test_a_database_of_another_authority(container: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "other"
    folder.mkdir()
    write_certificates(folder, HOST)
    line = refusal({**container, "DATABASE_CA_FILE": str(folder / "ca.pem"), "SCHEMA_WAIT_SECONDS": "0"})
    assert "certificate verify failed" in line


@pytest.mark.parametrize("action", ["s3:PutObject", "s3:GetObject", "s3:DeleteObject"])
def test_a_missing_permission(container: dict[str, str], broken_store: ArtifactStore, action: str) -> None:
    broken_store.deny(action)
    line = refusal({**container, **broken_store.environment()})
    assert f"the task role needs {action} on arn:aws:s3:::{broken_store.bucket}/artifacts/*." in line


def test_no_bucket(container: dict[str, str], broken_store: ArtifactStore) -> None:
    broken_store.delete_bucket()
    assert refusal({**container, **broken_store.environment()}).startswith("The artifact bucket ")


def test_no_credentials(container: dict[str, str]) -> None:
    without = {
        name: value for name, value in container.items() if name not in {"AWS_ACCESS_KEY_ID", "AWS_SESSION_TOKEN"}
    }
    assert "Unable to locate credentials" in refusal({**without, "AWS_SECRET_ACCESS_KEY": ""})


# --- what it is when it runs


def test_uploads_and_downloads_go_through_it(mlflow_service: MlflowService, artifact_store: ArtifactStore) -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/1/run/artifacts/a%20b+c.bin"
    content = bytes(range(256)) * 4096
    assert mlflow_service.request("PUT", path, content, {"Content-Length": str(len(content))})[0] == 200
    assert mlflow_service.get(path) == (200, content)
    assert "artifacts/1/run/artifacts/a b+c.bin" in artifact_store.object_keys()
    listing = mlflow_service.get("/api/2.0/mlflow-artifacts/artifacts?path=1/run/artifacts")
    assert json.loads(listing[1])["files"][0]["path"] == "a b+c.bin"


def test_new_experiments_keep_their_artifacts_behind_the_server(mlflow_service: MlflowService) -> None:
    """With an s3:// root, clients would need AWS credentials of their own."""
    body = json.dumps({"name": "roots"}).encode()
    headers = {"Content-Type": "application/json"}
    created = mlflow_service.request("POST", "/api/2.0/mlflow/experiments/create", body, headers)
    number = json.loads(created[1])["experiment_id"]
    experiment = mlflow_service.get(f"/api/2.0/mlflow/experiments/get?experiment_id={number}")
    assert json.loads(experiment[1])["experiment"]["artifact_location"] == f"mlflow-artifacts:/{number}"


def test_the_database_is_spoken_to_over_tls_only(mlflow_service: MlflowService, postgres: Postgres) -> None:
    assert mlflow_service.get("/api/2.0/mlflow/experiments/get?experiment_id=0")[0] == 200
    database = Database(postgres, mlflow_service.environment["DATABASE_NAME"])
    assert postgres.tls_versions(database) == {"TLSv1.3"}


def test_only_allowed_hosts_are_answered(mlflow_service: MlflowService) -> None:
    path = "/api/2.0/mlflow/experiments/get?experiment_id=0"
    assert mlflow_service.get(path, {"Host": f"127.0.0.1:{mlflow_service.port}"})[0] == 200
    for host in ("127.0.0.1", "localhost", f"localhost:{mlflow_service.port}", "registry.hokus.ai"):
        assert mlflow_service.get(path, {"Host": host})[0] == 403


def test_no_password_is_seen_from_outside(mlflow_service: MlflowService, postgres: Postgres) -> None:
    commands = mlflow_service.processes()
    assert " ".join(commands.values()).count("uvicorn") >= 1
    secrets = (postgres.application_password, mlflow_service.environment["AWS_SECRET_ACCESS_KEY"])
    for text in (*commands.values(), mlflow_service.log, postgres.log.read_text(errors="replace")):
        for secret in secrets:
            assert secret not in text


def test_it_is_the_containers_process_without_job_runner(mlflow_service: MlflowService) -> None:
    """The entrypoint was replaced: by a small process that passes the signals of the container runtime on."""
    commands = mlflow_service.processes()
    assert " -m mlflow_server.lingering 0 " in commands[mlflow_service.process.pid]
    assert not [command for command in commands.values() if "huey" in command or "job" in command]
    assert len(commands) == 3, commands  # it, `mlflow server`, and uvicorn with its one worker


@pytest.mark.long
def test_three_servers_at_once_after_one_migration(
    postgres: Postgres, migrated_database: Database, artifact_store: ArtifactStore, tmp_path: Path
) -> None:
    """Without the migration two of three end with UniqueViolation."""
    database = postgres.new_database(like=migrated_database)
    with ExitStack() as stack:
        services = []
        for number in range(3):
            folder = tmp_path / str(number)
            folder.mkdir()
            port = processes.free_port()
            environment = container_environment(database, artifact_store, folder / "scratch", "127.0.0.1", port)
            services.append(launch(environment, folder / "log"))
            stack.callback(services[-1].stop)
        for service in services:
            service.wait_until_healthy()


def test_a_server_from_start_to_end(
    postgres: Postgres, migrated_database: Database, artifact_store: ArtifactStore, tmp_path: Path
) -> None:
    """It waits for the migration, serves as it was told to, lingers after SIGTERM, and lets a running request end."""
    database = postgres.new_database(like=migrated_database)
    database.sql("UPDATE alembic_version SET version_num = '451aebb31d03'")
    settings = {"SCHEMA_WAIT_SECONDS": "60", "WORKERS": "2", "KEEP_ALIVE_SECONDS": "1", "LINGER_SECONDS": "2"}
    environment = container_environment(database, artifact_store, tmp_path, "127.0.0.1", processes.free_port())
    service = launch({**environment, **settings}, tmp_path / "log")
    try:
        deadline = time.monotonic() + 20
        while "waiting for the schema: The database" not in service.log:
            assert time.monotonic() < deadline, service.log
            time.sleep(0.05)
        [[head]] = migrated_database.sql("SELECT version_num FROM alembic_version")
        database.sql(f"UPDATE alembic_version SET version_num = '{head}'")  # noqa: S608 - of MLflow
        service.wait_until_healthy()
        _runs_as_told(service)
        _no_answer_waits_for_an_acknowledgement(service)
        _a_running_request_ends_after_sigterm(service)
    finally:
        service.stop()
    assert service.processes() == {}
    assert "artifacts/slow.bin" in artifact_store.object_keys()
    with pytest.raises(ConnectionRefusedError):
        service.get("/health")


def _runs_as_told(service: MlflowService) -> None:
    assert " ".join(service.processes().values()).count("--workers 2") == 3  # for MLflow, twice, and for uvicorn
    without_store = {**service.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{processes.free_port()}"}
    first = run_command("health", without_store)
    for _ in range(3):  # a busy machine may answer later than a container's health check waits
        first = run_command("health", without_store) if "timed out" in first.stderr else first
    assert first.returncode == 0, f"the probe at the start stands for the first checks: {first.stderr}"
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=10)
    connection.request("GET", "/health")
    connection.getresponse().read()
    idle_since = time.monotonic()
    assert connection.sock.recv(1) == b""
    assert 0.5 < time.monotonic() - idle_since < 15, "KEEP_ALIVE_SECONDS is 1"


def _no_answer_waits_for_an_acknowledgement(service: MlflowService) -> None:
    """Head and body come in two segments. With Nagle's algorithm the second one waits until the first is acknowledged,
    which Linux delays for at least 40 ms (TCP_DELACK_MIN): however quick the machine, and however busy without it."""
    gaps = []
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as connection:
        for _ in range(30):  # the first ones of a connection are acknowledged at once
            connection.sendall(f"GET /health HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\n\r\n".encode())
            answer = connection.recv(4096)
            began = time.monotonic()
            while not answer.endswith(b"OK"):
                answer += connection.recv(4096)
            gaps.append(time.monotonic() - began)
    assert min(gaps[20:]) < 0.03, gaps


def _a_running_request_ends_after_sigterm(service: MlflowService) -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/slow.bin"
    head = f"PUT {path} HTTP/1.1\r\nHost: 127.0.0.1:{service.port}\r\nContent-Length: 8\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port), timeout=30) as upload:
        upload.sendall(head.encode() + b"1234")
        time.sleep(0.3)  # until a worker has read the first half
        service.process.terminate()
        assert service.get("/health")[0] == 200, "it lingers"
        time.sleep(2.5)  # until SIGTERM has arrived at MLflow
        upload.sendall(b"5678")
        assert upload.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert service.process.wait(20) == 0


# --- when the store fails under it


def test_store_closed_silent_slow_and_back(
    postgres: Postgres, migrated_database: Database, artifact_store: ArtifactStore, tmp_path: Path
) -> None:
    database = postgres.new_database(like=migrated_database)
    path = "/api/2.0/mlflow-artifacts/artifacts/through-the-doorway.bin"
    with (
        doorway("127.0.0.1", artifact_store.account.port, bytes_per_second=40_000) as way,
        running_mlflow(database, artifact_store, tmp_path, {"AWS_ENDPOINT_URL": way.url}) as service,
    ):
        content = b"x" * 20_000
        assert service.request("PUT", path, content)[0] == 200
        way.set("slow")
        started = time.monotonic()
        assert service.get(path) == (200, content)
        assert time.monotonic() - started > 0.4
        way.set("closed")
        assert run_command("health", {**service.environment, "PROBE_SECONDS": "0"}).returncode == 1
        way.set("silent")
        assert run_command("health", {**service.environment, "PROBE_SECONDS": "0"}).returncode == 1
        way.set("open")
        assert run_command("health", {**service.environment, "PROBE_SECONDS": "0"}).returncode == 0
        assert service.get(path) == (200, content)
