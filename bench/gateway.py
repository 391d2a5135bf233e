"""What the gateway costs: against its upstream directly and against nginx as plain proxy, all in one run.

One worker each, keys cached, access log, audit trail and metrics on. Machines are shared and noisy, so rounds alternate
between the three and ratios count. Needs `nginx` and `wrk` (Debian packages of those names).
"""

import argparse
import contextlib
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from infra.preflight.parts import processes
from infra.preflight.parts.auth_double import running_auth
from tests.services.parts import instant_upstream
from tests.services.parts.gateway_service import gateway_python, running_gateway

KEY = "bench-key"
PATH = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=x"
LARGE = 1024 * 2**20
_NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi; keepalive_requests 100000000; client_max_body_size 0;
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 64; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port}; location / {{
    proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
    proxy_set_header Host 127.0.0.1:{upstream}; proxy_request_buffering off;
    proxy_buffers 16 64k; proxy_buffer_size 64k; proxy_busy_buffers_size 128k; proxy_max_temp_file_size 0; }} }}
}}
"""


@dataclass(frozen=True)
class Load:
    """What `wrk` saw: requests a second, milliseconds; and microseconds of the server's processor a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of load, a round and a target")
    arguments = parser.parse_args()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"ERROR {program} is not installed: apt-get install nginx-light wrk")
    with tempfile.TemporaryDirectory() as name, running_auth() as auth:
        folder = Path(name)
        auth.add(KEY)
        with (
            _upstream() as (upstream, upstream_pid),
            _nginx(folder, upstream) as (nginx, nginx_pid),
            running_gateway(f"http://127.0.0.1:{upstream}", auth.url, folder, key=KEY, METRICS_SECONDS="5") as gateway,
        ):
            ports = {"direct": upstream, "nginx": nginx, "gateway": gateway.port}
            pid = gateway.pids()[1]
            pids = {"direct": upstream_pid, "nginx": nginx_pid, "gateway": pid}
            for connections in (1, 16):
                _compare(ports, pids, connections, arguments.rounds, arguments.seconds)
            before = _memory_kib(pid)
            print(f"\n1 GiB body, one connection; the gateway's worker begins at {before / 1024:.0f} MiB")
            for direction, transfer in (("down", _download), ("up", _upload)):
                rates = {target: statistics.median(transfer(port) for _ in range(2)) for target, port in ports.items()}
                row = "".join(f"{target} {rate:6.0f} MiB/s   " for target, rate in rates.items())
                print(f"{direction:5}{row}gateway/nginx {rates['gateway'] / rates['nginx']:.2f}")
            print(f"memory growth {(_peak_kib(pid) - before) / 1024:.0f} MiB (at most 64)")


def _compare(ports: dict[str, int], pids: dict[str, int], connections: int, rounds: int, seconds: int) -> None:
    seen: dict[str, list[Load]] = {target: [] for target in ports}
    for _ in range(rounds):
        for target, port in ports.items():
            seen[target].append(_wrk(port, pids[target], connections, seconds))
    print(f"\n{connections:2} connections{'req/s':>12}{'p50 ms':>10}{'p99 ms':>10}{'CPU us':>9}{'req/s to nginx':>17}")
    for target, loads in seen.items():
        ratio = statistics.median(mine.rate / theirs.rate for mine, theirs in zip(loads, seen["nginx"], strict=True))
        rate, p50, p99, cpu = (
            statistics.median(getattr(load, name) for load in loads) for name in ("rate", "p50", "p99", "cpu")
        )
        print(f"{target:12}{rate:14.0f}{p50:10.3f}{p99:10.3f}{cpu:9.1f}{ratio:17.2f}")


def _wrk(port: int, pid: int, connections: int, seconds: int) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-H", f"Authorization: Bearer {KEY}"]
    before = _cpu_seconds(pid)
    output = subprocess.run(
        [*command, f"http://127.0.0.1:{port}{PATH}"], capture_output=True, text=True, check=True
    ).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit(f"ERROR the load failed:\n{output}")
    (rate,) = re.findall(r"Requests/sec:\s+([\d.]+)", output)
    (count,) = re.findall(r"(\d+) requests in", output)
    shares = dict(re.findall(r"(50|99)%\s+([\d.]+(?:us|ms|s))", output))
    cpu = (_cpu_seconds(pid) - before) / int(count) * 1e6
    return Load(float(rate), _milliseconds(shares["50"]), _milliseconds(shares["99"]), cpu)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _milliseconds(text: str) -> float:
    for unit, factor in (("us", 0.001), ("ms", 1.0), ("s", 1000.0)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(text)


def _download(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun = time.perf_counter()
    path = f"/api/2.0/mlflow-artifacts/artifacts/size/{LARGE}"
    connection.request("GET", path, headers={"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    buffer, received = bytearray(2**20), 0
    while count := answer.readinto(buffer):
        received += count
    if received != LARGE:
        sys.exit(f"ERROR {received} of {LARGE} bytes came")
    return LARGE / 2**20 / (time.perf_counter() - begun)


def _upload(port: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    block = bytes(2**20)
    begun = time.perf_counter()
    connection.request(
        "PUT",
        "/api/2.0/mlflow-artifacts/artifacts/large",
        (block for _ in range(LARGE // len(block))),
        {"Authorization": f"Bearer {KEY}", "Content-Length": str(LARGE)},
    )
    answer = connection.getresponse().read()
    if answer != b'{"received":%d}' % LARGE:
        sys.exit(f"ERROR the upload was answered with {answer[:200]!r}")
    return LARGE / 2**20 / (time.perf_counter() - begun)


def _memory_kib(pid: int, name: str = "VmRSS") -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    (kib,) = re.findall(rf"{name}:\s+(\d+)", status)
    return int(kib)


def _peak_kib(pid: int) -> int:
    return _memory_kib(pid, "VmHWM")


@contextlib.contextmanager
def _upstream() -> Iterator[tuple[int, int]]:
    program = Path(instant_upstream.__file__)
    with subprocess.Popen([str(gateway_python()), str(program), "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield int((process.stdout or sys.stdin).readline()), process.pid
        finally:
            process.kill()


@contextlib.contextmanager
def _nginx(folder: Path, upstream: int) -> Iterator[tuple[int, int]]:
    port = processes.free_port()
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, upstream=upstream, port=port))
    with subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf"), "-p", str(folder)]) as process:
        try:
            processes.wait_for_port("127.0.0.1", port)
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            yield port, int(children[0])
        finally:
            process.terminate()


if __name__ == "__main__":
    main()
