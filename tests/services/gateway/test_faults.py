"""What a client sees, and how soon, when something behind the gateway is wrong."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from infra.preflight.parts.auth_double import AuthDouble
from tests.services.gateway.conftest import KEY
from tests.services.gateway.scripted_upstream import Received, ScriptedUpstream, raw, respond
from tests.services.parts.gateway_service import Answer, GatewayService

RUNS = "/api/mlflow/api/2.0/mlflow/runs"
GET = f"{RUNS}/get"
ARTIFACT = "/api/2.0/mlflow-artifacts/artifacts/1/model.pkl"
Start = Callable[..., AbstractContextManager[GatewayService]]


def assert_error(answer: Answer, status: int, code: str) -> None:
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["error_code"] == code
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    for name in (b"localhost", b"127.0.0.1", b".local", KEY.encode(), b"<html", b"Traceback"):
        assert name not in answer.body


# --- the auth service -----------------------------------------------------------------------------------------------


def test_no_key_no_way(gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    for path in (GET, "/mlflow/", "/mlflow/static-files/x", "/version", "/api/mlflow/health", ARTIFACT):
        assert_error(gateway.request("GET", path, key=""), 401, "UNAUTHENTICATED")
        assert_error(gateway.request("GET", path, key="unknown"), 401, "UNAUTHENTICATED")
    assert_error(gateway.request("GET", f"{GET}?api_key={KEY}&access_token={KEY}", key=""), 401, "UNAUTHENTICATED")
    assert not upstream.requests


def test_a_key_is_asked_about_once_and_then_for_a_while_not(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("once")
    for _ in range(5):
        assert gateway.request("GET", GET, key="once").status == 200
        assert gateway.request("GET", GET, key="nobody").status == 401

    asked = [call["key"] for call in auth.calls]
    assert asked.count("once") == asked.count("nobody") == 1
    assert {call["service_id"] for call in auth.calls} == {"platform"}


def test_clients_that_come_together_share_one_question(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("shared")
    auth.delay_seconds = 0.2
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(gateway.request("GET", GET, key="shared").status))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 20
    assert [call["key"] for call in auth.calls] == ["shared"]


def test_a_client_that_leaves_does_not_end_the_question_of_the_others(
    gateway: GatewayService, auth: AuthDouble
) -> None:
    auth.add("left")
    auth.delay_seconds = 0.3
    first = socket.create_connection((gateway.host, gateway.port))
    first.sendall(f"GET {GET} HTTP/1.1\r\nHost: x\r\nX-API-Key: left\r\n\r\n".encode())
    time.sleep(0.1)
    threading.Timer(0.05, first.close).start()

    assert gateway.request("GET", GET, key="left").status == 200
    assert len(auth.calls) == 1


def test_a_revoked_key_stops_within_the_caches_time(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("revoked")
    assert gateway.request("GET", GET, key="revoked").status == 200
    auth.revoke("revoked")
    time.sleep(0.35)

    assert_error(gateway.request("GET", GET, key="revoked"), 401, "UNAUTHENTICATED")


def test_a_key_is_remembered_for_the_address_that_it_was_asked_for(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("moving")
    for address in ("203.0.113.1", "203.0.113.2"):
        gateway.request("GET", GET, key="moving", headers={"X-Forwarded-For": address})

    assert [call["client_ip"] for call in auth.calls] == ["203.0.113.1", "203.0.113.2"]


def test_auth_down_is_503_and_never_open(gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    auth.stop()
    answer = gateway.request("GET", GET, key="while-down")

    assert_error(answer, 503, "TEMPORARILY_UNAVAILABLE")
    assert answer.headers["retry-after"]
    assert answer.seconds < 10
    assert not upstream.requests
    auth.add("while-down")
    auth.start()
    assert gateway.request("GET", GET, key="while-down").status == 200


def test_auth_slow_is_503_after_its_time(gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    auth.delay_seconds = 1.5
    auth.add("slow")
    answer = gateway.request("GET", GET, key="slow")

    assert_error(answer, 503, "TEMPORARILY_UNAVAILABLE")
    assert answer.seconds < 10
    assert not upstream.requests


@pytest.mark.parametrize(
    "failing",
    [
        (500, b"<html>", {}),
        (200, b"no json", {}),
        (200, b"{}", {}),
        (200, b'{"valid": true}', {}),
        (302, b"", {"Location": "http://evil/"}),
        (200, b"x" * 100_000, {}),
    ],
)
def test_an_auth_answer_that_is_no_answer_is_503(
    *, gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble, failing: tuple[int, bytes, dict[str, str]]
) -> None:
    auth.failing_with = failing

    assert_error(gateway.request("GET", GET, key=f"odd-{failing[0]}-{len(failing[1])}"), 503, "TEMPORARILY_UNAVAILABLE")
    assert not upstream.requests


def test_auth_429_is_passed_on_and_not_remembered(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("busy", refused_as=429)
    answer = gateway.request("GET", GET, key="busy")
    assert_error(answer, 429, "REQUEST_LIMIT_EXCEEDED")
    assert answer.headers["retry-after"] == "17"
    auth.keys["busy"].refused_as = None
    assert gateway.request("GET", GET, key="busy").status == 200


def test_auth_403_is_403(gateway: GatewayService, auth: AuthDouble) -> None:
    auth.add("elsewhere", refused_as=403)

    assert_error(gateway.request("GET", GET, key="elsewhere"), 403, "PERMISSION_DENIED")


def test_a_reading_key_cannot_write(gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    auth.add("reader", scopes=("mlflow:read",))
    auth.add("nothing", scopes=None)
    assert gateway.request("POST", f"{RUNS}/search", {}, key="reader").status == 200
    upstream.requests.clear()
    for method, path in [
        ("POST", f"{RUNS}/create"),
        ("POST", f"{RUNS}/%73earch"),
        ("PUT", ARTIFACT),
        ("DELETE", ARTIFACT),
        ("PATCH", "/api/2.0/mlflow/registered-models/update"),
        ("POST", "/v1/traces"),
    ]:
        answer = gateway.request(method, path, {}, key="reader", headers={"X-HTTP-Method-Override": "GET"})
        assert_error(answer, 403, "PERMISSION_DENIED")
        assert "mlflow:write" in answer.json["message"]
    assert_error(gateway.request("GET", GET, key="nothing"), 403, "PERMISSION_DENIED")
    assert not upstream.requests


def test_the_old_service_id_is_counted_and_announced_or_refused(
    gateway: GatewayService, own_gateway: Start, auth: AuthDouble
) -> None:
    auth.add("old", service_id="ml-platform")
    answer = gateway.request("GET", GET, key="old")
    assert_error(answer, 403, "PERMISSION_DENIED")
    assert "Create a key for platform" in answer.json["message"]
    with own_gateway(LEGACY_SERVICE_ID_UNTIL="2999-12-31") as during:
        answer = during.request("GET", GET, key="old")
        assert (answer.status, answer.headers["deprecation"]) == (200, "true")
        assert answer.headers["sunset"] == "Tue, 31 Dec 2999 23:59:59 GMT"
        assert "deprecation" not in during.request("GET", GET).headers
        during.wait_for_record("metrics", LegacyServiceId=1)


def test_the_rate_limit_of_the_auth_service_holds_over_all_workers(own_gateway: Start, auth: AuthDouble) -> None:
    auth.add("limited", rate_limit_per_hour=10)
    with own_gateway(WORKERS="2") as gateway:
        answers = [gateway.request("GET", GET, key="limited") for _ in range(14)]

    assert [answer.status for answer in answers] == [200] * 10 + [429] * 4
    assert 300 <= int(answers[-1].headers["retry-after"]) <= 361
    assert_error(answers[-1], 429, "REQUEST_LIMIT_EXCEEDED")


def test_one_key_cannot_take_all_of_a_worker(own_gateway: Start, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    release = threading.Event()

    def script(request: Received) -> None:
        if "wait" in request.line:
            release.wait(5)
        respond()(request)

    upstream.script = script
    auth.add("other")
    with own_gateway(MAX_IN_FLIGHT_PER_KEY="3", UPSTREAM_RESPONSE_SECONDS="10") as gateway:
        threads = [threading.Thread(target=gateway.request, args=("GET", f"{GET}?wait=1")) for _ in range(3)]
        for thread in threads:
            thread.start()
        upstream.wait_for(3)
        assert_error(gateway.request("GET", GET), 429, "REQUEST_LIMIT_EXCEEDED")
        assert gateway.request("GET", GET, key="other").status == 200
        release.set()
        for thread in threads:
            thread.join()
        assert gateway.request("GET", GET).status == 200


# --- MLflow ---------------------------------------------------------------------------------------------------------


def test_mlflow_down_is_502_and_a_short_outage_is_not_seen(own_gateway: Start, upstream: ScriptedUpstream) -> None:
    with own_gateway(UPSTREAM_CONNECT_SECONDS="1") as gateway:
        assert gateway.request("GET", GET).status == 200
        upstream.stop()
        time.sleep(0.05)
        # Nothing is sent, so that a write may be tried again too.
        threading.Timer(0.1, upstream.start).start()
        assert gateway.request("POST", f"{RUNS}/create", {"a": 1}).status == 200
        upstream.stop()
        time.sleep(0.05)
        try:
            # A connection that was kept is found closed, and a new one is refused.
            assert_error(gateway.request("GET", GET), 502, "TEMPORARILY_UNAVAILABLE")
            assert gateway.request("GET", "/health", key="").status == 200
            assert gateway.request("GET", "/health/ready", key="").status == 503
        finally:
            upstream.start()
        gateway.wait_for_record("metrics", Environment="test", LegacyServiceId=0)
        assert sum(record.get("Retries", 0) for record in gateway.records("metrics")) >= 2


def test_mlflow_that_is_not_resolvable_is_502(own_gateway: Start) -> None:
    with own_gateway(MLFLOW_SERVER_URL="http://mlflow.hokusai-nowhere.invalid:5000") as gateway:
        answer = gateway.request("GET", GET)

        assert_error(answer, 502, "TEMPORARILY_UNAVAILABLE")
        assert b"nowhere" not in answer.body
        assert answer.seconds < 5
        assert "nowhere" not in gateway.request("GET", "/health/mlflow").body.decode()


def test_mlflow_that_does_not_answer_is_504(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = lambda _request: time.sleep(8)
    answer = gateway.request("GET", GET)

    assert_error(answer, 504, "DEADLINE_EXCEEDED")
    assert answer.seconds < 7
    assert len(upstream.requests) == 1


def drop(request: Received) -> None:
    request.rest.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    ("method", "path", "body", "sent"),
    [
        ("GET", GET, None, 2),
        ("DELETE", "/api/3.0/mlflow/datasets/d-1", None, 2),
        ("POST", f"{RUNS}/create", {"a": 1}, 1),
        ("POST", f"{RUNS}/create", None, 1),
        ("PATCH", "/api/2.0/mlflow/registered-models/update", {"a": 1}, 1),
        ("PUT", ARTIFACT, b"x" * 100_000, 1),
        ("DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "m"}, 1),
    ],
)
def test_only_what_cannot_be_applied_twice_is_sent_again(
    *, gateway: GatewayService, upstream: ScriptedUpstream, method: str, path: str, body: object, sent: int
) -> None:
    gateway.request("GET", GET)
    upstream.requests.clear()
    dropped: list[int] = []

    def script(request: Received) -> None:
        if not dropped:
            dropped.append(1)
            drop(request)
        else:
            respond()(request)

    upstream.script = script
    answer = gateway.request(method, path, body)

    assert len(upstream.requests) == sent
    assert answer.status == (200 if sent == 2 else 502)


def test_a_new_connection_that_is_dropped_is_not_asked_again(
    gateway: GatewayService, upstream: ScriptedUpstream
) -> None:
    upstream.script = drop
    for _ in range(3):
        gateway.request("GET", GET)
    upstream.requests.clear()

    assert_error(gateway.request("GET", GET), 502, "TEMPORARILY_UNAVAILABLE")
    assert len(upstream.requests) == 1


HALF = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"half":'
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"


@pytest.mark.parametrize("data", [HALF, CHUNKED, CHUNKED + b"zz\r\n", CHUNKED + b"5\r\nhe", CHUNKED + b"0\r\n"])
def test_a_truncated_answer_never_looks_complete(
    gateway: GatewayService, upstream: ScriptedUpstream, data: bytes
) -> None:
    def script(request: Received) -> None:
        request.rest.sendall(data)
        time.sleep(0.1)
        drop(request)

    upstream.script = script
    received, ended = b"", False
    with socket.create_connection((gateway.host, gateway.port), timeout=1) as connection:
        connection.sendall(f"GET {GET} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
        with contextlib.suppress(TimeoutError):
            while not ended:
                try:
                    more = connection.recv(65536)
                except ConnectionResetError:
                    more = b""
                received += more
                ended = not more

    if received.startswith(b"HTTP/1.1 200"):
        assert ended
        assert not received.endswith(b"0\r\n\r\n")
        head, _, body = received.partition(b"\r\n\r\n")
        assert b"chunked" in head or len(body) < 100
    else:
        assert received.startswith(b"HTTP/1.1 502")


@pytest.mark.parametrize(
    "data",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA\x00B: c\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_an_answer_that_is_no_http_is_502(gateway: GatewayService, upstream: ScriptedUpstream, data: bytes) -> None:
    upstream.script = raw(data, close=True)

    assert_error(gateway.request("GET", GET), 502, "TEMPORARILY_UNAVAILABLE")


def test_bytes_after_an_answer_are_nobodys_answer(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = raw(
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    )
    first = gateway.request("GET", GET)
    upstream.script = respond(b'"mine"')

    assert first.body != b"evil"
    assert gateway.request("GET", GET).body == b'"mine"'


@pytest.mark.parametrize(
    ("status", "body", "gets", "code"),
    [
        ("500 Internal Server Error", b"Internal Server Error", 500, "INTERNAL_ERROR"),
        (
            "503 Service Unavailable",
            b'{"error_code":"TEMPORARILY_UNAVAILABLE","message":"connection to server at db.hokusai.local failed"}',
            503,
            "TEMPORARILY_UNAVAILABLE",
        ),
        ("404 Not Found", b"<!doctype html><html>x</html>", 404, "ENDPOINT_NOT_FOUND"),
        ("403 Forbidden", b"Invalid Host header localhost", 403, "PERMISSION_DENIED"),
        ("502 Bad Gateway", b"<html>", 503, "TEMPORARILY_UNAVAILABLE"),
    ],
)
def test_errors_of_mlflow_come_as_json_without_the_inside(
    *, gateway: GatewayService, upstream: ScriptedUpstream, status: str, body: bytes, gets: int, code: str
) -> None:
    upstream.script = respond(body, status, "Content-Type: text/html\r\n")
    answer = gateway.request("GET", GET)

    assert_error(answer, gets, code)
    logged = gateway.wait_for_record("access", request_id=answer.headers["x-request-id"])
    assert body.decode()[:20] in logged["reason"]


def test_an_upload_that_mlflow_answers_early_is_answered_too(
    gateway: GatewayService, upstream: ScriptedUpstream
) -> None:
    def script(request: Received) -> None:
        request.rest.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno")

    upstream.script = script
    answer = gateway.request("PUT", ARTIFACT, b"x" * 3_000_000)
    assert answer.status == 400
    upstream.script = respond(b'"next"')
    assert gateway.request("GET", GET).body == b'"next"'
    # On a connection of its own: the rest of the upload would have come before it.
    assert upstream.requests[-1].line.startswith("GET ")


# --- artifacts ------------------------------------------------------------------------------------------------------


def store(**answers: str) -> Callable[[Received], None]:
    """MLflow in front of a store: status by `put`, `probe`, `list`, `get`."""

    def script(request: Received) -> None:
        method, target, _ = request.line.split(" ")
        kind = "list" if "?path=" in target else "probe" if target.endswith("-probe") else method.lower()
        status = answers.get(kind, "200 OK")
        body = b"Internal Server Error" if status.startswith("500") else b'{"files":[{"path":"model.pkl"}]}'
        code = {"403": "PERMISSION_DENIED", "404": "RESOURCE_DOES_NOT_EXIST"}.get(status[:3])
        if code:
            body = b'{"error_code":"%b","message":"s3://hokusai-bucket"}' % code.encode()
        respond(body, status)(request)

    return script


@pytest.mark.parametrize(
    ("method", "answers", "status", "says"),
    [
        ("PUT", {"put": "500 X", "probe": "500 X"}, 403, "s3:PutObject"),
        ("PUT", {"put": "500 X", "probe": "500 X", "list": "403 X"}, 403, "s3:PutObject"),
        ("PUT", {"put": "500 X", "probe": "500 X", "list": "404 X"}, 404, "bucket does not exist"),
        ("PUT", {"put": "500 X", "probe": "500 X", "list": "500 X"}, 503, "cannot be reached"),
        ("PUT", {"put": "500 X"}, 503, "cannot be reached"),
        ("GET", {"get": "500 X", "list": "403 X"}, 403, "s3:GetObject"),
        ("GET", {"get": "500 X", "list": "404 X"}, 404, "bucket does not exist"),
        ("GET", {"get": "500 X"}, 503, "cannot be reached"),
        ("GET", {"get": "403 X"}, 403, "s3:GetObject"),
        ("DELETE", {"delete": "403 X"}, 403, "s3:DeleteObject"),
        # Done, says MLflow, and the artifact is still listed.
        ("DELETE", {}, 403, "s3:DeleteObject"),
    ],
)
def test_a_store_that_denies_is_told_at_once_and_a_store_that_is_down_may_be_tried_again(
    *, gateway: GatewayService, upstream: ScriptedUpstream, method: str, answers: dict[str, str], status: int, says: str
) -> None:
    upstream.script = store(**answers)
    answer = gateway.request(method, ARTIFACT, b"x" if method == "PUT" else None)

    assert answer.status == status
    assert says in answer.json["message"]
    assert b"hokusai-bucket" not in answer.body
    assert answer.seconds < 10


def test_an_artifact_that_is_not_there_is_404(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    upstream.script = store(get="500 X")

    assert_error(
        gateway.request("GET", "/api/2.0/mlflow-artifacts/artifacts/1/other.pkl"), 404, "RESOURCE_DOES_NOT_EXIST"
    )


# --- health ---------------------------------------------------------------------------------------------------------


def test_health_says_what_works(gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> None:
    assert gateway.request("GET", "/health", key="").json == {"status": "ok"}
    assert gateway.request("GET", "/health/ready", key="").status == 200
    assert gateway.request("GET", "/health/mlflow", key="").json == {"status": "ok"}
    assert set(gateway.request("GET", "/health/mlflow").json["checks"]) == {"experiments", "models", "artifacts"}

    def broken(request: Received) -> None:
        failing = "artifacts" in request.line
        respond(b"at db.local", "500 X" if failing else "200 OK")(request)

    upstream.script = broken
    assert gateway.request("GET", "/health", key="").status == 200
    assert gateway.request("GET", "/health/ready", key="").status == 200
    whole = gateway.request("GET", "/health/mlflow")
    assert whole.status == 503
    assert whole.json["checks"]["artifacts"]["status"] == "failed"
    assert whole.json["checks"]["artifacts"]["reason"] == "MLflow answers 500"
    assert whole.json["checks"]["models"]["status"] == "ok"
    assert gateway.request("GET", "/health/mlflow", key="").json == {"status": "unavailable"}
    assert gateway.request("GET", "/health/mlflow", key="unknown").status == 401
    assert gateway.request("GET", "/health/mlflow/models", key="").json == {"status": "ok"}
    assert gateway.request("GET", "/health/mlflow/artifacts", key="").status == 503
    assert gateway.request("GET", "/health/mlflow/nothing", key="").status == 404


def test_client_gone_in_mid_upload_ends_the_upload_at_mlflow(
    gateway: GatewayService, upstream: ScriptedUpstream
) -> None:
    ended = threading.Event()

    def script(request: Received) -> None:
        with contextlib.suppress(ConnectionError):
            request.body()
            return
        ended.set()

    upstream.script = script
    with socket.create_connection((gateway.host, gateway.port)) as connection:
        head = f"PUT {ARTIFACT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\nX-Request-Id: gone-upload\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + b"x" * 500_000)
        upstream.wait_for(1)
    assert ended.wait(2)
    assert gateway.wait_for_record("access", request_id="gone-upload")["status"] == 499
    assert gateway.wait_for_record("audit", request_id="gone-upload")["outcome"] == "client_gone"


def test_client_gone_while_mlflow_works_ends_the_request(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    ended = threading.Event()

    def script(request: Received) -> None:
        request.rest.settimeout(3)
        # Ends when the gateway closes, long before it would give up waiting.
        with contextlib.suppress(ConnectionError):
            assert request.rest.recv(1) == b""
        ended.set()

    upstream.script = script
    with socket.create_connection((gateway.host, gateway.port)) as connection:
        connection.sendall(f"GET {ARTIFACT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
        upstream.wait_for(1)
    assert ended.wait(0.6)


def test_client_gone_in_mid_download_ends_the_download(gateway: GatewayService, upstream: ScriptedUpstream) -> None:
    ended = threading.Event()

    def script(request: Received) -> None:
        request.rest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        try:
            while True:
                request.rest.sendall(bytes(100_000))
        except OSError:
            ended.set()

    upstream.script = script
    with socket.create_connection((gateway.host, gateway.port)) as connection:
        connection.sendall(f"GET {ARTIFACT} HTTP/1.1\r\nHost: x\r\nX-API-Key: {KEY}\r\n\r\n".encode())
        connection.recv(1000)
    assert ended.wait(2)
