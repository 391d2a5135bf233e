"""The real MLflow server, started by its real entrypoint from the environment that its lock file describes."""

import http.client
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.preflight.parts import processes
from infra.preflight.parts.postgres import Database
from infra.repository import ROOT
from infra.tool_environment import service_environment
from tests.services.parts.object_store import ArtifactStore

# A hang ends here; a busy machine does not.
START_SECONDS = 300.0
_PACKAGE = ROOT / "services" / "mlflow"
# What a container has besides what the stack gives it, and nothing of the person who runs the tests.
_KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH")


@dataclass
class MlflowService:
    """A running server.

    Args:
        process: it.
        host: address that it listens on.
        port: TCP port.
        environment: as it was started.
        log_file: what it printed.
    """

    process: "subprocess.Popen[bytes]"
    host: str
    port: int
    environment: Mapping[str, str]
    log_file: Path

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self.log_file.read_text(errors="replace")

    def wait_until_healthy(self, seconds: float = START_SECONDS) -> None:
        """Wait until it answers /health.

        Raises:
            RuntimeError: it ended, or did not answer in time; with its log.
        """
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise RuntimeError(f"mlflow-server ended with {self.process.returncode}:\n{self.log}")
            try:
                status = self.get("/health")[0]
            except OSError:
                status = None
            if status == http.client.OK:
                return
            if time.monotonic() > deadline:
                raise RuntimeError(f"mlflow-server is not healthy after {seconds:.0f} s:\n{self.log}")
            time.sleep(0.05)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
        """Status and body of a GET."""
        return self.request("GET", path, None, headers)

    def request(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Status and body of a request on a connection of its own."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def processes(self) -> dict[int, str]:
        """Command lines of its processes, as `ps` shows them to everybody. What has ended has none."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            pid = int(folder.name)
            try:
                if os.getsid(pid) == self.process.pid:
                    found[pid] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:  # it has just ended
                continue
        return {pid: command for pid, command in found.items() if command}

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; its exit code."""
        return processes.stop(self.process, seconds)


def container_environment(
    database: Database, store: ArtifactStore, scratch: Path, host: str, port: int
) -> dict[str, str]:
    """What the stack gives to the container, for these parts."""
    scratch.mkdir(parents=True, exist_ok=True)
    return {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        **database.environment(),
        **store.environment(),
        "ENVIRONMENT": "test",
        "PORT": str(port),
        "HOST": host,
        "ALLOWED_HOSTS": f"{host}:{port}",
        "KEEP_ALIVE_SECONDS": "90",
        "WORKERS": "1",
        "HOME": str(scratch),
        "PYTHONPATH": str(_PACKAGE),
        "TMPDIR": str(scratch),
        "SCHEMA_WAIT_SECONDS": "5",
        "LINGER_SECONDS": "0",
    }


def run_command(
    command: str, environment: Mapping[str, str], seconds: float = 300.0
) -> "subprocess.CompletedProcess[str]":
    """`mlflow-server <command>`, to its end."""
    return subprocess.run(
        [str(service_environment("mlflow")), "-m", "mlflow_server", command],
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def launch(environment: Mapping[str, str], log_file: Path) -> MlflowService:
    """`mlflow-server serve`, without waiting for it."""
    process = processes.start(
        [str(service_environment("mlflow")), "-m", "mlflow_server", "serve"], log_file, environment
    )
    return MlflowService(process, environment["HOST"], int(environment["PORT"]), environment, log_file)


@contextmanager
def running_mlflow(  # a test's own server; the session has one too
    database: Database,
    store: ArtifactStore,
    folder: Path,
    overrides: Mapping[str, str | None] | None = None,
    host: str = "127.0.0.1",
) -> Iterator[MlflowService]:
    """A server with some settings changed, healthy; stopped at the end.

    Args:
        database: with the schema.
        store: artifact store.
        folder: for its log and scratch files.
        overrides: settings by name; None removes one.
        host: loopback address to listen on; the port is a free one.
    """
    environment = container_environment(database, store, folder / "scratch", host, processes.free_port(host))
    for name, value in (overrides or {}).items():
        if value is None:
            environment.pop(name, None)
        else:
            environment[name] = value
    service = launch(environment, folder / "mlflow.log")
    try:
        service.wait_until_healthy()
        yield service
    finally:
        service.stop()
