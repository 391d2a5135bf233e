"""What the gateway costs: against its upstream directly and against nginx as plain proxy, all in one run.

Keys cached, access log, audit trail and metrics on; nginx writes no log but in the row that says so. Machines are
shared and noisy, so rounds alternate between the targets, and what counts is the median of the rounds' ratios. Needs
`nginx` and `wrk` (Debian packages nginx-light and wrk).
"""

import argparse
import http.client
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from bench.gateway_parts import KEY, Load, Target, load, mlflow, nginx, upstream
from infra.preflight.parts.auth_double import running_auth
from tests.services.parts.gateway_service import running_gateway

_INSTANT = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=x"
_REAL = "/api/2.0/mlflow/experiments/get-by-name?experiment_name=Default"
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
_MIB = 2**20
_OF_NGINX, _OVER_DIRECT, _MEMORY_MIB = 1 / 3, 1.05, 64


@dataclass(frozen=True)
class _Rounds:
    """How many, and seconds of load a target in each."""

    count: int
    seconds: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of load, a round and a target")
    arguments = parser.parse_args()
    for program in ("nginx", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"ERROR {program} is not installed: apt-get install nginx-light wrk")
    with ExitStack() as stack:
        auth = stack.enter_context(running_auth())
        auth.add(KEY)

        def gateway(behind: Target, workers: int = 1) -> Target:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            settings = {"METRICS_SECONDS": "5", "WORKERS": str(workers)}
            url = f"http://127.0.0.1:{behind.port}"
            service = stack.enter_context(running_gateway(url, auth.url, folder, key=KEY, **settings))
            return Target(service.port, tuple(service.pids()[1:]))

        _run(stack, gateway, _Rounds(arguments.rounds, arguments.seconds))


def _run(stack: ExitStack, gateway: Callable[..., Target], rounds: _Rounds) -> None:
    instant = stack.enter_context(upstream())
    proxies = {
        "direct": instant,
        "nginx": stack.enter_context(nginx(instant)),
        "nginx with log": stack.enter_context(nginx(instant, access_log=True)),
        "gateway": gateway(instant),
    }
    print("In front of an upstream that answers at once")
    _compare(proxies, _INSTANT, 1, rounds, "nginx")
    rate, _ = _compare(proxies, _INSTANT, 16, rounds, "nginx")
    _verdict("of nginx's requests a second", rate, rate >= _OF_NGINX, f"at least {_OF_NGINX:.2f}")

    print(
        "\nTwo workers beside one: the load and the upstream need processors too, so that two cores show little of it"
    )
    rate, _ = _compare({"one": proxies["gateway"], "two": gateway(instant, 2)}, _INSTANT, 16, rounds, "one")
    print(f"{rate:.2f} times one worker's requests a second")

    real = stack.enter_context(mlflow())
    nginx_of_real = stack.enter_context(nginx(real))
    fronts = {"direct": real, "direct again": real, "nginx": nginx_of_real, "gateway": gateway(real)}
    # MLflow's own times differ by a tenth from round to round, as "direct again" shows: it takes more rounds.
    many = _Rounds(3 * rounds.count, rounds.seconds)
    print("\nIn front of the real MLflow, one worker")
    for connections in (1, 16):
        _, p50 = _compare(fronts, _REAL, connections, many, "direct")
        _verdict("of MLflow's own p50", p50, p50 <= _OVER_DIRECT, f"at most {_OVER_DIRECT:.2f}")

    del proxies["nginx with log"]
    (pid,) = proxies["gateway"].pids
    for size in (256, 1024):
        _bodies(proxies, size, pid)


def _verdict(what: str, value: float, reached: bool, wanted: str) -> None:
    print(f"{value:.3f} {what}: {'reached' if reached else 'NOT reached'} ({wanted})")


