"""Retry decisions, limits, error mapping, audit subjects, metrics and settings, without a server."""

import json
from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.audit import action, audit_line, subject
from gateway.auth_answers import identity, refusal
from gateway.errors import GatewayError
from gateway.limits import InFlight, RateTable
from gateway.metrics import ENDPOINT, ENVIRONMENT, LATENCY, NAMESPACE, OUTCOME, REQUESTS, Metrics, outcome
from gateway.mlflow_errors import client_error, scrub
from gateway.paths import Endpoint
from gateway.retry import RetryBudget, may_repeat, pause
from gateway.setting_values import Service
from gateway.settings import Settings, SettingsError, load, rows
from gateway.upstream_errors import (
    DroppedError,
    MalformedError,
    TimedOutError,
    TruncatedError,
    UnreachableError,
)

NEEDED = {
    "ENVIRONMENT": "test",
    "PUBLIC_HOST": "registry.test",
    "MLFLOW_SERVER_URL": "http://mlflow.hokusai-test.local:5000",
    "AUTH_SERVICE_URL": "http://auth.hokusai-test.local:8000",
}
METHODS = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "POST", "PATCH"]


def settings(**changed: str) -> Settings:
    return load({**NEEDED, **changed})


@given(st.sampled_from(METHODS), st.booleans(), st.booleans())
def test_nothing_that_may_have_been_applied_is_sent_again(method: str, has_body: bool, reused: bool) -> None:
    for failure in (TruncatedError(), TimedOutError(), MalformedError()):
        assert not may_repeat(failure, method, has_body=has_body, reused=reused)
    dropped = may_repeat(DroppedError(), method, has_body=has_body, reused=reused)
    assert dropped == (reused and not has_body and method not in ("POST", "PATCH"))
    assert may_repeat(UnreachableError(), method, has_body=has_body, reused=reused)


def test_pauses_double_up_to_a_second_and_vary() -> None:
    assert [pause(attempt, lambda: 1.0) for attempt in (0, 1, 2, 10)] == [0.05, 0.1, 0.2, 1.0]
    assert pause(3, lambda: 0.0) == 0.0


