"""S3 that fails in passing, for good, slowly, half-way, or says nothing useful: what the client gets, and how soon."""

import asyncio
import contextlib
import http.client
import json
import os
import random
import select
import socket
import ssl
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.services.artifacts.serving import ROUTE, Served, serving_lane
from tests.services.artifacts.store_double import Behaviour, StoreDouble, error, serving_double

_MIB = 2**20
_CONTENT = random.Random(8).randbytes(3 * _MIB)  # noqa: S311 - bytes to move


@pytest.fixture
def double() -> StoreDouble:
    return StoreDouble(objects={"artifacts/there.bin": _CONTENT})


@pytest.fixture
def lane(double: StoreDouble) -> Iterator[Served]:
    """Parts of 1 MiB, which S3 would refuse, and little patience."""
    with (
        serving_double(double) as server,
        serving_lane(
            double.environment(server), part_bytes=_MIB, buffer_bytes=4 * _MIB, answer_seconds=0.5, backoff_seconds=0.02
        ) as served,
    ):
        yield served


def _says(status: int, code: str, message: str = "") -> Behaviour:
    async def behave(request: web.BaseRequest) -> web.StreamResponse:
        await request.content.read()
        return error(status, code, message)

    return behave


async def _hangs(request: web.BaseRequest) -> web.StreamResponse:
    await asyncio.sleep(1.2)
    return web.Response()


async def _drops(request: web.BaseRequest) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def _breaks_off(after: int, etag: str | None = None) -> Behaviour:
    async def behave(request: web.BaseRequest) -> web.StreamResponse:
        headers = {"Content-Length": str(len(_CONTENT)), **({"ETag": etag} if etag else {})}
        response = web.StreamResponse(headers=headers)
        await response.prepare(request)
        await response.write(_CONTENT[:after])
        await asyncio.sleep(0.1)
        assert request.transport is not None
        request.transport.abort()
        return response

    return behave


@pytest.mark.parametrize(
    "behaviour", [_says(503, "SlowDown"), _says(500, "InternalError"), _drops], ids=["slow", "500", "gone"]
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "/there.bin", None), ("PUT", "/new.bin", b"x"), ("PUT", "/new.bin", _CONTENT), ("GET", "", None)],
    ids=["get", "put", "parts", "list"],
)
def test_what_passes_is_not_noticed(  # noqa: PLR0917 - a table
    lane: Served, double: StoreDouble, behaviour: Behaviour, method: str, path: str, body: bytes | None
) -> None:
    double.faults = [(method, "partNumber=2" if body == _CONTENT else "", behaviour)] * 2
    assert lane.ask(method, path, body).status == 200
    assert double.faults == []
    if body:
        assert double.objects["artifacts/new.bin"] == body


@pytest.mark.parametrize(
    ("behaviour", "status", "code"),
    [
        (_says(503, "SlowDown"), 503, "TEMPORARILY_UNAVAILABLE"),
        (_says(500, "InternalError"), 503, "TEMPORARILY_UNAVAILABLE"),
        (_says(400, "InvalidRequest"), 500, "INTERNAL_ERROR"),
        (_drops, 503, "TEMPORARILY_UNAVAILABLE"),
        (_hangs, 504, "DEADLINE_EXCEEDED"),
    ],
    ids=["slow", "500", "400", "gone", "hangs"],
)
@pytest.mark.parametrize("path", ["/there.bin", "/single.bin", "/parts.bin"])
def test_what_does_not_pass_is_told_soon(  # noqa: PLR0917 - a table
    lane: Served, double: StoreDouble, path: str, behaviour: Behaviour, status: int, code: str
) -> None:
    method = "GET" if path == "/there.bin" else "PUT"
    double.faults = [
        (method, "partNumber=2" if path == "/parts.bin" else "", behaviour)
    ] * 9  # aiohttp asks once more itself when a used connection is gone
    started = time.monotonic()
    reply = lane.ask(method, path, {"/single.bin": b"x", "/parts.bin": _CONTENT}.get(path))
    assert time.monotonic() - started < 10
    assert (reply.status, json.loads(reply.body)["error_code"]) == (status, code)
    assert path == "/there.bin" or f"artifacts{path}" not in double.objects
    deadline = time.monotonic() + 3
    while double.uploads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert double.uploads == {}, "aborted"


def test_an_upload_that_completes_with_an_error_under_200(lane: Served, double: StoreDouble) -> None:
    double.faults = [("POST", "uploadId", _says(200, "InternalError"))]
    assert lane.ask("PUT", "/parts.bin", _CONTENT).status == 503
    assert "artifacts/parts.bin" not in double.objects


