"""The real gateway, started by its real command from the environment that its lock file describes."""

import http.client
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.preflight.parts import processes
from infra.repository import ROOT
from infra.tool_environment import service_environment

_PACKAGE = ROOT / "services" / "gateway"
# A hang ends here; a busy machine does not.
_START_SECONDS = 120.0
# Quick enough for tests; what a test is about it sets itself.
_TEST_SETTINGS = {
    "ENVIRONMENT": "test",
    "PUBLIC_HOST": "registry.test",
    "LISTEN_ADDRESS": "127.0.0.1",
    "PORT": "0",
    "WORKERS": "1",
    "KEEP_ALIVE_SECONDS": "30",
    "HEALTH_CACHE_SECONDS": "0",
    "METRICS_SECONDS": "0.2",
    "DRAIN_SECONDS": "10",
}


@dataclass(frozen=True)
class Answer:
    """What a client got.

    Args:
        status: HTTP status.
        headers: by name in lower case.
        body: all of it.
        seconds: how long it took.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass
class GatewayService:
    """A running gateway.

    Args:
        process: its parent process.
        port: TCP port.
        environment: as it was started.
        log_file: what it printed.
        key: API key that `request` sends, or None.
    """

    process: "subprocess.Popen[bytes]"
    port: int
    environment: Mapping[str, str]
    log_file: Path
    key: str | None = None

    host = "127.0.0.1"

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end."""
        return f"http://{self.host}:{self.port}"

    @property
    def tracking_uri(self) -> str:
        """MLFLOW_TRACKING_URI of a client."""
        return f"{self.url}/api/mlflow"

    @property
    def log(self) -> str:
        """What it printed so far."""
        return self.log_file.read_text(errors="replace")

    def records(self, kind: str) -> list[dict[str, Any]]:
        """What it printed of a kind: `access`, `audit`, `fault`; `metrics` for the embedded metrics."""
        found = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        if kind == "metrics":
            return [record for record in found if "_aws" in record]
        return [record for record in found if record.get("kind") == kind]

    def wait_for_record(self, kind: str, seconds: float = 30.0, **wanted: Any) -> dict[str, Any]:
        """The first line of a kind with these values; lines are written a moment after the answer.

        Raises:
            AssertionError: there is none in time; with the log.
        """
        deadline = time.monotonic() + seconds
        while True:
            for record in self.records(kind):
                if all(record.get(name) == value for name, value in wanted.items()):
                    return record
            if time.monotonic() > deadline:
                raise AssertionError(f"no {kind} line with {wanted} in:\n{self.log}")
            time.sleep(0.02)

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        *,
        key: str | None = None,
        seconds: float = 60.0,
    ) -> Answer:
        """A request on a connection of its own.

        Args:
            method: HTTP method.
            path: request target as it goes on the wire.
            body: bytes, an iterable of bytes (sent chunked), or a value sent as JSON.
            headers: more headers.
            key: API key instead of the service's own; "" for none.
            seconds: time limit.
        """
        sent = dict(headers or {})
        token = self.key if key is None else key
        if token:
            sent.setdefault("Authorization", f"Bearer {token}")
        if isinstance(body, dict):
            body = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.host, self.port, timeout=seconds)
        begun = time.monotonic()
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            received = answer.read()
            names = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, names, received, time.monotonic() - begun)
        finally:
            connection.close()

    def pids(self) -> list[int]:
        """Its processes, the parent first."""
        found = [self.process.pid]
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getsid(int(folder.name)) == self.process.pid and int(folder.name) != self.process.pid:
                    found.append(int(folder.name))
            except OSError:  # it has just ended
                continue
        return found

    def stop(self, seconds: float = 60.0) -> int:
        """SIGTERM; its exit code."""
        return processes.stop(self.process, seconds)


def gateway_environment(mlflow_url: str, auth_url: str, **settings: str) -> dict[str, str]:
    """The gateway's environment as a container has it, with times for tests; `settings` are its variables.

    AWS variables of the person who runs the tests are not passed on.
    """
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LD_LIBRARY_PATH") if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": str(_PACKAGE),
        **_TEST_SETTINGS,
        "MLFLOW_SERVER_URL": mlflow_url,
        "AUTH_SERVICE_URL": auth_url,
        **settings,
    }


@contextmanager
def running_gateway(
    mlflow_url: str, auth_url: str, folder: Path, *, key: str | None = None, **settings: str
) -> Iterator[GatewayService]:
    """A gateway that answers.

    Args:
        mlflow_url: MLFLOW_SERVER_URL.
        auth_url: AUTH_SERVICE_URL.
        folder: where its output goes.
        key: API key that `request` sends.
        settings: more variables, by their names.

    Raises:
        RuntimeError: it ended at once, or did not start; with its output.
    """
    environment = gateway_environment(mlflow_url, auth_url, **settings)
    log = folder / "gateway.log"
    command = [str(service_environment("gateway")), "-m", "gateway", "serve"]
    process = processes.start(command, log, environment)
    try:
        service = GatewayService(process, _port(process, log), environment, log, key)
        processes.wait_for_port(service.host, service.port)
        _wait_until_alive(service)
        yield service
    finally:
        processes.stop(process, 60)


def _port(process: "subprocess.Popen[bytes]", log: Path) -> int:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        for line in log.read_text(errors="replace").splitlines():
            if '"kind": "start"' in line:
                return int(json.loads(line)["port"])
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the gateway did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.02)


def _wait_until_alive(service: GatewayService) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if service.request("GET", "/health", key="", seconds=2).status == 200:
                return
        except OSError:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the gateway does not answer:\n{service.log}") from None
        time.sleep(0.02)