def test_repetitions_stay_a_share_of_the_requests() -> None:
    now = 0.0
    budget = RetryBudget(lambda: now, share=0.1, reserve=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    spent = 0
    for _ in range(1000):
        budget.request()
        spent += budget.spend()
    assert 95 <= spent <= 101
    now = 100.0
    assert [budget.spend() for _ in range(3)] == [True, True, False]


def test_a_quiet_key_gets_its_hour_at_once_and_then_one_by_one() -> None:
    now = 1000.0
    table = RateTable(64, lambda: now)
    for _ in range(100):
        table.take(b"key", 100)
    with pytest.raises(GatewayError) as refused:
        table.take(b"key", 100)
    assert refused.value.status == 429
    assert refused.value.headers["Retry-After"] == "36"
    now += 36.0
    table.take(b"key", 100)
    with pytest.raises(GatewayError):
        table.take(b"key", 100)
    table.take(b"another", 100)


def test_a_limit_of_nothing_lets_nothing_pass() -> None:
    with pytest.raises(GatewayError):
        RateTable(64, lambda: 0.0).take(b"key", 0)


@given(st.lists(st.tuples(st.integers(0, 200), st.floats(0, 400)), max_size=60), st.integers(1, 50))
def test_within_an_hour_a_key_gets_at_most_twice_its_limit(steps: list[tuple[int, float]], limit: int) -> None:
    now = 0.0
    table = RateTable(4096, lambda: now)
    taken: list[float] = []
    for key, seconds in steps:
        now += seconds
        table.take(b"other-%d" % key, 1000)
        try:
            table.take(b"mine", limit)
        except GatewayError:
            continue
        taken.append(now)
    for begin in taken:
        assert sum(begin <= at < begin + 3600 for at in taken) <= 2 * limit


def test_a_full_table_forgets_the_quietest_key_only() -> None:
    now = 0.0
    table = RateTable(16, lambda: now)
    table.take(b"busy", 1)
    for number in range(100):
        now += 1
        table.take(b"key-%d" % number, 1000)
    with pytest.raises(GatewayError):
        table.take(b"busy", 1)


def test_requests_in_flight_are_counted_a_key() -> None:
    running = InFlight(2)
    running.enter(b"a")
    running.enter(b"a")
    running.enter(b"b")
    with pytest.raises(GatewayError) as refused:
        running.enter(b"a")
    assert refused.value.status == 429
    running.leave(b"a")
    running.enter(b"a")


INTERNAL = ("mlflow.hokusai-test.local:5000", "mlflow.hokusai-test.local")


@pytest.mark.parametrize(
    "message",
    [
        "could not connect to mlflow.hokusai-test.local:5000",
        "hokusai-db.abc123.us-east-1.rds.amazonaws.com refused",
        "connection to server at 10.0.3.4, port 5432 failed",
        "http://172.20.1.1:80/x and 192.168.0.1",
        "not allowed: arn:aws:s3:::hokusai-mlflow-artifacts-test/x",
        "s3://hokusai-mlflow-artifacts-test/artifacts/x is missing",
        "postgresql+psycopg://mlflow:secret@db/mlflow",
        "ip-10-0-0-1.ec2.internal",
    ],
)
def test_names_of_the_inside_are_taken_out_of_messages(message: str) -> None:
    scrubbed = scrub(message, INTERNAL)

    assert "[internal]" in scrubbed
    for name in ("hokusai-", "10.0.3.4", "172.20", "192.168", "secret", "ec2.internal", "rds.amazonaws"):
        assert name not in scrubbed


@pytest.mark.parametrize("message", ["Run 'a.b' not found", "version 3.17.2 of model x", "metric loss.val must be 1.0"])
def test_other_messages_stay(message: str) -> None:
    assert scrub(message, INTERNAL) == message


def mlflow_body(code: str, message: str) -> bytes:
    return json.dumps({"error_code": code, "message": message}).encode()


@pytest.mark.parametrize(
    ("status", "body", "method", "gets", "code", "says"),
    [
        (404, mlflow_body("RESOURCE_DOES_NOT_EXIST", "No Run x"), "GET", 404, "RESOURCE_DOES_NOT_EXIST", "No Run x"),
        (400, mlflow_body("INVALID_PARAMETER_VALUE", "bad"), "POST", 400, "INVALID_PARAMETER_VALUE", "bad"),
        (400, mlflow_body("BAD_REQUEST", "no db.local here"), "POST", 400, "BAD_REQUEST", "no [internal] here"),
        (404, b"<!doctype html><title>404", "GET", 404, "ENDPOINT_NOT_FOUND", "MLFLOW_TRACKING_URI"),
        (405, b"<html>", "GET", 405, "BAD_REQUEST", "method"),
        (403, b"Invalid Host header", "GET", 403, "PERMISSION_DENIED", "refused"),
        (
            503,
            mlflow_body("TEMPORARILY_UNAVAILABLE", "server at db.local failed"),
            "GET",
            503,
            "TEMPORARILY_UNAVAILABLE",
            "database",
        ),
        (500, b"Internal Server Error", "POST", 500, "INTERNAL_ERROR", "request id"),
        (500, mlflow_body("INTERNAL_ERROR", "psycopg host db.local"), "GET", 500, "INTERNAL_ERROR", "request id"),
        (404, b"[1]", "GET", 404, "ENDPOINT_NOT_FOUND", "endpoint"),
        (422, b'{"detail":[{"loc":1}]}', "POST", 422, "BAD_REQUEST", "refused"),
    ],
)
def test_every_error_is_json_with_a_code_and_no_inside(
    *, status: int, body: bytes, method: str, gets: int, code: str, says: str
) -> None:
    error = client_error(status, body, Endpoint.RUNS, method, INTERNAL)

    assert (error.status, error.error_code) == (gets, code)
    assert says in error.message
    assert "db.local" not in error.message
    assert json.loads(error.body("id-1")) == {"error_code": code, "message": error.message, "request_id": "id-1"}


@pytest.mark.parametrize(
    ("method", "permission"), [("PUT", "s3:PutObject"), ("GET", "s3:GetObject"), ("DELETE", "s3:DeleteObject")]
)
def test_a_denied_artifact_names_the_permission(method: str, permission: str) -> None:
    error = client_error(403, mlflow_body("PERMISSION_DENIED", "denied"), Endpoint.ARTIFACTS, method, INTERNAL)

    assert error.status == 403
    assert permission in error.message


@pytest.mark.parametrize(
    ("path", "query", "body", "named"),
    [
        ("/api/2.0/mlflow/registered-models/create", "", b'{"name":"m"}', {"name": "m"}),
        (
            "/api/2.0/mlflow/model-versions/create",
            "",
            b'{"name":"m","source":"s3://x","run_id":"r"}',
            {"name": "m", "run_id": "r"},
        ),
        ("/api/2.0/mlflow-artifacts/artifacts/1/a%20b.txt", "", b"", {"artifact": "1/a b.txt"}),
        ("/api/2.0/mlflow/logged-models/m-1/tags", "", b"{}", {"logged_model": "m-1"}),
        ("/ajax-api/2.0/mlflow/upload-artifact", "?run_uuid=r&path=x", b"\x00", {"run_uuid": "r", "path": "x"}),
        ("/api/2.0/mlflow/runs/log-batch", "", b"no json", {}),
        ("/api/2.0/mlflow/runs/log-batch", "", b'["run_id"]', {}),
        ("/api/2.0/mlflow/runs/set-tag", "", b'{"run_id":"r","key":"k","value":"secret"}', {"run_id": "r", "key": "k"}),
    ],
)
def test_an_audit_line_names_what_was_changed(path: str, query: str, body: bytes, named: dict[str, str]) -> None:
    assert subject(path, query, body) == named


@given(st.text(max_size=3000), st.binary(max_size=3000), st.text(max_size=200))
@example("ü" * 600, b"", "")
def test_an_audit_line_is_one_line_of_json_of_bounded_length(name: str, raw: bytes, query: str) -> None:
    body = json.dumps({"name": name, "run_id": name, "key": name, "alias": name, "stage": name, "path": name}).encode()
    for sent in (body, raw):
        line = audit_line(
            at=0.0,
            request_id="r",
            user_id="u",
            key_id="k",
            client_ip="1.1.1.1",
            method="POST",
            path="/api/2.0/mlflow/runs/create",
            query="?" + query,
            body=sent,
            status=200,
            outcome="ok",
        )
        assert "\n" not in line
        assert len(line) < 4096
        assert json.loads(line)["action"] == "POST runs/create"


def test_the_action_of_an_artifact_does_not_hold_its_path() -> None:
    assert action("PUT", "/api/2.0/mlflow-artifacts/artifacts/1/x") == "PUT artifacts"


def test_metrics_are_lines_in_the_embedded_format_and_begin_anew() -> None:
    counters = Metrics("test")
    for number in range(250):
        counters.request("runs", outcome(200), float(number), 1, 2)
    counters.request("runs", outcome(502), 1.0, 0, 0)
    counters.auth("cached")
    counters.legacy += 3
    lines = [json.loads(line) for line in counters.lines(1234)]

    for line in lines:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert line["_aws"]["Timestamp"] == 1234
        assert directive["Namespace"] == NAMESPACE
        for metric in directive["Metrics"]:
            assert metric["Name"] in line
        for dimensions in directive["Dimensions"]:
            assert all(isinstance(line[name], str) for name in dimensions)
    assert lines[0][ENDPOINT] == "runs"
    assert (lines[0][REQUESTS], lines[0]["Errors"], lines[0]["BytesIn"], lines[0]["BytesOut"]) == (251, 1, 250, 500)
    assert len(lines[0][LATENCY]) == 100
    assert {line[OUTCOME]: line[REQUESTS] for line in lines if OUTCOME in line and REQUESTS in line} == {
        "ok": 250,
        "server_error": 1,
    }
    assert lines[-1][ENVIRONMENT] == "test"
    assert lines[-1]["LegacyServiceId"] == 3
    (rest,) = [json.loads(line) for line in counters.lines(1235)]
    assert rest["LegacyServiceId"] == 0


@pytest.mark.parametrize(
    ("status", "result"),
    [
        (200, "ok"),
        (308, "ok"),
        (401, "unauthenticated"),
        (403, "forbidden"),
        (404, "client_error"),
        (429, "limited"),
        (500, "server_error"),
        (503, "server_error"),
    ],
)
def test_outcomes(status: int, result: str) -> None:
    assert outcome(status) == result


TODAY = date(2026, 11, 21)
ANSWER = {"user_id": "u", "key_id": "k", "service_id": "platform", "scopes": ["mlflow:read"]}


@pytest.mark.parametrize(
    ("until", "refused"), [("2026-11-21", False), ("2026-11-20", True), ("", True), ("2027-01-01", False)]
)
def test_the_old_service_id_works_up_to_and_including_its_last_day(until: str, refused: bool) -> None:
    answer = {**ANSWER, "service_id": "ml-platform"}
    known = settings(LEGACY_SERVICE_ID_UNTIL=until)
    if not refused:
        assert identity(answer, known, TODAY).legacy
        return
    with pytest.raises(GatewayError) as error:
        identity(answer, known, TODAY)
    assert error.value.status == 403
    assert "Create a key for platform" in error.value.message


@pytest.mark.parametrize("scopes", [None, []])
def test_a_key_without_scopes_gets_the_default(scopes: list[str] | None) -> None:
    answer = {**ANSWER, "scopes": scopes}

    assert identity(answer, settings(), TODAY).scopes == frozenset()
    assert identity(answer, settings(AUTH_DEFAULT_SCOPES="mlflow:read"), TODAY).scopes == {"mlflow:read"}


@pytest.mark.parametrize(
    "answer",
    [
        None,
        [],
        {},
        {**ANSWER, "user_id": None},
        {**ANSWER, "user_id": "a\r\nX-Hokusai-User-Id: admin"},
        {**ANSWER, "scopes": "mlflow:write"},
        {**ANSWER, "scopes": [1]},
        {**ANSWER, "rate_limit_per_hour": "many"},
        {**ANSWER, "rate_limit_per_hour": -1},
        {**ANSWER, "rate_limit_per_hour": True},
    ],
)
def test_an_answer_that_is_not_understood_opens_nothing(answer: object) -> None:
    with pytest.raises(GatewayError) as refused:
        identity(answer, settings(), TODAY)

    assert refused.value.status == 503


def test_a_key_of_another_service_is_refused() -> None:
    with pytest.raises(GatewayError) as refused:
        identity({**ANSWER, "service_id": "billing"}, settings(), TODAY)

    assert refused.value.status == 403


@pytest.mark.parametrize(
    ("status", "gets"), [(401, 401), (403, 403), (429, 429), (400, 503), (404, 503), (500, 503), (302, 503), (204, 503)]
)
def test_what_the_auth_service_says_becomes_what_the_client_gets(status: int, gets: int) -> None:
    assert refusal(status, "30", "platform").status == gets


@pytest.mark.parametrize(("header", "passed"), [("30", "30"), (None, "60"), ("Wed, 21 Oct", "60"), ("99999999", "60")])
def test_retry_after_of_the_auth_service_is_passed_on(header: str | None, passed: str) -> None:
    assert refusal(429, header, "platform").headers["Retry-After"] == passed


def test_settings_have_defaults_that_work() -> None:
    known = settings()

    assert known.mlflow_server_url == Service("mlflow.hokusai-test.local", 5000, "mlflow.hokusai-test.local:5000")
    assert (known.artifact_transfer, known.artifact_lane, known.auth_service_id) == ("proxied", "mlflow", "platform")
    assert known.workers >= 1


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as refused:
        load({})

    named = [line.split(" ")[0] for line in str(refused.value).splitlines()]
    assert sorted(named) == sorted(NEEDED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("PORT", "-1"),
        ("WORKERS", "0"),
        ("MLFLOW_SERVER_URL", "mlflow:5000"),
        ("MLFLOW_SERVER_URL", "http://mlflow:5000/api"),
        ("MLFLOW_SERVER_URL", "http://user:pw@mlflow:5000"),
        ("MLFLOW_SERVER_URL", "http://mlflow:port"),
        ("AUTH_SERVICE_URL", "https://auth:8000"),
        ("AUTH_DEFAULT_SCOPES", "mlflow:admin"),
        ("LEGACY_SERVICE_ID_UNTIL", "tomorrow"),
        ("ARTIFACT_TRANSFER", "direct"),
        ("ARTIFACT_LANE", ""),
        ("AUTH_TIMEOUT_SECONDS", "nan"),
        ("AUTH_CACHE_SECONDS", "86400"),
        ("PUBLIC_HOST", "a b"),
    ],
)
def test_a_wrong_setting_is_named_with_what_it_must_be(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(**{name: value})

    assert str(refused.value).startswith(f"{name}=")
    assert " m" in str(refused.value)
    assert "user:pw" not in str(refused.value)


def test_settings_are_listed_with_their_source_and_without_passwords() -> None:
    listed = {row.name: row for row in rows({**NEEDED, "AUTH_SERVICE_URL": "http://user:pw@auth:8000"})}

    assert set(listed) == {name.upper() for name in Settings.__dataclass_fields__}
    assert listed["AUTH_SERVICE_URL"].value == "http://***@auth:8000"
    assert (listed["PORT"].value, listed["PORT"].source) == ("8001", "default")
    assert listed["ENVIRONMENT"].source == "environment"
