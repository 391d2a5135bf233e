"""The parts of the lane that decide: settings, names, parts, memory, checksums, signatures, refusals."""

import asyncio
import io
import zlib
from collections.abc import AsyncIterator
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials
from hypothesis import given
from hypothesis import strategies as st

from gateway.artifacts.bodies import Passing, checksum, encoded_length
from gateway.artifacts.media import download_headers, stored_headers
from gateway.artifacts.parts import Budget, Cut
from gateway.artifacts.refusals import refusal
from gateway.artifacts.settings import DirectLaneSettings, DirectLaneSettingsError
from gateway.artifacts.signing import Call, signed
from gateway.artifacts.store import NO_CREDENTIALS, TOO_SLOW, UNREACHABLE, StoreError

_MIB, _GIB, _TIB = 2**20, 2**30, 2**40
_CUT = Cut(10_000, 8 * _MIB, 16 * _MIB)
_GOOD = {"ARTIFACTS_DESTINATION": "s3://bucket-1/some/prefix", "AWS_REGION": "eu-central-1"}


@pytest.mark.parametrize(
    ("changed", "bucket_url", "prefix"),
    [
        ({}, "https://bucket-1.s3.eu-central-1.amazonaws.com", "some/prefix"),
        ({"ARTIFACTS_DESTINATION": "s3://bucket-1"}, "https://bucket-1.s3.eu-central-1.amazonaws.com", ""),
        ({"ARTIFACTS_DESTINATION": "s3://bucket-1/a/"}, "https://bucket-1.s3.eu-central-1.amazonaws.com", "a"),
        ({"ARTIFACTS_DESTINATION": "s3://buc.ket/a"}, "https://s3.eu-central-1.amazonaws.com/buc.ket", "a"),
        ({"AWS_REGION": "cn-north-1"}, "https://bucket-1.s3.cn-north-1.amazonaws.com.cn", "some/prefix"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "http://127.0.0.1:9/bucket-1", "some/prefix"),
        ({"AWS_ENDPOINT_URL": "http://[::1]:9/"}, "http://[::1]:9/bucket-1", "some/prefix"),
        (
            {"AWS_ENDPOINT_URL": "http://x", "AWS_ENDPOINT_URL_S3": "https://s3.test"},
            "https://s3.test/bucket-1",
            "some/prefix",
        ),
    ],
)
def test_settings(changed: dict[str, str], bucket_url: str, prefix: str) -> None:
    settings = DirectLaneSettings.from_environment({**_GOOD, **changed})
    assert (settings.bucket_url, settings.prefix) == (bucket_url, prefix)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"ARTIFACTS_DESTINATION": ""}, "ARTIFACTS_DESTINATION"),
        ({"ARTIFACTS_DESTINATION": "/local/folder"}, "ARTIFACTS_DESTINATION"),
        ({"ARTIFACTS_DESTINATION": "s3://bucket-1/a/../b"}, "ARTIFACTS_DESTINATION"),
        ({"ARTIFACTS_DESTINATION": "s3://bucket-1/a//b"}, "ARTIFACTS_DESTINATION"),
        ({"ARTIFACTS_DESTINATION": "s3://Bucket/a"}, "ARTIFACTS_DESTINATION"),
        ({"AWS_REGION": ""}, "AWS_REGION"),
        ({"AWS_REGION": "moon"}, "AWS_REGION"),
        ({"AWS_ENDPOINT_URL": "http://s3.example.com"}, "loopback"),
        ({"AWS_ENDPOINT_URL": "ftp://127.0.0.1"}, "https://host"),
        ({"AWS_ENDPOINT_URL": "https://user:secret@host"}, "https://host"),
        ({"AWS_ENDPOINT_URL": "https://host/path"}, "https://host"),
    ],
)
def test_wrong_settings_are_named(changed: dict[str, str], named: str) -> None:
    with pytest.raises(DirectLaneSettingsError) as error:
        DirectLaneSettings.from_environment({**_GOOD, **changed})
    assert named in str(error.value)
    assert "secret" not in str(error.value)
    assert "\n" not in str(error.value)


def test_all_wrong_settings_are_named_at_once() -> None:
    with pytest.raises(DirectLaneSettingsError) as error:
        DirectLaneSettings.from_environment({})
    assert len(str(error.value).splitlines()) == 2


