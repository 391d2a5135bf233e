"""Uploads and downloads of every size in an account that enforces IAM: bytes, ranges, conditions, clients that go."""

import hashlib
import http.client
import random
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.services.artifacts.serving import ROUTE, Served, serving_lane
from tests.services.parts.object_store import ArtifactStore

_MIB = 2**20
_CONTENT = random.Random(7).randbytes(12 * _MIB + 123)  # noqa: S311 - bytes to move


@pytest.fixture(scope="module")
def store(artifact_store: ArtifactStore) -> Iterator[ArtifactStore]:
    copy = artifact_store.fork()
    yield copy
    copy.account.stop()


@pytest.fixture(scope="module")
def lane(store: ArtifactStore) -> Iterator[Served]:
    """Parts of 5 MiB, the least that S3 takes, and memory for three of them."""
    with serving_lane(store.environment(), part_bytes=5 * _MIB, buffer_bytes=15 * _MIB) as served:
        yield served


@pytest.fixture(scope="module")
def small_memory(store: ArtifactStore) -> Iterator[Served]:
    """No memory for parts: what has a length goes through as it comes, in at most three parts."""
    with serving_lane(
        store.environment(), part_bytes=5 * _MIB, buffer_bytes=1, most_parts=3, client_idle_seconds=0.6
    ) as served:
        yield served


@pytest.fixture
def uploaded(lane: Served) -> str:
    assert lane.ask("PUT", "/t/large.bin", _CONTENT).status == 200
    return "/t/large.bin"


