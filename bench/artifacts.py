"""Artifacts through MLflow and through the gateway's direct lane: throughput, time to first byte, memory.

Both lanes talk to the same stand-in for S3, which throws away what it gets and makes up what it gives: moto would be
the bottleneck (it moves some 100 MiB/s). Everything is measured in one run, in turn, and compared as a ratio: machines
are shared and noisy. The client, the lane and the stand-in are processes of their own.
"""

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.repository import ROOT
from infra.tool_environment import service_environment

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
BUCKET = "bench-artifacts"
_MIB = 2**20
_BLOCK = bytes(_MIB)
_HOST = "127.0.0.1"
_COLUMNS = ("up", "down", "answer", "first_byte", "memory")
_FIRST_BYTE_SECONDS, _TIMES_FASTER, _MEMORY_MIB = 0.1, 3.0, 64.0


@dataclass(frozen=True)
class Measured:
    """One upload and one download.

    Args:
        up: MiB a second.
        down: MiB a second.
        answer: seconds from the last byte of an upload to the first one of its answer.
        first_byte: seconds from the request of a download to the first byte of its body.
        memory: growth of the peak of the lane's processes, MiB.
    """

    up: float
    down: float
    answer: float
    first_byte: float
    memory: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each lane; the median counts")
    parser.add_argument("--large", action="store_true", help="also 1 GiB")
    parser.add_argument("--pace", type=float, default=0, help="MiB/s that the stand-in gives to one GET; AWS gives ~90")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as parts:
        store, _ = parts.enter_context(_served("store", {}, str(arguments.pace)))
        environment = _environment(store, folder)
        lanes = {
            "MLflow": parts.enter_context(_mlflow(environment, folder)),
            "direct": parts.enter_context(_served("lane", environment)),
        }
        good = [_compared(size, lanes, arguments.runs) for size in (256, *([1024] if arguments.large else []))]
    sys.exit(0 if all(good) else 1)


def _compared(size: int, lanes: Mapping[str, tuple[int, int]], runs: int) -> bool:
    measured: dict[str, list[Measured]] = {name: [] for name in lanes}
    for run in range(runs + 1):
        for name, (port, pid) in lanes.items():
            result = _measure(port, pid, size)
            if run or runs == 0:  # the first of each warms up
                measured[name].append(result)
    heads = f"{'up MiB/s':>14}{'answer':>10}{'down MiB/s':>12}{'first byte':>12}{'memory':>12}"
    print(f"\n{size} MiB, median of {runs}{heads}")
    medians = {}
    for name, results in measured.items():
        of = {f: statistics.median(getattr(r, f) for r in results) for f in _COLUMNS}
        medians[name] = Measured(**of)
        print(f"{name:22}{of['up']:14.0f}{of['answer'] * 1000:7.0f} ms{of['down']:12.0f}", end="")
        print(f"{of['first_byte'] * 1000:9.0f} ms{of['memory']:8.0f} MiB")
    direct, mlflow = medians["direct"], medians["MLflow"]
    up, down = direct.up / mlflow.up, direct.down / mlflow.down
    first = mlflow.first_byte / direct.first_byte
    print(f"{'direct / MLflow':22}{up:12.1f} x{down:20.1f} x{first:10.0f} x   (at least {_TIMES_FASTER:g} x)")
    faster = min(up, down) >= _TIMES_FASTER and direct.first_byte < _FIRST_BYTE_SECONDS
    return faster and direct.memory < _MEMORY_MIB


def _measure(port: int, pid: int, size: int) -> Measured:
    target = f"{ROUTE}/9/bench/{size}.bin"
    before = _peak(pid, reset=True)
    started = time.monotonic()
    with socket.create_connection((_HOST, port)) as connection:
        head = f"PUT {target} HTTP/1.1\r\nHost: {_HOST}:{port}\r\nContent-Length: {size * _MIB}\r\n\r\n"
        connection.sendall(head.encode())
        for _ in range(size):
            connection.sendall(_BLOCK)
        sent = time.monotonic()
        _expect_200(connection.recv(65536))
        answer = time.monotonic() - sent
    up = size / (time.monotonic() - started)
    started = time.monotonic()
    with socket.create_connection((_HOST, port)) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: {_HOST}:{port}\r\nConnection: close\r\n\r\n".encode())
        buffer, received = bytearray(_MIB), b""
        while not received.partition(b"\r\n\r\n")[2]:
            received += connection.recv(65536)
        _expect_200(received)
        first_byte = time.monotonic() - started
        count = len(received)
        while more := connection.recv_into(buffer):
            count += more
    down = size / (time.monotonic() - started)
    if count < size * _MIB:
        raise SystemExit(f"the download of {size} MiB ended after {count} bytes")
    return Measured(up, down, answer, first_byte, _peak(pid) - before)


def _expect_200(answer: bytes) -> None:
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"unexpected answer: {answer[:500]!r}")


def _peak(leader: int, *, reset: bool = False) -> float:
    """Peak memory of the processes of a session, MiB; with `reset`, what they have now, and peaks count from here."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getsid(int(folder.name)) != leader:
                continue
            if reset:
                (folder / "clear_refs").write_text("5")
            total += next(
                int(line.split()[1]) for line in (folder / "status").read_text().splitlines() if "VmHWM" in line
            )
        except (OSError, StopIteration):  # it has just ended
            continue
    return total / 1024


def _environment(store: int, folder: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": folder,
        "TMPDIR": folder,
        "ARTIFACTS_DESTINATION": f"s3://{BUCKET}/artifacts",
        "AWS_ENDPOINT_URL": f"http://{_HOST}:{store}",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


@contextmanager
def _mlflow(environment: Mapping[str, str], folder: str) -> Iterator[tuple[int, int]]:
    python = service_environment("mlflow")
    port = _free_port()
    command = [str(python), "-m", "mlflow", "server", "--host", _HOST, "--port", str(port), "--workers", "1"]
    command += ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    command += ["--artifacts-destination", environment["ARTIFACTS_DESTINATION"]]
    with _running(command, environment, port) as pid:
        yield port, pid


@contextmanager
def _served(what: str, environment: Mapping[str, str], *more: str) -> Iterator[tuple[int, int]]:
    port = _free_port()
    # -P: this folder is not where `import gateway` shall look.
    command = [sys.executable, "-P", str(ROOT / "bench/artifact_servers.py"), what, str(port), *more]
    with _running(command, {**environment, "PYTHONPATH": str(ROOT / "services/gateway")}, port) as pid:
        yield port, pid


@contextmanager
def _running(command: list[str], environment: Mapping[str, str], port: int) -> Iterator[int]:
    """A program in a session of its own, from when it listens; its process id."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=dict(environment), stdout=log, stderr=log, start_new_session=True)
        try:
            deadline = time.monotonic() + 60
            while process.poll() is None and time.monotonic() < deadline:
                try:
                    socket.create_connection((_HOST, port)).close()
                    break
                except OSError:
                    time.sleep(0.1)
            else:
                log.seek(0)
                raise SystemExit(f"{command[:4]} does not listen:\n{log.read().decode()[-2000:]}")
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
