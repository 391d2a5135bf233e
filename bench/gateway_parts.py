"""What bench/gateway.py measures with: the neighbours of the gateway, and a load."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.preflight.parts import processes
from infra.tool_environment import service_environment
from tests.services.parts import instant_upstream

KEY = "bench-key"
_NGINX = """
worker_processes {workers}; daemon off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; keepalive_requests 100000000; client_max_body_size 0;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; access_log {access_log}; location / {{
    proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host 127.0.0.1:{upstream}; proxy_request_buffering off;
    proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0; }} }}
}}
"""


@dataclass(frozen=True)
class Target:
    """A server under load.

    Args:
        port: TCP port on loopback.
        pids: its processes that answer.
    """

    port: int
    pids: tuple[int, ...]


@dataclass(frozen=True)
class Load:
    """What `wrk` saw: requests a second, milliseconds; and microseconds of the server's processor a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def load(target: Target, path: str, connections: int, seconds: int) -> Load:
    """Ask one thing again and again on kept connections.

    Args:
        target: whom.
        path: request target of a GET.
        connections: how many at a time.
        seconds: for how long.
    """
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {KEY}"]
    before = _cpu_seconds(target)
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{target.port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"ERROR the load failed:\n{output}")
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", output)
    (count,) = re.findall(r"(\d+) requests in", output)
    if count == "0":
        sys.exit(f"ERROR nothing was answered within {seconds} s: the machine is too busy, or --seconds too short")
    shares = dict(re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", output))
    cpu = (_cpu_seconds(target) - before) / int(count) * 1e6
    return Load(float(rate), _milliseconds(shares["50"]), _milliseconds(shares["99"]), cpu)


def _cpu_seconds(target: Target) -> float:
    ticks = 0
    for pid in target.pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


@contextlib.contextmanager
def upstream() -> Iterator[Target]:
    """A server that answers at once."""
    program = Path(instant_upstream.__file__)
    with subprocess.Popen(
        [str(service_environment("gateway")), str(program), "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield Target(int((process.stdout or sys.stdin).readline()), (process.pid,))
        finally:
            process.kill()


@contextlib.contextmanager
def nginx(behind: Target, *, access_log: bool = False, workers: int = 1) -> Iterator[Target]:
    """nginx as plain proxy, its buffers tuned.

    Args:
        behind: what it passes requests to.
        access_log: whether it writes a line for each request.
        workers: its processes.
    """
    port = processes.free_port()
    with tempfile.TemporaryDirectory() as folder:
        text = _NGINX.format(
            folder=folder,
            upstream=behind.port,
            port=port,
            workers=workers,
            access_log=f"{folder}/access.log" if access_log else "off",
        )
        file = Path(folder) / "nginx.conf"
        file.write_text(text)
        with subprocess.Popen(["nginx", "-c", str(file), "-p", folder]) as process:
            try:
                processes.wait_for_port("127.0.0.1", port)
                children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
                yield Target(port, tuple(map(int, children)))
            finally:
                process.terminate()


@contextlib.contextmanager
def mlflow() -> Iterator[Target]:
    """The real MLflow, one worker, SQLite."""
    python = service_environment("mlflow")
    port = processes.free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [str(python), "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
        command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
        command += ["--artifacts-destination", f"{folder}/artifacts"]
        environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }
        process = processes.start(command, Path(folder) / "mlflow.log", environment)
        try:
            processes.wait_for_port("127.0.0.1", port)
            target = Target(port, tuple(_session(process.pid)))
            load(target, "/health", 1, 5)  # its first answers load what it needs
            yield target
        finally:
            processes.stop(process)


def _session(leader: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has just ended
            if os.getsid(int(folder.name)) == leader:
                yield int(folder.name)
