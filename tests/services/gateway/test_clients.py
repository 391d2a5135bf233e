"""Clients that send what they should not, too much, too slowly, or while the gateway is ending."""

import http.client
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from infra.tool_environment import service_environment
from tests.services.gateway.conftest import KEY, exchange
from tests.services.gateway.scripted_upstream import Received, ScriptedUpstream, respond
from tests.services.parts.gateway_service import GatewayService, gateway_environment

GET = "/api/mlflow/api/2.0/mlflow/runs/get"
POST = "/api/mlflow/api/2.0/mlflow/runs/create"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/1/model.pkl"
AUTH = f"Host: x\r\nX-API-Key: {KEY}\r\n"
Start = Callable[..., AbstractContextManager[GatewayService]]


@pytest.mark.parametrize(
    "data",
    [
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length: +3\r\n\r\nabc",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length: 0x3\r\n\r\nabc",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Content-Length : 3\r\n\r\nabc",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
        f"POST {POST} HTTP/1.1\r\n{AUTH}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
        f"POST {POST} HTTP/1.0\r\n{AUTH}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\nHost: a\r\nHost: b\r\nX-API-Key: {KEY}\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}X-A: b\r\n folded: header\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}X-A: b\rX-Hokusai-User-Id: admin\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}X-A: b\x00c\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}X A: b\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}: b\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: A\r\n\r\n",
        f"GET {GET} HTTP/9.9\r\n{AUTH}\r\n",
        f"GET {GET}\r\n{AUTH}\r\n",
        f"GET http://localhost{GET} HTTP/1.1\r\n{AUTH}\r\n",
        f"GET http://169.254.169.254/latest HTTP/1.1\r\n{AUTH}\r\n",
        f"GET //evil{GET} HTTP/1.1\r\n{AUTH}\r\n",
        f"GET /mlflow/../api HTTP/1.1\r\n{AUTH}\r\n",
        f"GET /api/2.0/mlflow-artifacts/artifacts/..%2f..%2fx HTTP/1.1\r\n{AUTH}\r\n",
        f"GET {GET}\x00 HTTP/1.1\r\n{AUTH}\r\n",
        f"GET {GET} x HTTP/1.1\r\n{AUTH}\r\n",
        f"OPTIONS * HTTP/1.1\r\n{AUTH}\r\n",
        f"CONNECT localhost:80 HTTP/1.1\r\n{AUTH}\r\n",
        f"TRACE {GET} HTTP/1.1\r\n{AUTH}\r\n",
        f"BREW {GET} HTTP/1.1\r\n{AUTH}\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}X-Long: {'a' * 20000}\r\n\r\n",
        f"GET {GET}?{'a' * 20000} HTTP/1.1\r\n{AUTH}\r\n",
        f"GET {GET} HTTP/1.1\r\n{AUTH}{''.join(f'X-{n}: 1' + chr(13) + chr(10) for n in range(200))}\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
def test_what_is_no_clean_request_never_reaches_mlflow(
    gateway: GatewayService, upstream: ScriptedUpstream, data: str
) -> None:
    received = exchange(gateway, data.encode("latin-1"), seconds=1.0)
    status = int(received.split(b" ", 2)[1]) if received else 0

    assert 400 <= status < 500 or not received
    assert received.count(b"HTTP/1.1 ") <= 2
    assert b"HTTP/1.1 200" not in received
    assert KEY.encode() not in received
    # A body that proves broken only after its head: what had begun is ended, never completed.
    for request in upstream.requests:
        assert request.headers.get("transfer-encoding") == "chunked"
        assert not request.already.endswith(b"0\r\n\r\n")
    assert gateway.request("GET", GET).status == 200


def test_an_oversized_body_is_413(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    answer = gateway.request("POST", POST, b"x" * 200_001)
    assert (answer.status, answer.json["error_code"]) == (413, "INVALID_PARAMETER_VALUE")
    assert gateway.request("PUT", ARTIFACT, headers={"Content-Length": str(2**62)}).status == 413
    assert not upstream.requests
    assert gateway.request("POST", POST, (b"x" * 100_000 for _ in range(3))).status == 413
    assert gateway.request("POST", POST, b"x" * 200_000).status == 200


def test_slow_heads_are_ended(gateway: GatewayService) -> None:
    with socket.create_connection((gateway.host, gateway.port), timeout=5) as connection:
        begun = time.monotonic()
        connection.sendall(b"GET / HTTP/1.1\r\n")
        ended = False
        while time.monotonic() - begun < 4 and not ended:
            try:
                connection.sendall(b"X-A: b\r\n")
                connection.settimeout(0.1)
                ended = connection.recv(10) == b""
            except TimeoutError:
                continue
            except OSError:
                ended = True
        assert ended
        assert 0.4 < time.monotonic() - begun < 15


def test_slow_bodies_are_ended(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    for path in (POST, ARTIFACT):
        method = "POST" if path == POST else "PUT"
        begun = time.monotonic()
        received = exchange(
            gateway, f"{method} {path} HTTP/1.1\r\n{AUTH}Content-Length: 100000\r\n\r\nabc".encode(), seconds=20
        )
        assert received.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - begun < 15


def test_a_slow_reader_is_ended(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = respond(bytes(60_000_000))
    with socket.create_connection((gateway.host, gateway.port), timeout=5) as connection:
        connection.sendall(f"GET {ARTIFACT} HTTP/1.1\r\n{AUTH}X-Request-Id: slow-reader-1\r\n\r\n".encode())
        record = gateway.wait_for_record("access", request_id="slow-reader-1")
        assert record["outcome"] == "aborted"


def test_a_thousand_idle_connections_disturb_nobody(gateway: GatewayService) -> None:
    idle = [socket.create_connection((gateway.host, gateway.port)) for _ in range(1000)]
    try:
        seconds = [gateway.request("GET", GET).seconds for _ in range(20)]
        assert max(seconds) < 10
        # They stay usable.
        idle[500].sendall(f"GET {GET} HTTP/1.1\r\n{AUTH}\r\n".encode())
        assert idle[500].recv(100).startswith(b"HTTP/1.1 200 OK")
    finally:
        for connection in idle:
            connection.close()


def test_more_connections_than_allowed_are_told(own_gateway: Start) -> None:
    with own_gateway(MAX_CONNECTIONS="10") as gateway:
        idle = [socket.create_connection((gateway.host, gateway.port)) for _ in range(10)]
        time.sleep(0.1)
        assert exchange(gateway, b"").startswith(b"HTTP/1.1 503")
        for connection in idle:
            connection.close()
        time.sleep(0.1)
        assert gateway.request("GET", GET).status == 200


def test_idle_connections_are_closed_after_their_time(own_gateway: Start) -> None:
    with own_gateway(KEEP_ALIVE_SECONDS="0.5") as gateway:
        begun = time.monotonic()
        assert exchange(gateway, f"GET {GET} HTTP/1.1\r\n{AUTH}\r\n".encode()).startswith(b"HTTP/1.1 200")
        assert 0.3 < time.monotonic() - begun < 15


def test_sigterm_under_load_loses_no_request(own_gateway: Start, upstream: ScriptedUpstream) -> None:
    """A connection that nobody has accepted when the last worker closes its socket is reset by the kernel, which is as
    good as refused: its request never came anywhere."""
    reached: list[Received] = []

    def script(request: Received) -> None:
        reached.append(request)
        request.body()
        time.sleep(0.05)
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    upstream.script = script
    lost: list[str] = []
    done: list[int] = []

    def client() -> None:
        while True:
            connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=10)
            try:
                connection.connect()
            except OSError:
                return
            answered = 0
            try:
                for _ in range(100):
                    connection.request("POST", POST, b'{"a":1}', {"X-API-Key": KEY})
                    answer = connection.getresponse()
                    if answer.read() != b"ok":
                        lost.append(f"status {answer.status}")
                    answered += 1
                    if answer.getheader("connection") == "close":
                        break
            except (OSError, http.client.HTTPException) as error:
                if answered or not isinstance(error, ConnectionResetError):
                    lost.append(f"{type(error).__name__} {error}")
                return
            finally:
                connection.close()
                done.append(answered)

    with own_gateway(WORKERS="2") as gateway:
        threads = [threading.Thread(target=client) for _ in range(16)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        code = gateway.stop()
        for thread in threads:
            thread.join()

    assert code == 0
    assert sum(done) > 100
    assert lost == []
    assert len(reached) == sum(done), "each request that came through was answered"


def test_a_long_upload_ends_after_sigterm(own_gateway: Start, upstream: ScriptedUpstream) -> None:
    with own_gateway() as gateway, socket.create_connection((gateway.host, gateway.port), timeout=10) as connection:
        connection.sendall(f"PUT {ARTIFACT} HTTP/1.1\r\n{AUTH}Content-Length: 100000\r\n\r\n".encode() + bytes(50_000))
        upstream.wait_for(1)
        os.kill(gateway.process.pid, signal.SIGTERM)
        for _ in range(5):
            time.sleep(0.4)
            connection.sendall(bytes(10_000))
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
        assert gateway.process.wait(10) == 0


def test_a_worker_that_dies_is_started_again_and_dying_workers_end_the_task(own_gateway: Start) -> None:
    with own_gateway() as gateway:
        first = gateway.pids()[1]
        os.kill(first, signal.SIGKILL)
        gateway.wait_for_record("fault", exit_code=-9)
        answer = None
        deadline = time.monotonic() + 5
        while answer is None and time.monotonic() < deadline:
            try:
                answer = gateway.request("GET", GET)
            except OSError:
                time.sleep(0.05)
        assert answer is not None
        assert answer.status == 200
        killed = {first}
        for _ in range(5):
            deadline = time.monotonic() + 30
            # One that was killed is there until its parent has noticed.
            while not (alive := set(gateway.pids()[1:]) - killed):
                assert time.monotonic() < deadline, "no other worker was started"
                time.sleep(0.01)
            worker = alive.pop()
            os.kill(worker, signal.SIGKILL)
            killed.add(worker)
        assert gateway.process.wait(10) == 1


def command(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    variables = {**gateway_environment("http://localhost:1", "http://localhost:2"), **environment}
    return subprocess.run(
        [str(service_environment("gateway")), "-m", "gateway", *arguments],
        env={name: value for name, value in variables.items() if value != "-"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_health_command(gateway: GatewayService) -> None:
    assert command("health", PORT=str(gateway.port)).returncode == 0
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        failed = command("health", PORT=str(nobody.getsockname()[1]))
    assert failed.returncode == 1
    assert failed.stderr.startswith("ERROR ")


def test_a_wrong_environment_ends_the_start_with_one_line(gateway: GatewayService) -> None:
    missing = command("serve", ENVIRONMENT="-")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    assert missing.stderr.startswith("ERROR ENVIRONMENT is not set")
    wrong = command("serve", KEEP_ALIVE_SECONDS="long")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    taken = command("serve", PORT="1", LISTEN_ADDRESS="192.0.2.1")
    assert (taken.returncode, taken.stderr.count("\n")) == (1, 1)
    assert "Cannot listen" in taken.stderr
    lane = command("serve", ARTIFACT_LANE="direct")
    assert lane.returncode == 2
    assert "ARTIFACTS_DESTINATION" in lane.stderr


def test_config_lists_everything(gateway: GatewayService) -> None:
    listed = command("config", AUTH_SERVICE_URL="http://user:hidden@auth:8000")
    assert "AUTH_SERVICE_URL=http://***@auth:8000  [environment]" in listed.stdout
    assert "PUBLIC_HOST=registry.test  [environment]" in listed.stdout
    assert "hidden" not in listed.stdout + listed.stderr
    assert listed.returncode == 2
    assert command("config").returncode == 0
