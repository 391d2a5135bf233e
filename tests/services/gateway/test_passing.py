"""What passes: bytes of paths and bodies, headers both ways, in both directions."""

import hashlib
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from infra.preflight.parts.auth_double import AuthDouble
from tests.services.gateway.conftest import KEY, exchange
from tests.services.gateway.scripted_upstream import Received, ScriptedUpstream, raw, respond
from tests.services.parts.gateway_service import GatewayService

RUNS = "/api/mlflow/api/2.0/mlflow/runs"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/1/model.pkl"
Start = Callable[..., AbstractContextManager[GatewayService]]


@pytest.mark.parametrize(
    ("public", "inner"),
    [
        ("/api/mlflow/api/2.0/mlflow/runs/get?run_id=a%20b", "/api/2.0/mlflow/runs/get?run_id=a%20b"),
        ("/mlflow/runs/get?run_id=1", "/api/2.0/mlflow/runs/get?run_id=1"),
        (
            "/api/2.0/mlflow-artifacts/artifacts/a%20b+c%2Fd/%C3%BC.txt",
            "/api/2.0/mlflow-artifacts/artifacts/a%20b+c%2Fd/%C3%BC.txt",
        ),
        ("/mlflow/", "/"),
        ("/mlflow/static-files/static/js/main.js", "/static-files/static/js/main.js"),
        ("/version", "/version"),
    ],
)
def test_a_path_arrives_with_its_bytes(
    gateway: GatewayService, upstream: ScriptedUpstream, public: str, inner: str
) -> None:
    assert gateway.request("GET", public).status == 200

    assert upstream.requests[0].line == f"GET {inner} HTTP/1.1"


