"""What `mlflow server` is started with, and how much of the task it takes."""

import json
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_server.database import store_uri
from mlflow_server.errors import ServerError
from mlflow_server.serve import server_command, server_environment
from mlflow_server.settings import ArtifactStore, Database, Secret, ServeSettings
from mlflow_server.sizing import Sizing, TaskSize, sizing, task_size

SETTINGS = ServeSettings(
    environment="staging",
    host="127.0.0.1",
    port=5000,
    database=Database("db.local", 5432, "mlflow", "mlflow", Secret("pass word"), Path("/etc/ssl/rds/ca file.pem")),
    artifacts=ArtifactStore("bucket", "artifacts"),
    allowed_hosts=("a.local:5000", "b.local:5000"),
    keep_alive_seconds=90,
    workers=None,
    job_runner=False,
    schema_wait_seconds=90,
    linger_seconds=15,
    drain_seconds=110,
    probe_seconds=300,
    scratch=Path("/scratch"),
)


def test_command_line() -> None:
    command = " ".join(server_command(SETTINGS, Sizing(2, 5, 5))[1:])
    assert command == (
        f"-m mlflow_server.lingering 15 {sys.executable} "
        "-m mlflow_server.mlflow_command server --host 127.0.0.1 --port 5000 --workers 2 --serve-artifacts "
        "--artifacts-destination s3://bucket/artifacts --default-artifact-root mlflow-artifacts:/ "
        "--allowed-hosts a.local:5000,b.local:5000 "
        "--uvicorn-opts --loop mlflow_server.loop:new_event_loop --timeout-keep-alive 90 "
        "--timeout-graceful-shutdown 110 --no-access-log"
    )


def test_environment_has_the_store_in_mlflows_words_only() -> None:
    container = {"DATABASE_PASSWORD": "pass word", "DATABASE_HOST": "db.local", "AWS_REGION": "us-east-1"}
    environment = server_environment(container, SETTINGS, Sizing(2, pool_size=3, max_overflow=4))
    assert environment == {
        "AWS_REGION": "us-east-1",
        "MLFLOW_BACKEND_STORE_URI": (
            "postgresql+psycopg://mlflow:pass%20word@db.local:5432/mlflow"
            "?sslmode=verify-full&sslrootcert=/etc/ssl/rds/ca%20file.pem"
        ),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": "4",
        "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE": "1800",
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": "3",
        "TMPDIR": "/scratch",
    }


@given(password=st.text(st.characters(codec="utf-8"), min_size=1), file=st.text(alphabet="/ab c?&%#+", min_size=1))
def test_no_password_changes_the_rest_of_the_uri(password: str, file: str) -> None:
    database = Database("db.local", 5432, "mlflow", "mlflow", Secret(password), Path(file))
    parts = urlsplit(store_uri(database))
    assert (parts.scheme, parts.hostname, parts.port, parts.path) == ("postgresql+psycopg", "db.local", 5432, "/mlflow")
    assert unquote(parts.password or "") == password
    assert parse_qs(parts.query) == {"sslmode": ["verify-full"], "sslrootcert": [str(Path(file))]}


@pytest.mark.parametrize(
    ("cpus", "memory", "workers", "expected"),
    [
        (0.5, 2048, None, Sizing(2, 1, 3)),  # development
        (1, 4096, None, Sizing(2, 2, 2)),  # staging
        (2, 8192, None, Sizing(2, 4, 4)),  # production
        (8, 32768, None, Sizing(8, 4, 4)),
        (8, 2048, None, Sizing(4, 4, 4)),  # memory decides
        (1, 512, None, Sizing(1, 4, 4)),
        (0.25, 256, None, Sizing(1, 1, 3)),
        (2, 8192, 6, Sizing(6, 1, 3)),  # said outright
    ],
)
def test_workers_and_pools_follow_the_task(cpus: float, memory: int, workers: int | None, expected: Sizing) -> None:
    assert sizing(TaskSize(cpus, memory), workers) == expected


def test_size_from_the_control_group(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    (tmp_path / "memory.max").write_text(f"{3 << 30}\n")
    assert task_size({}, tmp_path) == TaskSize(1.5, 3072)


def test_size_of_the_machine_without_limits(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    size = task_size({}, tmp_path)
    assert size == task_size({}, tmp_path / "no-control-group")
    assert size.cpus >= 1
    assert size.memory_mib > 256


class _Metadata(BaseHTTPRequestHandler):
    """The ECS metadata endpoint, version 4."""

    def do_GET(self) -> None:
        known = {"/v4/good/task": {"Limits": {"CPU": 0.5, "Memory": 2048}}, "/v4/bad/task": {"Cluster": "hokusai"}}
        self.send_response(200 if self.path in known else 404)
        self.end_headers()
        self.wfile.write(json.dumps(known.get(self.path)).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Nothing: the test says what went wrong."""


@pytest.fixture
def metadata() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Metadata)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v4"
    server.shutdown()
    thread.join()
    server.server_close()


def test_size_from_ecs_wins_over_the_control_group(metadata: str, tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("400000 100000\n")
    assert task_size({"ECS_CONTAINER_METADATA_URI_V4": f"{metadata}/good"}, tmp_path) == TaskSize(0.5, 2048)


@pytest.mark.parametrize("container", ["bad", "unknown"])
def test_no_size_from_ecs_is_an_error(metadata: str, container: str) -> None:
    with pytest.raises(ServerError, match="does not tell the task's size"):
        task_size({"ECS_CONTAINER_METADATA_URI_V4": f"{metadata}/{container}"})