@given(length=st.integers(1, 5 * _TIB))
def test_every_length_fits_in_10000_parts_that_s3_takes(length: int) -> None:
    size = _CUT.known(length)
    assert -(-length // size) <= 10_000
    assert 5 * _MIB <= size <= 5 * _GIB


def test_parts_of_usual_uploads_can_be_kept() -> None:
    assert _CUT.known(78 * _GIB) == 8 * _MIB
    assert _CUT.known(156 * _GIB) == 16 * _MIB
    assert sum(_CUT.unknown(number) for number in range(1, 10_001)) > 100 * _GIB


def test_a_budget_is_never_exceeded_and_waiting_is_fair() -> None:
    async def run() -> None:
        budget = Budget(10)
        assert budget.take(6)
        assert not budget.take(5)
        large = asyncio.create_task(budget.wait(8, 5))
        await asyncio.sleep(0)
        assert not budget.take(1), "who comes later must not starve who waits"
        budget.give(6)
        assert await large
        assert not await budget.wait(8, 0.01)
        assert budget.take(2), "who gave up waits no longer"
        cancelled = asyncio.create_task(budget.wait(8, 5))
        await asyncio.sleep(0)
        budget.give(8)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
        budget.give(2)
        assert budget.take(10), "a cancelled wait gives back what it got"

    asyncio.run(run())


class _Writer(io.BytesIO):
    async def write(self, data: Any) -> None:  # type: ignore[override]
        super().write(data)


@given(pieces=st.lists(st.binary(max_size=50)), large=st.integers(0, 3))
def test_a_passing_body_is_as_long_as_announced_and_ends_in_its_checksum(pieces: list[bytes], large: int) -> None:
    pieces = [*pieces, *[bytes(700_000)] * large]
    content = b"".join(pieces)

    async def each() -> AsyncIterator[memoryview]:
        for piece in pieces:
            yield memoryview(piece)

    writer = _Writer()
    body = Passing(each(), len(content))
    asyncio.run(body.write(writer))  # type: ignore[arg-type]
    sent = writer.getvalue()
    assert body.size == len(sent) == encoded_length(len(content))
    assert sent.endswith(b"0\r\nx-amz-checksum-crc32:" + checksum(zlib.crc32(content)).encode() + b"\r\n\r\n")
    decoded, rest = b"", sent
    while not rest.startswith(b"0\r\n"):
        size, _, rest = rest.partition(b"\r\n")
        decoded, rest = decoded + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert decoded == content


def test_a_passing_body_that_is_too_short_never_ends() -> None:
    async def each() -> AsyncIterator[memoryview]:
        yield memoryview(b"abc")

    writer = _Writer()
    body = Passing(each(), 4)
    with pytest.raises(ConnectionResetError):
        asyncio.run(body.write(writer))  # type: ignore[arg-type]
    assert len(writer.getvalue()) < encoded_length(4)
    assert isinstance(body.failure, ConnectionResetError)


def test_a_signature_is_botocores_own_without_the_body() -> None:
    credentials = ReadOnlyCredentials("AKIA", "secret", "token")
    call = Call("PUT", "artifacts/a b+ü%.txt", {"uploadId": "a/b=", "partNumber": "1"}, {"If-None-Match": "*"})
    url, headers = signed(call, "https://bucket.test", "us-east-1", credentials)
    assert url == "https://bucket.test/artifacts/a%20b%2B%C3%BC%25.txt?partNumber=1&uploadId=a%2Fb%3D"
    assert headers["X-Amz-Content-SHA256"] == "UNSIGNED-PAYLOAD"
    assert headers["X-Amz-Security-Token"] == "token"
    assert "if-none-match" in headers["Authorization"]
    again = AWSRequest("PUT", url, headers={"If-None-Match": "*", "X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    signer = S3SigV4Auth(credentials, "s3", "us-east-1")
    again.context["timestamp"] = headers["X-Amz-Date"]
    again.headers["X-Amz-Date"] = headers["X-Amz-Date"]
    again.headers["X-Amz-Security-Token"] = "token"
    expected = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    assert headers["Authorization"].endswith(expected)


def test_a_trailer_is_announced_in_the_signature() -> None:
    _, headers = signed(Call("PUT", "k", trailer=True), "https://b", "us-east-1", ReadOnlyCredentials("A", "s", None))
    assert headers["X-Amz-Content-SHA256"] == "STREAMING-UNSIGNED-PAYLOAD-TRAILER"


@pytest.mark.parametrize(
    ("path", "kind", "disposition"),
    [
        ("a/plain.txt", "text/plain", "attachment; filename=plain.txt"),
        ("a/MLmodel", "text/plain", "attachment; filename=MLmodel"),
        ("a/page.html", "text/html", "attachment; filename=page.html"),
        ("a/unknown", "application/octet-stream", "attachment; filename=unknown"),
        ("a/x y.bin", "application/octet-stream", 'attachment; filename="x y.bin"'),
        ('a/"q\\.bin', "application/octet-stream", 'attachment; filename="\\"q\\\\.bin"'),
        ("a/é.bin", "application/octet-stream", "attachment; filename=e.bin; filename*=UTF-8''%C3%A9.bin"),
        ("a/日", "application/octet-stream", "attachment; filename=download; filename*=UTF-8''%E6%97%A5"),
    ],
)
def test_download_headers(path: str, kind: str, disposition: str) -> None:
    headers = download_headers(path)
    assert (headers["Content-Type"], headers["Content-Disposition"]) == (kind, disposition)


@given(name=st.text())
def test_no_name_breaks_a_header(name: str) -> None:
    # Control characters are escaped in the path before (paths.py); everything else must come out as one ASCII line.
    name = "".join(c for c in name if ord(c) >= 32 and not 0xD800 <= ord(c) < 0xE000)
    disposition = download_headers(name)["Content-Disposition"]
    assert disposition.isascii()
    assert disposition.isprintable() or "\x7f" in name


def test_stored_headers_name_no_encryption() -> None:
    assert stored_headers("a/x.csv.gz") == {"Content-Type": "text/csv", "Content-Encoding": "gzip"}
    assert stored_headers("a/unknown") == {}


_ARN = "arn:aws:sts::123456789012:assumed-role/hokusai-mlflow-task/x"
_KEY = "arn:aws:kms:us-east-1:123456789012:key/1"
_DENIED = f"User: {_ARN} is not authorized to perform: kms:GenerateDataKey on resource: {_KEY}"


@pytest.mark.parametrize(
    ("error", "status", "code", "says"),
    [
        (StoreError(403, "AccessDenied", "Access Denied"), 403, "PERMISSION_DENIED", "s3:PutObject"),
        (StoreError(403, "AccessDenied", _DENIED), 403, "PERMISSION_DENIED", "kms:GenerateDataKey"),
        (StoreError(403, "InvalidAccessKeyId", ""), 403, "PERMISSION_DENIED", "credentials"),
        (StoreError(400, "ExpiredToken", ""), 403, "PERMISSION_DENIED", "credentials"),
        (StoreError(400, "KMS.DisabledException", _ARN), 403, "PERMISSION_DENIED", "DisabledException"),
        (StoreError(404, "NoSuchBucket", "bucket-1"), 404, "RESOURCE_DOES_NOT_EXIST", "bucket"),
        (StoreError(404, "NoSuchKey", ""), 404, "RESOURCE_DOES_NOT_EXIST", "a/b"),
        (StoreError(412, "PreconditionFailed", ""), 412, "RESOURCE_CONFLICT", "a/b"),
        (StoreError(412, "412", ""), 412, "RESOURCE_CONFLICT", "a/b"),
        (StoreError(409, "ConditionalRequestConflict", ""), 409, "RESOURCE_CONFLICT", "again"),
        (StoreError(416, "InvalidRange", "", {"ActualObjectSize": "7"}), 416, "INVALID_PARAMETER_VALUE", "Range"),
        (StoreError(503, "SlowDown", ""), 503, "TEMPORARILY_UNAVAILABLE", "later"),
        (StoreError(500, "InternalError", ""), 503, "TEMPORARILY_UNAVAILABLE", "later"),
        (StoreError(502, "502", ""), 503, "TEMPORARILY_UNAVAILABLE", "later"),
        (StoreError(0, UNREACHABLE, _ARN), 503, "TEMPORARILY_UNAVAILABLE", "later"),
        (StoreError(0, NO_CREDENTIALS, _ARN), 503, "TEMPORARILY_UNAVAILABLE", "credentials"),
        (StoreError(0, TOO_SLOW, ""), 504, "DEADLINE_EXCEEDED", "in time"),
        (StoreError(301, "PermanentRedirect", "bucket-1.s3"), 500, "INTERNAL_ERROR", "PermanentRedirect"),
        (StoreError(400, "InvalidRequest", _ARN), 500, "INTERNAL_ERROR", "InvalidRequest"),
    ],
)
def test_refusals(error: StoreError, status: int, code: str, says: str) -> None:
    told = refusal(error, "a/b", "s3:PutObject")
    assert (told.status, told.error_code) == (status, code)
    assert says in told.message
    for internal in ("arn:", "123456789012", "hokusai-mlflow-task", "bucket-1"):
        assert internal not in told.message
    assert ("Retry-After" in told.headers) == (status == 503)
    assert told.headers.get("Content-Range") == ("bytes */7" if status == 416 else None)