def test_mlflow_learns_who_it_is_from_the_gateway_only(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    answer = gateway.request(
        "GET",
        f"{RUNS}/get",
        headers={
            "X-Hokusai-User-Id": "admin",
            "X_Hokusai_User_Id": "admin",
            "Origin": "https://evil",
            "Cookie": "a=b",
            "X-Request-Id": "my-request-1",
        },
    )
    seen = upstream.requests[0]

    assert seen.headers["x-hokusai-user-id"] == "user-1"
    assert seen.headers["x-hokusai-api-key-id"] == "key-1"
    assert seen.headers["host"] == f"localhost:{upstream.port}"
    assert seen.headers["x-request-id"] == answer.headers["x-request-id"] == "my-request-1"
    assert not {"origin", "cookie", "authorization", "x_hokusai_user_id"} & set(seen.headers)
    assert KEY.encode() not in seen.head


def test_the_client_learns_nothing_about_the_inside(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = respond(
        headers="Server: uvicorn\r\nSet-Cookie: a=b\r\nKeep-Alive: timeout=5\r\nETag: x\r\nContent-Type: text/plain\r\n"
    )
    answer = gateway.request("GET", f"{RUNS}/get")

    assert answer.headers["etag"] == "x"
    assert not {"server", "set-cookie", "keep-alive"} & set(answer.headers)


@pytest.mark.parametrize(
    ("location", "status", "public"),
    [
        ("http://localhost:{port}/api/2.0/x", 308, "/mlflow/api/2.0/x"),
        ("/ajax-api/2.0/x?y=%20", 308, "/mlflow/ajax-api/2.0/x?y=%20"),
        ("http://hokusai-mlflow.local:5000/x", 502, None),
        ("//evil.example/x", 502, None),
    ],
)
def test_a_redirect_leads_to_a_public_place_or_nowhere(
    gateway: GatewayService, upstream: ScriptedUpstream, location: str, status: int, public: str | None
) -> None:
    where = location.format(port=upstream.port)
    upstream.script = respond(b"", "308 Permanent Redirect", f"Location: {where}\r\n")
    answer = gateway.request("GET", "/mlflow/api/2.0/mlflow/runs/get")

    assert answer.status == status
    assert answer.headers.get("location") == public
    assert b"local" not in answer.body


@pytest.mark.parametrize("size", [0, 1, 65536, 65537, 3_000_000])
@pytest.mark.parametrize("chunked", [False, True])
def test_bodies_arrive_whole_in_both_directions(
    gateway: GatewayService, upstream: ScriptedUpstream, size: int, chunked: bool
) -> None:
    sent = bytes(index % 251 for index in range(1000)) * (size // 1000) + b"x" * (size % 1000)
    received: list[bytes] = []

    def script(request: Received) -> None:
        body = request.body()
        if "transfer-encoding" in request.headers:
            plain = b""
            while body:
                length, _, body = body.partition(b"\r\n")
                plain += body[: int(length, 16)]
                body = body[int(length, 16) + 2 :]
            body = plain
        received.append(body)
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for start in range(0, len(body), 700_000):
            piece = body[start : start + 700_000]
            request.rest.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
        request.rest.sendall(b"0\r\n\r\n")

    upstream.script = script
    pieces = (sent[start : start + 400_000] for start in range(0, len(sent), 400_000))
    answer = gateway.request("PUT", ARTIFACT, pieces if chunked else sent)

    assert answer.status == 200
    assert hashlib.sha256(received[0]).digest() == hashlib.sha256(sent).digest()
    assert hashlib.sha256(answer.body).digest() == hashlib.sha256(sent).digest()
    assert ("content-length" in upstream.requests[0].headers) != (chunked)


def test_a_delete_keeps_its_body(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    gateway.request("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "m"})

    assert upstream.requests[0].already == b'{"name": "m"}'


def test_a_post_without_a_body_says_so(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    exchange(
        gateway,
        f"POST {RUNS}/create HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-API-Key: {KEY}\r\n\r\n".encode(),
    )

    assert upstream.requests[0].headers["content-length"] == "0"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_an_answer_without_a_body_keeps_the_connection(
    gateway: GatewayService, upstream: ScriptedUpstream, status: str
) -> None:
    upstream.script = raw(f"HTTP/1.1 {status}\r\n\r\n".encode())
    line = f"GET {RUNS}/get HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n"
    received = exchange(gateway, f"{line}\r\n{line}Connection: close\r\n\r\n".encode())

    assert received.count(f"HTTP/1.1 {status}\r\n".encode()) == 2
    assert b"Content-Length" not in received


def test_head_has_the_headers_and_no_body(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\nETag: e\r\n\r\n")
    answer = gateway.request("HEAD", ARTIFACT)

    assert (answer.status, answer.headers["content-length"], answer.headers["etag"]) == (200, "1234", "e")
    upstream.script = respond(b'{"second":1}')
    assert gateway.request("GET", f"{RUNS}/get").json == {"second": 1}


def test_an_older_http_client_gets_the_end_by_the_end_of_the_connection(
    gateway: GatewayService, upstream: ScriptedUpstream
) -> None:
    def script(request: Received) -> None:
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n")
        time.sleep(0.1)
        request.rest.sendall(b"2\r\ncd\r\n0\r\n\r\n")

    upstream.script = script
    head, _, body = exchange(gateway, f"GET {RUNS}/get HTTP/1.0\r\nX-API-Key: {KEY}\r\n\r\n".encode()).partition(
        b"\r\n\r\n"
    )

    assert body == b"abcd"
    assert b"chunked" not in head
    assert b"Connection: close" in head


def test_a_compressed_body_stays_compressed(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    gateway.request("POST", "/v1/traces", b"\x1f\x8b\x00not really", {"Content-Encoding": "gzip"})

    assert upstream.requests[0].already == b"\x1f\x8b\x00not really"
    assert upstream.requests[0].headers["content-encoding"] == "gzip"


def test_interim_answers_are_not_taken_for_the_answer(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = raw(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    )

    assert gateway.request("GET", f"{RUNS}/get").body == b"ok"


def test_expect_is_answered_by_the_gateway(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    head = (
        f"PUT {ARTIFACT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    )
    with socket.create_connection((gateway.host, gateway.port), timeout=5) as connection:
        connection.sendall(head.encode())
        assert connection.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 OK")
    assert "expect" not in upstream.requests[0].headers


def test_a_refused_upload_is_not_asked_to_continue(gateway: GatewayService) -> None:
    head = f"PUT {ARTIFACT} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    with socket.create_connection((gateway.host, gateway.port), timeout=5) as connection:
        connection.sendall(head.encode())
        answer = connection.recv(1000)
    assert answer.startswith(b"HTTP/1.1 401")
    # What is still to come of the body must not be waited for.
    assert b"Connection: close" in answer


def test_pipelined_requests_are_answered_in_order(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    def script(request: Received) -> None:
        respond(request.line.encode())(request)

    upstream.script = script
    lines = [f"GET {RUNS}/get?n={n} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n" for n in range(5)]
    received = exchange(gateway, "".join(lines).encode(), seconds=0.5)

    assert [f"n={n} HTTP" in part for n, part in enumerate(received.decode().split("HTTP/1.1 200 OK")[1:])] == [
        True
    ] * 5


def test_connections_to_mlflow_are_kept(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    for _ in range(5):
        gateway.request("GET", f"{RUNS}/get")

    assert len({request.connection for request in upstream.requests}) == 1


def test_a_slow_reader_slows_the_upstream_and_costs_no_memory(own_gateway: Start, upstream: ScriptedUpstream) -> None:
    size = 200 * 2**20
    sent = threading.Event()

    def script(request: Received) -> None:
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // 2**20):
            request.rest.sendall(bytes(2**20))
        sent.set()

    upstream.script = script
    with own_gateway(BODY_IDLE_SECONDS="10") as gateway:
        worker = gateway.pids()[1]
        before = memory_kib(worker, "VmRSS")
        with socket.create_connection((gateway.host, gateway.port), timeout=20) as connection:
            connection.sendall(f"GET {ARTIFACT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
            received = len(connection.recv(1000))
            assert not sent.wait(0.7), "the upstream was not slowed"
            while received < size:
                received += len(connection.recv(2**20))
        assert memory_kib(worker, "VmHWM") - before < 32 * 1024


def test_a_slow_upstream_slows_the_upload_and_costs_no_memory(own_gateway: Start, upstream: ScriptedUpstream) -> None:
    size = 200 * 2**20
    resume = threading.Event()

    def script(request: Received) -> None:
        resume.wait(10)
        left = size - len(request.already)
        while left:
            left -= len(request.rest.recv(2**20))
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    upstream.script = script
    with own_gateway(BODY_IDLE_SECONDS="10", MAX_ARTIFACT_BYTES=str(2**30), ARTIFACT_RESPONSE_SECONDS="20") as gateway:
        worker = gateway.pids()[1]
        before = memory_kib(worker, "VmRSS")
        threading.Timer(0.7, resume.set).start()
        answer = gateway.request("PUT", ARTIFACT, (bytes(2**20) for _ in range(200)), {"Content-Length": str(size)})
        assert answer.body == b"ok"
        assert memory_kib(worker, "VmHWM") - before < 32 * 1024


def memory_kib(pid: int, name: str) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


def test_server_info_keeps_clients_within_the_gateway(
    gateway: GatewayService, own_gateway: Start, upstream: ScriptedUpstream
) -> None:
    info = {"store_type": "SqlStore", "multipart_uploads_enabled": True, "multipart_downloads_enabled": True}
    upstream.script = respond(json.dumps(info).encode())
    path = "/api/mlflow/api/3.0/mlflow/server-info"
    expected = {**info, "multipart_uploads_enabled": False, "multipart_downloads_enabled": False}
    assert gateway.request("GET", path).json == expected
    assert gateway.request("GET", "/mlflow/ajax-api/3.0/mlflow/server-info").json == expected
    upstream.script = respond(b"no json")
    assert gateway.request("GET", path).status == 502
    transfers = [
        ("GET", "/api/2.0/mlflow-artifacts/presigned/x"),
        ("POST", "/mlflow/api/2.0/mlflow-artifacts/mpu/create/x"),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url"),
    ]
    upstream.requests.clear()
    for method, transfer in transfers:
        assert gateway.request(method, transfer).status == 404
    assert not upstream.requests
    with own_gateway(ARTIFACT_TRANSFER="presigned") as presigned:
        upstream.script = respond(json.dumps(info).encode())
        assert presigned.request("GET", path).json == info
        for method, transfer in transfers:
            assert presigned.request(method, transfer).status == 200


def test_each_write_leaves_an_audit_line_and_no_key_is_logged(gateway: GatewayService, auth: AuthDouble) -> None:
    gateway.request("POST", f"{RUNS}/create", {"experiment_id": "7"}, {"X-Request-Id": "audit-write-1"})
    gateway.request("POST", f"{RUNS}/search", {"experiment_ids": ["7"]}, {"X-Request-Id": "audit-read-1"})
    auth.keys[KEY].scopes = ("mlflow:read",)
    time.sleep(0.35)
    gateway.request("POST", f"{RUNS}/create", {"experiment_id": "8"}, {"X-Request-Id": "audit-write-2"})
    gateway.request("GET", f"{RUNS}/get?api_key={KEY}", key="", headers={"X-Request-Id": "audit-query"})

    done = gateway.wait_for_record("audit", request_id="audit-write-1")
    assert (done["action"], done["subject"], done["status"]) == ("POST runs/create", {"experiment_id": "7"}, 200)
    assert (done["user_id"], done["key_id"], done["client_ip"]) == ("user-1", "key-1", "127.0.0.1")
    refused = gateway.wait_for_record("audit", request_id="audit-write-2")
    assert (refused["outcome"], refused["status"]) == ("forbidden", 403)
    read = gateway.wait_for_record("access", request_id="audit-read-1")
    assert read["translated"] == "/api/2.0/mlflow/runs/search"
    assert gateway.wait_for_record("access", request_id="audit-query")["status"] == 401
    assert not [record for record in gateway.records("audit") if record["request_id"] == "audit-read-1"]
    assert KEY not in gateway.log


def test_a_path_cannot_break_a_log_line(gateway: GatewayService) -> None:
    path = "/api/2.0/mlflow/runs/a\"b'{}"
    gateway.request("GET", path, headers={"X-Request-Id": "quoted-path"})

    record = gateway.wait_for_record("access", request_id="quoted-path")
    assert record["path"] == record["translated"] == path


def test_the_clients_address_is_what_the_load_balancer_saw(gateway: GatewayService, auth: AuthDouble) -> None:
    gateway.request("GET", f"{RUNS}/get", headers={"X-Forwarded-For": "6.6.6.6, 203.0.113.9"})

    assert auth.calls[-1]["client_ip"] == "203.0.113.9"


def test_metrics_are_printed(gateway: GatewayService) -> None:
    gateway.request("GET", f"{RUNS}/get")

    line = gateway.wait_for_record("metrics", Endpoint="runs", Environment="test", Outcome="ok")
    assert line["Requests"] >= 1