def test_damage_on_the_way_is_not_stored(lane: Served, double: StoreDouble) -> None:
    double.faults = [("PUT", "", _says(400, "BadDigest"))]
    reply = lane.ask("PUT", "/new.bin", b"x")
    assert (reply.status, b"send it again" in reply.body) == (503, True)


def test_requests_carry_a_checksum_and_name_no_encryption(lane: Served, double: StoreDouble) -> None:
    assert lane.ask("PUT", "/one.txt", b"x").status == 200
    assert lane.ask("PUT", "/parts.bin", _CONTENT).status == 200
    for seen in double.asked("PUT"):
        assert "x-amz-checksum-crc32" in seen.headers
        assert seen.headers["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
        assert not [name for name in seen.headers if "encryption" in name]
    assert [seen.headers["x-amz-checksum-algorithm"] for seen in double.asked("POST")[:1]] == ["CRC32"]
    assert double.objects["artifacts/parts.bin"] == _CONTENT


@pytest.mark.parametrize("size", [1, 3 * _MIB], ids=["single", "parts"])
def test_conditions_of_an_upload_reach_what_commits_it(lane: Served, double: StoreDouble, size: int) -> None:
    assert lane.ask("PUT", "/new.bin", _CONTENT[:size], {"If-None-Match": "*", "If-Match": '"x"'}).status == 200
    commit = double.asked("PUT" if size == 1 else "POST")[-1]
    assert (commit.headers["if-none-match"], commit.headers["if-match"]) == ("*", '"x"')


def test_without_memory_the_checksum_follows(double: StoreDouble) -> None:
    with serving_double(double) as server:
        environment = double.environment(server)
        with serving_lane(environment, part_bytes=_MIB, buffer_bytes=0, most_parts=2) as served:
            for size in (0, 1, _MIB, 3 * _MIB):
                assert served.ask("PUT", f"/{size}.bin", _CONTENT[:size]).status == 200
                assert double.objects[f"artifacts/{size}.bin"] == _CONTENT[:size]
    trailers = [seen.headers.get("x-amz-trailer") for seen in double.asked("PUT")]
    assert trailers == [None, *["x-amz-checksum-crc32"] * 4], "one, whole, and two halves rounded up to a MiB"


@pytest.mark.parametrize("behaviour", [_drops, _says(503, "SlowDown")], ids=["gone", "slow"])
@pytest.mark.parametrize("size", [1, 3 * _MIB], ids=["single", "parts"])
def test_what_is_not_kept_is_not_sent_again(double: StoreDouble, size: int, behaviour: Behaviour) -> None:
    with serving_double(double) as server:
        environment = double.environment(server)
        with serving_lane(environment, part_bytes=_MIB, buffer_bytes=0, backoff_seconds=0.02) as served:
            assert served.ask("PUT", "/warm.bin", b"x").status == 200  # so that the connection is a used one
            double.faults = [("PUT", "new", behaviour)]
            reply = served.ask("PUT", "/new.bin", _CONTENT[:size])
            assert (reply.status, "retry-after" in reply.headers) == (503, True)
    assert len([seen for seen in double.asked("PUT") if "new" in seen.key]) == 1
    assert "artifacts/new.bin" not in double.objects
    assert double.uploads == {}


def test_a_download_that_breaks_off_goes_on(lane: Served, double: StoreDouble) -> None:
    etag = lane.ask("HEAD", "/there.bin").headers["etag"]
    double.faults = [("GET", "there", _breaks_off(_MIB, etag))]
    assert lane.ask("GET", "/there.bin").body == _CONTENT
    again = double.asked("GET")[-1].headers
    assert (again["range"], again["if-match"]) == (f"bytes={_MIB}-{len(_CONTENT) - 1}", etag)


@pytest.mark.parametrize("etag", ['"another version"', None])
def test_a_download_that_cannot_go_on_is_no_whole_answer(lane: Served, double: StoreDouble, etag: str | None) -> None:
    double.faults = [("GET", "there", _breaks_off(_MIB, etag))]
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        lane.ask("GET", "/there.bin")
    assert lane.ask("GET", "/there.bin").body == _CONTENT, "and the lane goes on"


def test_a_slow_client_is_not_taken_for_a_slow_store(double: StoreDouble) -> None:
    with (
        serving_double(double) as server,
        serving_lane(double.environment(server), buffer_bytes=0, answer_seconds=0.3) as served,
        socket.create_connection(("127.0.0.1", served.port)) as connection,
    ):
        connection.sendall(f"PUT {ROUTE}/slow.bin HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n".encode())
        for _ in range(4):
            connection.sendall(b"x")
            time.sleep(0.2)
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
    assert double.objects["artifacts/slow.bin"] == b"xxxx"


@pytest.mark.parametrize("body", [_CONTENT[: _MIB + 1], iter([_CONTENT[:_MIB], b"x"])], ids=["length", "chunked"])
def test_a_body_that_is_too_long(double: StoreDouble, body: Any) -> None:
    with (
        serving_double(double) as server,
        serving_lane(double.environment(server), part_bytes=_MIB // 2, largest_upload=_MIB) as served,
    ):
        assert served.ask("PUT", "/fits.bin", _CONTENT[:_MIB]).status == 200
        reply = served.ask("PUT", "/long.bin", body)
    assert (reply.status, str(_MIB).encode() in reply.body) == (413, True)
    assert "artifacts/long.bin" not in double.objects
    assert double.uploads == {}


@pytest.mark.parametrize("below", [1e18, 0.0], ids=["windows", "stream"])
def test_a_client_that_does_not_read_is_left(double: StoreDouble, below: float) -> None:
    double.objects["artifacts/huge.bin"] = bytes(64 * _MIB)
    with (
        serving_double(double) as server,
        serving_lane(double.environment(server), client_idle_seconds=0.3, windows_below=below) as served,
        socket.create_connection(("127.0.0.1", served.port)) as connection,
    ):
        connection.sendall(f"GET {ROUTE}/huge.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        select.select([connection], [], [], 60)
        time.sleep(3)  # ten times of what it may be idle, from the first byte on
        connection.settimeout(30)
        assert _received(connection) < 64 * _MIB


def _received(connection: socket.socket) -> int:
    """Bytes that come until the connection ends, in whatever way."""
    count = 0
    with contextlib.suppress(ConnectionError):
        while more := len(connection.recv(_MIB)):
            count += more
    return count


def test_the_operator_finds_what_the_client_is_not_told(
    lane: Served, double: StoreDouble, caplog: pytest.LogCaptureFixture
) -> None:
    double.faults = [("PUT", "", _says(403, "AccessDenied", "arn:aws:sts::1:assumed-role/x may not"))]
    reply = lane.ask("PUT", "/new.bin", b"x")
    assert b"arn:" not in reply.body
    [line] = [record.getMessage() for record in caplog.records if record.name == "gateway.artifacts"]
    assert "request-1" in line
    assert "arn:aws:sts::1:assumed-role/x may not" in line


@pytest.fixture
def windows(double: StoreDouble) -> Iterator[Served]:
    """Large downloads by windows of 256 KiB, and memory for one such download."""
    with (
        serving_double(double) as server,
        serving_lane(
            double.environment(server),
            lead_bytes=_MIB // 4,
            windows_below=1e18,
            window_bytes=_MIB // 4,
            windows_at_once=3,
            read_ahead_bytes=3 * _MIB // 4,
            backoff_seconds=0.02,
        ) as served,
    ):
        yield served


@pytest.mark.parametrize(
    ("asked", "first", "end"), [("", 0, None), ("bytes=1000-2000999", 1000, 2001000), ("bytes=2000-", 2000, None)]
)
def test_a_large_download_comes_by_windows(
    windows: Served, double: StoreDouble, asked: str, first: int, end: int | None
) -> None:
    double.faults = [("GET", "there", _says(503, "SlowDown"))] * 2
    reply = windows.ask("GET", "/there.bin", headers={"Range": asked} if asked else {})
    assert reply.body == _CONTENT[first:end]
    ranges = [seen.headers["range"] for seen in double.asked("GET") if "if-match" in seen.headers]
    assert len(ranges) >= len(reply.body) // (_MIB // 4) - 2, "all but the beginning, which ends with what has come"
    assert windows.ask("GET", "/there.bin").body == _CONTENT, "its memory was given back"
    assert len([seen for seen in double.asked("GET") if "if-match" in seen.headers]) > len(ranges)


def test_a_window_of_another_version_ends_the_download(windows: Served, double: StoreDouble) -> None:
    async def rewritten(request: web.BaseRequest) -> web.StreamResponse:
        content, double.objects["artifacts/there.bin"] = double.objects["artifacts/there.bin"], bytes(3 * _MIB)
        return web.Response(body=content, headers={"ETag": '"before"'})

    double.faults = [("GET", "there", rewritten)]
    with pytest.raises((http.client.IncompleteRead, ConnectionError)):
        windows.ask("GET", "/there.bin")
    assert windows.ask("GET", "/there.bin").body == bytes(3 * _MIB)


def test_many_downloads_at_a_time_without_memory_for_all(windows: Served, double: StoreDouble) -> None:
    with ThreadPoolExecutor(6) as pool:
        bodies = list(pool.map(lambda _: windows.ask("GET", "/there.bin").body, range(12)))
    assert all(body == _CONTENT for body in bodies)


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("/missing.bin", 404, "No such artifact"),
        ("/folder", 400, "directory"),
        ("/there.bin", 403, "s3:GetObject"),
        ("/there", 404, "No such artifact"),
    ],
)
def test_aws_denies_a_missing_key_to_who_may_list_a_prefix_only(
    lane: Served, double: StoreDouble, path: str, status: int, says: str
) -> None:
    """GetObject has no s3:prefix, so the condition of the task role's s3:ListBucket does not hold for it."""
    double.objects["artifacts/folder/file"] = b"x"
    double.faults = [("GET", path, _says(403, "AccessDenied", "Access Denied"))]
    reply = lane.ask("GET", path)
    assert (reply.status, says in reply.body.decode()) == (status, True)


def test_listing_asks_for_no_more_than_the_task_role_may(lane: Served, double: StoreDouble) -> None:
    for query in ("", "path=", "path=9", "path=9/"):
        lane.ask("GET", query=query)
    lane.ask("DELETE", "/9/run")
    lane.ask("GET", "/9/missing")
    asked = [seen.query["prefix"] for seen in double.seen if "prefix" in seen.query]
    assert len(asked) >= 6
    assert all(prefix.startswith("artifacts/") for prefix in asked)


def test_many_pages_are_listed_and_deleted(double: StoreDouble) -> None:
    double.page = 3
    double.objects |= {f"artifacts/many/f{number}&<é.txt": b"x" for number in range(8)} | {
        "artifacts/many-others": b"x"
    }
    with serving_double(double) as server, serving_lane(double.environment(server)) as served:
        files = json.loads(served.ask("GET", query="path=many").body)["files"]
        assert [file["path"] for file in files] == [f"f{number}&<é.txt" for number in range(8)]
        assert served.ask("DELETE", "/many").status == 200
    assert sorted(double.objects) == ["artifacts/many-others", "artifacts/there.bin"]


def test_nothing_to_delete_leaves_no_mark(lane: Served, double: StoreDouble) -> None:
    assert lane.ask("DELETE", "/nothing").status == 200
    assert [seen.query for seen in double.asked("POST")] == []


def test_credentials_of_the_task_are_found_and_renewed(double: StoreDouble) -> None:
    """The container credentials endpoint of ECS; S3 says that they expired, and the new ones are fetched at once."""
    given: list[str] = []

    async def credentials(request: web.BaseRequest) -> web.StreamResponse:
        given.append(f"AKIATASK{len(given)}")
        body = {"AccessKeyId": given[-1], "SecretAccessKey": "s", "Token": "t", "Expiration": "2100-01-01T00:00:00Z"}
        return web.json_response(body)

    with serving_double(double) as server:
        environment = double.environment(server) | {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"http://127.0.0.1:{server.port}/credentials"
        }
        del environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
        double.faults = [("GET", "/credentials", credentials)] * 2
        with serving_lane(environment) as served:
            assert served.ask("GET", "/there.bin").status == 200
            assert served.ask("GET", "/there.bin").status == 200
            assert len(given) == 1, "kept"
            double.faults.append(("GET", "there", _says(400, "ExpiredToken")))
            assert served.ask("GET", "/there.bin").status == 200
    keys = [
        seen.headers["authorization"].partition("Credential=")[2].partition("/")[0]
        for seen in double.asked("GET")
        if "authorization" in seen.headers
    ]
    assert keys == ["AKIATASK0", "AKIATASK0", "AKIATASK0", "AKIATASK1"]


def test_a_proxy_of_the_environment_is_not_used(double: StoreDouble) -> None:
    with (
        serving_double(double) as server,
        mock.patch.dict(os.environ, {"HTTP_PROXY": "http://127.0.0.1:9"}),
        serving_lane(double.environment(server)) as served,
    ):
        assert served.ask("GET", "/there.bin").status == 200


def test_a_certificate_that_nobody_vouches_for_is_refused(double: StoreDouble, tmp_path: Path) -> None:
    with serving_double(double, _own_certificate(tmp_path)) as server:
        environment = double.environment(server) | {"AWS_ENDPOINT_URL": f"https://localhost:{server.port}"}
        with serving_lane(environment) as served:
            assert served.ask("PUT", "/new.bin", b"x").status == 503
    assert double.seen == []


def _own_certificate(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(1)).not_valid_after(now + timedelta(1))
    certificate = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = folder / "both.pem"
    file.write_bytes(certificate.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
