"""Header rules, API keys and scopes, without a server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import headers
from gateway.errors import GatewayError
from gateway.keys import api_key
from gateway.request_head import RequestHead
from gateway.scopes import READ, WRITE, authorise, needed_scope


def test_what_says_who_the_client_is_does_not_reach_mlflow() -> None:
    sent = [
        (b"Authorization", b"Bearer k"),
        (b"X-API-Key", b"k"),
        (b"Cookie", b"a=b"),
        (b"Origin", b"https://evil"),
        (b"Host", b"registry"),
        (b"Expect", b"100-continue"),
        (b"X-Hokusai-User-Id", b"admin"),
        (b"x-hokusai-anything", b"1"),
        (b"X_Hokusai_User_Id", b"admin"),
        (b"X-Forwarded-For", b"1.2.3.4"),
        (b"X-Forwarded-Host", b"evil"),
        (b"Forwarded", b"for=1.2.3.4"),
        (b"X-HTTP-Method-Override", b"DELETE"),
        (b"X-Original-URL", b"/admin"),
        (b"Connection", b"close, X-Private"),
        (b"X-Private", b"1"),
        (b"Keep-Alive", b"5"),
        (b"TE", b"trailers"),
        (b"Upgrade", b"h2c"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Sec-Fetch-Site", b"cross-site"),
        (b"Content-Type", b"application/json"),
        (b"User-Agent", b"mlflow"),
        (b"X-MLFLOW-WORKSPACE", b"w"),
        (b"Range", b"bytes=0-1"),
    ]

    assert RequestHead(sent).to_mlflow == [
        b"content-type: application/json\r\n",
        b"user-agent: mlflow\r\n",
        b"x-mlflow-workspace: w\r\n",
        b"range: bytes=0-1\r\n",
    ]


def test_what_is_internal_does_not_reach_the_client() -> None:
    answered = [
        (b"server", b"uvicorn"),
        (b"location", b"http://mlflow.hokusai-test.local/x"),
        (b"set-cookie", b"session=1"),
        (b"connection", b"keep-alive, x-hop"),
        (b"x-hop", b"1"),
        (b"transfer-encoding", b"chunked"),
        (b"content-length", b"3"),
        (b"etag", b'"1"'),
        (b"content-range", b"bytes 0-1/2"),
    ]

    lines, length, location = headers.to_client(answered)

    assert lines == [b'etag: "1"\r\n', b"content-range: bytes 0-1/2\r\n"]
    assert (length, location) == (3, b"http://mlflow.hokusai-test.local/x")


header_names = st.from_regex(rb"[A-Za-z][A-Za-z0-9_-]{0,20}", fullmatch=True) | st.sampled_from(
    [b"X-Hokusai-User-Id", b"x_hokusai_api_key_id", b"AUTHORIZATION", b"x-api-KEY", b"Cookie", b"origin"]
)


@given(st.lists(st.tuples(header_names, st.binary(max_size=10).filter(lambda v: b"\r" not in v and b"\n" not in v))))
def test_no_spelling_of_a_stripped_header_passes(sent: list[tuple[bytes, bytes]]) -> None:
    passed = [line.split(b":")[0].lower().replace(b"_", b"-") for line in RequestHead(sent).to_mlflow]

    assert not {b"authorization", b"x-api-key", b"cookie", b"origin", b"host", b"transfer-encoding"} & set(passed)
    assert not [name for name in passed if name.startswith(b"x-hokusai-")]


@pytest.mark.parametrize(
    "sent",
    [
        [(b"Content-Length", b"1"), (b"Content-Length", b"2")],
        [(b"Content-Length", b"1"), (b"content-length", b"1")],
        [(b"Content-Length", b"1"), (b"Transfer-Encoding", b"chunked")],
        [(b"Transfer-Encoding", b"chunked"), (b"Transfer-Encoding", b"identity")],
        [(b"Transfer-Encoding", b"gzip, chunked")],
        [(b"Transfer-Encoding", b"xchunked")],
        [(b"Content-Length", b"+1")],
        [(b"Content-Length", b"1, 1")],
        [(b"Host", b"a"), (b"Host", b"b")],
    ],
)
def test_two_ways_to_read_a_request_are_one_too_many(sent: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(GatewayError) as refused:
        RequestHead(sent).check()

    assert refused.value.status == 400


def test_one_way_to_read_a_request_is_enough() -> None:
    head = RequestHead([(b"Host", b"a"), (b"Content-Length", b"3")])
    head.check()

    assert (head.length(), head.chunked()) == (3, False)


INTERNAL = {"mlflow.hokusai-test.local:5000", "registry.test"}


@pytest.mark.parametrize(
    ("location", "public"),
    [
        (b"http://mlflow.hokusai-test.local:5000/api/2.0/x?y=1", "/mlflow/api/2.0/x?y=1"),
        (b"/api/2.0/x", "/mlflow/api/2.0/x"),
        (b"https://registry.test/x", "/mlflow/x"),
        (b"http://evil/x", None),
        (b"//evil/x", None),
        (b"///evil/x", None),
        (b"javascript:alert(1)", None),
        (b"ftp://registry.test/x", None),
        (b"relative", None),
        (b"/x\\y", None),
        (b"/\xff", None),
        (b"http://[bad/x", None),
    ],
)
def test_a_redirect_stays_below_the_public_prefix(location: bytes, public: str | None) -> None:
    assert headers.public_location(location, INTERNAL, "/mlflow") == public


@pytest.mark.parametrize(("value", "taken"), [(b"abcdefgh-1", True), (b"short", False), (b'x"},{"a":"b', False)])
def test_a_request_id_of_the_client_is_taken_if_it_may_stand_in_a_log(value: bytes, taken: bool) -> None:
    assert (headers.request_id(value) is not None) == taken


@pytest.mark.parametrize("value", ["", "a\r\nX-Evil: 1", "a b", "x" * 300])
def test_what_the_auth_service_says_cannot_break_a_header(value: str) -> None:
    with pytest.raises(GatewayError) as refused:
        headers.safe_value(value)

    assert refused.value.status == 503


def _key_of(sent: list[tuple[bytes, bytes]]) -> bytes:
    head = RequestHead(sent)
    return api_key(head.authorizations, head.api_keys)


@pytest.mark.parametrize(
    "sent",
    [
        [(b"Authorization", b"Bearer the-key")],
        [(b"authorization", b"bearer   the-key ")],
        [(b"Authorization", b"ApiKey the-key")],
        [(b"x-api-key", b"the-key")],
        [(b"Authorization", b"Bearer the-key"), (b"X-API-Key", b"the-key")],
    ],
)
def test_the_key_is_found_in_three_places(sent: list[tuple[bytes, bytes]]) -> None:
    assert _key_of(sent) == b"the-key"


@pytest.mark.parametrize(
    ("sent", "status", "says"),
    [
        ([], 401, "MLFLOW_TRACKING_TOKEN"),
        ([(b"Authorization", b"Basic dTpw")], 401, "MLFLOW_TRACKING_USERNAME"),
        ([(b"Authorization", b"Basic dTpw"), (b"X-API-Key", b"k")], 401, "MLFLOW_TRACKING_USERNAME"),
        ([(b"Authorization", b"Digest x")], 401, "Bearer"),
        ([(b"Authorization", b"Bearer ")], 401, "characters"),
        ([(b"Authorization", b"Bearer a b")], 401, "characters"),
        ([(b"X-API-Key", b"k\xff")], 401, "characters"),
        ([(b"X-API-Key", b"k" * 513)], 401, "characters"),
        ([(b"Authorization", b"Bearer a"), (b"X-API-Key", b"b")], 400, "differ"),
        ([(b"Authorization", b"Bearer a"), (b"Authorization", b"Bearer b")], 400, "differ"),
    ],
)
def test_what_is_no_key_is_refused_with_what_to_do(sent: list[tuple[bytes, bytes]], status: int, says: str) -> None:
    with pytest.raises(GatewayError) as refused:
        _key_of(sent)

    assert refused.value.status == status
    assert says in refused.value.message
    assert ("WWW-Authenticate" in refused.value.headers) == (status == 401)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/api/2.0/mlflow/runs/get", READ),
        ("HEAD", "/", READ),
        ("POST", "/api/2.0/mlflow/runs/search", READ),
        ("POST", "/ajax-api/2.0/mlflow/experiments/search", READ),
        ("POST", "/api/2.0/mlflow/registered-models/get-latest-versions", READ),
        ("POST", "/api/3.0/mlflow/traces/search", READ),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-download-url", READ),
        ("POST", "/api/2.0/mlflow/artifacts/presigned-upload-url", WRITE),
        ("POST", "/api/2.0/mlflow/runs/create", WRITE),
        ("POST", "/api/2.0/mlflow/runs/search/x", WRITE),
        ("POST", "/api/2.0/mlflow/runs/%73earch", WRITE),
        ("POST", "/v1/traces", WRITE),
        ("POST", "/graphql", WRITE),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/search", WRITE),
        ("PATCH", "/api/2.0/mlflow/registered-models/update", WRITE),
        ("DELETE", "/api/2.0/mlflow/registered-models/delete", WRITE),
    ],
)
def test_searching_by_post_is_reading(method: str, path: str, scope: str) -> None:
    assert needed_scope(method, path) == scope


@given(st.sampled_from(["POST", "PUT", "PATCH", "DELETE", "PROPFIND", ""]), st.text())
def test_what_is_not_known_to_read_is_writing(method: str, path: str) -> None:
    assert needed_scope(method, path) == WRITE


def test_a_scope_that_is_missing_is_named_and_not_retried() -> None:
    authorise({READ}, READ)
    with pytest.raises(GatewayError) as refused:
        authorise({READ}, WRITE)

    assert refused.value.status == 403
    assert WRITE in refused.value.message