def _stored(store: ArtifactStore, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = store.client().get_object(
        Bucket=store.bucket, Key=f"artifacts{path}", ChecksumMode="ENABLED"
    )
    return {**answer, "Bytes": answer["Body"].read()}


def _unfinished(store: ArtifactStore) -> list[str]:
    return [u["Key"] for u in store.client().list_multipart_uploads(Bucket=store.bucket).get("Uploads", [])]


def _eventually(condition: Any) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("size", [0, 1, 5 * _MIB - 1, 5 * _MIB, 5 * _MIB + 1, 10 * _MIB, len(_CONTENT)])
@pytest.mark.parametrize("chunked", [False, True], ids=["length", "chunked"])
def test_upload_of_any_size(lane: Served, store: ArtifactStore, size: int, chunked: bool) -> None:
    content = _CONTENT[:size]
    body = iter([content[at : at + 100_000] for at in range(0, size, 100_000)]) if chunked else content
    path = f"/t/size-{size}-{chunked}.pkl"
    assert lane.ask("PUT", path, body).status == 200
    stored = _stored(store, path)
    assert stored["Bytes"] == content
    assert stored["ChecksumCRC32"], "S3 compared a checksum"
    assert stored["ContentType"] == "binary/octet-stream"
    parts = stored["ETag"].strip('"').partition("-")[2]
    in_parts = size > 5 * _MIB or (chunked and size == 5 * _MIB)
    assert parts == (str(-(-size // (5 * _MIB))) if in_parts else "")
    assert lane.ask("GET", path).body == content
    assert _unfinished(store) == []


@pytest.mark.parametrize("size", [0, 1, 5 * _MIB, 5 * _MIB + 1, len(_CONTENT)])
def test_upload_without_memory_goes_through(small_memory: Served, store: ArtifactStore, size: int) -> None:
    path = f"/t/through-{size}.csv.gz"
    assert small_memory.ask("PUT", path, _CONTENT[:size]).status == 200
    stored = _stored(store, path)
    assert stored["Bytes"] == _CONTENT[:size]
    assert stored["ContentType"] == "text/csv"


def test_upload_of_unknown_length_waits_for_memory_and_says_so(small_memory: Served) -> None:
    reply = small_memory.ask("PUT", "/t/unknown.bin", iter([b"x"]))
    assert reply.status == 503
    assert b"Content-Length" in reply.body
    assert "retry-after" in reply.headers


def test_upload_of_unknown_length_that_fits_in_no_parts(store: ArtifactStore) -> None:
    with serving_lane(store.environment(), part_bytes=5 * _MIB, most_parts=2, largest_buffered_part=5 * _MIB) as served:
        reply = served.ask("PUT", "/t/endless.bin", iter([_CONTENT]))
        assert reply.status == 413
    assert "artifacts/t/endless.bin" not in store.object_keys()
    assert _unfinished(store) == []


def test_many_uploads_at_a_time(lane: Served, store: ArtifactStore) -> None:
    def upload(number: int) -> None:
        statuses[number] = lane.ask("PUT", f"/t/many/{number}.bin", _CONTENT[number:]).status

    statuses: dict[int, int] = {}
    threads = [threading.Thread(target=upload, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert list(statuses.values()) == [200] * 6
    for number in range(6):
        content = _stored(store, f"/t/many/{number}.bin")["Bytes"]
        assert hashlib.sha256(content).digest() == hashlib.sha256(_CONTENT[number:]).digest()


@pytest.mark.parametrize("size", [1000, len(_CONTENT)], ids=["single", "parts"])
@pytest.mark.parametrize("how", ["lane", "small_memory"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_client_gone_in_mid_upload_commits_nothing(
    store: ArtifactStore, request: pytest.FixtureRequest, size: int, how: str, framing: str
) -> None:
    served: Served = request.getfixturevalue(how)
    path = f"/t/gone-{size}-{how}-{framing}.bin"
    head = f"Content-Length: {size}" if framing == "length" else "Transfer-Encoding: chunked"
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(f"PUT {ROUTE}{path} HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n".encode())
        cut = _CONTENT[: size - 1]
        connection.sendall(cut if framing == "length" else b"%x\r\n%s\r\n" % (len(cut), cut))
        time.sleep(0.3)
    _eventually(lambda: _unfinished(store) == [])
    time.sleep(0.2)
    assert f"artifacts{path}" not in store.object_keys()
    assert served.ask("PUT", f"{path}.after", b"x").status == 200, "and the lane goes on"


def test_client_that_stops_sending_is_told_and_commits_nothing(small_memory: Served, store: ArtifactStore) -> None:
    with socket.create_connection(("127.0.0.1", small_memory.port)) as connection:
        connection.sendall(f"PUT {ROUTE}/t/slow.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc".encode())
        connection.settimeout(10)
        assert connection.recv(100).startswith(b"HTTP/1.1 408")
    assert "artifacts/t/slow.bin" not in store.object_keys()


def test_shutdown_in_mid_upload_aborts(store: ArtifactStore) -> None:
    with serving_lane(store.environment(), part_bytes=5 * _MIB) as served:
        connection = socket.create_connection(("127.0.0.1", served.port))
        connection.sendall(
            f"PUT {ROUTE}/t/stopped.bin HTTP/1.1\r\nHost: x\r\nContent-Length: {50 * _MIB}\r\n\r\n".encode()
        )
        connection.sendall(_CONTENT)
        _eventually(lambda: _unfinished(store))
    connection.close()
    assert _unfinished(store) == []
    assert "artifacts/t/stopped.bin" not in store.object_keys()


def test_only_if_there_is_none(lane: Served, store: ArtifactStore) -> None:
    for content in (b"first", _CONTENT):
        path = f"/t/once-{len(content)}.bin"
        assert lane.ask("PUT", path, content, {"If-None-Match": "*"}).status == 200
        again = lane.ask("PUT", path, b"second", {"If-None-Match": "*"})
        assert (again.status, b"RESOURCE_CONFLICT" in again.body) == (412, True)
        assert _stored(store, path)["Bytes"] == content
    assert _unfinished(store) == []


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=12582912-", 12582912, -1),
        ("bytes=-7", -7, -1),
        ("bytes=9-99999999", 9, -1),
    ],
)
def test_range(lane: Served, uploaded: str, asked: str, first: int, last: int) -> None:
    size = len(_CONTENT)
    first, last = first % size, last % size
    reply = lane.ask("GET", uploaded, headers={"Range": asked})
    assert reply.status == 206
    assert reply.body == _CONTENT[first : last + 1]
    assert reply.headers["content-range"] == f"bytes {first}-{last}/{size}"
    assert reply.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "lines=1-2", "bytes=", "bytes=a-b", "0-1"])
def test_range_that_is_answered_with_everything(lane: Served, uploaded: str, asked: str) -> None:
    reply = lane.ask("GET", uploaded, headers={"Range": asked})
    assert (reply.status, reply.body == _CONTENT) == (200, True)


def test_range_beyond_the_end(lane: Served, uploaded: str) -> None:
    reply = lane.ask("GET", uploaded, headers={"Range": "bytes=99999999-"})
    assert (reply.status, b"INVALID_PARAMETER_VALUE" in reply.body) == (416, True)
    assert reply.headers["content-range"] == f"bytes */{len(_CONTENT)}"


def test_range_of_a_version(lane: Served, uploaded: str) -> None:
    etag = lane.ask("HEAD", uploaded).headers["etag"]
    part = lane.ask("GET", uploaded, headers={"Range": "bytes=1-2", "If-Range": etag})
    assert (part.status, part.body) == (206, _CONTENT[1:3])
    whole = lane.ask("GET", uploaded, headers={"Range": "bytes=1-2", "If-Range": '"other"'})
    assert (whole.status, whole.body == _CONTENT) == (200, True)


def test_conditions(lane: Served, uploaded: str) -> None:
    head = lane.ask("HEAD", uploaded)
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(_CONTENT)))
    etag, date = head.headers["etag"], head.headers["last-modified"]
    for method in ("GET", "HEAD"):
        for headers in ({"If-None-Match": etag}, {"If-Modified-Since": date}):
            reply = lane.ask(method, uploaded, headers=headers)
            assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
        assert lane.ask(method, uploaded, headers={"If-Match": etag}).status == 200
        assert lane.ask(method, uploaded, headers={"If-Match": '"other"'}).status == 412
        assert lane.ask(method, uploaded, headers={"If-None-Match": '"other"'}).status == 200


def test_answers_on_one_connection(lane: Served) -> None:
    """Nothing of one answer is left for the next: what HEAD, 304 and errors say about length is not body."""
    connection = http.client.HTTPConnection("127.0.0.1", lane.port, timeout=10)
    calls = [
        ("PUT", "/t/k.txt", b"x"),
        ("HEAD", "/t/k.txt", None),
        ("GET", "/t/missing", None),
        ("GET", "/t/k.txt", None),
    ]
    for method, path, body in [*calls, ("DELETE", "/t/nothing", None), ("GET", "/t/k.txt", None)]:
        connection.request(method, ROUTE + path, body)
        answer = connection.getresponse()
        assert (answer.read() == b"x") == (method == "GET" and path == "/t/k.txt")
    connection.close()


@pytest.mark.parametrize(
    ("denied", "method", "path", "body"),
    [
        ("s3:PutObject", "PUT", "/t/denied.bin", b"x"),
        ("s3:PutObject", "PUT", "/t/denied-large.bin", _CONTENT),
        ("s3:GetObject", "GET", "/t/there.bin", None),
        ("s3:GetObject", "HEAD", "/t/there.bin", None),
        ("s3:DeleteObject", "DELETE", "/t/there.bin", None),
    ],
)
def test_denied_is_said_at_once_with_the_permission(
    artifact_store: ArtifactStore, denied: str, method: str, path: str, body: bytes | None
) -> None:
    store = artifact_store.fork()
    try:
        store.client().put_object(Bucket=store.bucket, Key="artifacts/t/there.bin", Body=b"x")
        store.deny(denied)
        with serving_lane(store.environment()) as served:
            started = time.monotonic()
            reply = served.ask(method, path, body)
            assert time.monotonic() - started < 10
            assert reply.status == 403
            if method != "HEAD":
                assert denied.encode() in reply.body
                assert b"PERMISSION_DENIED" in reply.body
            for internal in (store.bucket, store.role, "arn:", "123456789012"):
                assert internal.encode() not in reply.body
            assert served.ask("GET", "/t/missing").status == 404
    finally:
        store.account.stop()


def test_bucket_missing(artifact_store: ArtifactStore) -> None:
    store = artifact_store.fork()
    try:
        store.delete_bucket()
        with serving_lane(store.environment(store.administrator)) as served:
            for method, path, body in [
                ("PUT", "/a", b"x"),
                ("GET", "/a", None),
                ("GET", "", None),
                ("DELETE", "/a", None),
            ]:
                reply = served.ask(method, path, body)
                assert (reply.status, b"RESOURCE_DOES_NOT_EXIST" in reply.body) == (404, True)
                assert store.bucket.encode() not in reply.body
            assert served.ask("HEAD", "/a").status == 404
    finally:
        store.account.stop()


def test_store_down_and_back(artifact_store: ArtifactStore) -> None:
    store = artifact_store.fork()
    environment = store.environment()
    with serving_lane(environment, backoff_seconds=0.05) as served:
        assert served.ask("PUT", "/a", b"x").status == 200
        store.account.stop()
        for method, path, body in [("PUT", "/a", b"x"), ("GET", "/a", None), ("GET", "", None), ("DELETE", "/a", None)]:
            started = time.monotonic()
            reply = served.ask(method, path, body)
            assert time.monotonic() - started < 10
            assert (reply.status, "retry-after" in reply.headers) == (503, True)
            assert b"127.0.0.1" not in reply.body


def test_wrong_credentials(store: ArtifactStore) -> None:
    environment = {**store.environment(), "AWS_ACCESS_KEY_ID": "AKIAWRONG00000000000", "AWS_SESSION_TOKEN": ""}
    with serving_lane(environment) as served:
        reply = served.ask("PUT", "/a", b"x")
        assert (reply.status, b"PERMISSION_DENIED" in reply.body) == (403, True)


def test_no_credentials(store: ArtifactStore) -> None:
    environment = {name: value for name, value in store.environment().items() if name != "AWS_SECRET_ACCESS_KEY"}
    environment |= {"AWS_ACCESS_KEY_ID": "", "AWS_SESSION_TOKEN": "", "AWS_SECRET_ACCESS_KEY": ""}
    with serving_lane(environment) as served:
        reply = served.ask("GET", "/a")
        assert (reply.status, b"no credentials" in reply.body) == (503, True)