def _compare(
    targets: Mapping[str, Target], path: str, connections: int, rounds: _Rounds, against: str
) -> tuple[float, float]:
    """Rounds of load on each target in turn.

    Returns:
        The last target's requests a second and p50, as ratios to those of `against`: medians over the rounds.
    """
    seen: dict[str, list[Load]] = {name: [] for name in targets}
    for _ in range(rounds.count):
        for name, target in targets.items():
            seen[name].append(load(target, path, connections, rounds.seconds))
    print(f"\n{connections:2} connections{'req/s':>14}{'p50 ms':>10}{'p99 ms':>10}{'CPU us':>9}", end="")
    print(f"{'req/s to ' + against:>18}{'p50 to ' + against:>16}")
    rate = p50 = 1.0
    for name, loads in seen.items():
        pairs = list(zip(loads, seen[against], strict=True))
        rate = statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)
        p50 = statistics.median(mine.p50 / theirs.p50 for mine, theirs in pairs)
        print(f"{name:16}", end="")
        print(f"{_median(loads, 'rate'):12.0f}{_median(loads, 'p50'):10.3f}{_median(loads, 'p99'):10.3f}", end="")
        print(f"{_median(loads, 'cpu'):9.1f}{rate:18.2f}{p50:16.3f}")
    return rate, p50


def _median(loads: list[Load], name: str) -> float:
    return statistics.median(getattr(each, name) for each in loads)


def _bodies(targets: Mapping[str, Target], size: int, pid: int) -> None:
    """Bodies both ways: the median of three transfers, and the growth of the gateway's peak memory."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # the peak counts from here
    before = _memory_mib(pid)
    print(f"\n{size} MiB, one connection{'MiB/s':>12}{'first byte ms':>16}{'MiB/s to nginx':>17}")
    for direction, transfer in (("down", _download), ("up", _upload)):
        seen = {name: [transfer(target.port, size) for _ in range(3)] for name, target in targets.items()}
        medians = {name: [statistics.median(column) for column in zip(*of, strict=True)] for name, of in seen.items()}
        for name, (rate, first) in medians.items():
            print(f"{direction:5}{name:18}{rate:12.0f}{first:16.1f}{rate / medians['nginx'][0]:17.2f}")
    growth = _memory_mib(pid, "VmHWM") - before
    _verdict("MiB of memory growth", growth, growth <= _MEMORY_MIB, f"at most {_MEMORY_MIB}")


def _download(port: int, size: int) -> tuple[float, float]:
    """MiB a second, and milliseconds until the first byte of the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    begun = time.perf_counter()
    connection.request("GET", f"{_ARTIFACTS}/size/{size * _MIB}", headers={"Authorization": f"Bearer {KEY}"})
    answer = connection.getresponse()
    received = len(answer.read(1))
    first = (time.perf_counter() - begun) * 1000
    buffer = bytearray(_MIB)
    while count := answer.readinto(buffer):
        received += count
    if received != size * _MIB:
        sys.exit(f"ERROR {received} of {size} MiB came")
    return size / (time.perf_counter() - begun), first


def _upload(port: int, size: int) -> tuple[float, float]:
    """MiB a second, and milliseconds from the last byte of the body to the first one of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    headers = {"Authorization": f"Bearer {KEY}", "Content-Length": str(size * _MIB)}
    block = bytes(_MIB)
    begun = time.perf_counter()
    connection.request("PUT", f"{_ARTIFACTS}/large", (block for _ in range(size)), headers)
    sent = time.perf_counter()
    answer = connection.getresponse().read()
    ended = time.perf_counter()
    if answer != b'{"received":%d}' % (size * _MIB):
        sys.exit(f"ERROR the upload was answered with {answer[:200]!r}")
    return size / (ended - begun), (ended - sent) * 1000


def _memory_mib(pid: int, name: str = "VmRSS") -> float:
    (kib,) = re.findall(rf"{name}:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(kib) / 1024


if __name__ == "__main__":
    main()
