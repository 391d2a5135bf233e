"""Which key a request means: never one outside the destination, whatever the encoding."""

from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.artifacts.operations import ArtifactOperation, parse_operation
from gateway.artifacts.paths import object_key, safe_path
from gateway.errors import GatewayError
from tests.services.artifacts.serving import ROUTE

_AJAX = "/ajax-api/2.0/mlflow-artifacts/artifacts"


def _encoded(text: bytes, times: int) -> str:
    """Every byte percent-encoded, so often."""
    for _ in range(times):
        text = "".join(f"%{byte:02X}" for byte in text).encode()
    return text.decode()


# What climbs, hides or separates, as itself and encoded up to three times, among ordinary text.
_PIECES = st.one_of(
    st.sampled_from(
        ["..", ".", "/", "//", "\\", "%", "#", "?", ";", ":", "~", " ", "file:", "s3:", "C:", "\x00", "\r", "@"]
    ),
    st.text(max_size=4),
).flatmap(
    lambda piece: st.one_of(
        st.just(quote(piece, safe="")),
        st.just(quote(piece, safe="/.:\\;")),
        st.integers(1, 3).map(lambda times: _encoded(piece.encode(errors="surrogatepass"), times)),
    )
)
_PATHS = st.lists(_PIECES, max_size=8).map("".join)


def _refused(error: GatewayError) -> None:
    assert error.status == 400


@settings(max_examples=600, deadline=None)
@given(path=_PATHS, method=st.sampled_from(["GET", "HEAD", "PUT", "DELETE"]))
def test_no_path_leaves_the_prefix(path: str, method: str) -> None:
    try:
        operation = parse_operation(method, f"{ROUTE}/{path}".encode(), b"")
        if operation is None:
            return
        key = object_key("artifacts/of/this-server", operation.path)
    except GatewayError as error:
        _refused(error)
        return
    assert key.startswith("artifacts/of/this-server/")
    assert ".." not in key.split("/")
    assert key != "artifacts/of/this-server/"
    assert not any(ord(character) < 32 or ord(character) == 127 for character in key)


@settings(max_examples=200, deadline=None)
@given(path=_PATHS)
def test_no_listing_leaves_the_prefix(path: str) -> None:
    try:
        operation = parse_operation("GET", ROUTE.encode(), f"path={path}".encode())
    except GatewayError as error:
        _refused(error)
        return
    assert operation is not None
    assert operation.kind == "list"
    assert ".." not in operation.path.split("/")
    assert not operation.path.startswith("/")


@settings(max_examples=200, deadline=None)
@given(raw=st.binary(max_size=30))
def test_any_bytes_are_an_answer(raw: bytes) -> None:
    for path in (raw, ROUTE.encode() + b"/" + raw, quote_from_bytes(raw).encode()):
        try:
            parse_operation("GET", path, raw)
        except GatewayError as error:
            _refused(error)


@given(
    name=st.text(
        st.characters(exclude_characters="%#/\\?;", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1
    )
)
def test_an_ordinary_name_is_its_own_key(name: str) -> None:
    if name in {".", ".."} or ":" in name:
        return
    operation = parse_operation("PUT", f"{ROUTE}/9/run/artifacts/{quote(name)}".encode(), b"")
    assert operation == ArtifactOperation("upload", f"9/run/artifacts/{name}")


@pytest.mark.parametrize(
    ("method", "path", "query", "expected"),
    [
        ("GET", ROUTE, b"", ArtifactOperation("list", "")),
        ("GET", _AJAX, b"path=a%20b%2Bc", ArtifactOperation("list", "a b+c")),
        ("GET", ROUTE, b"path=a+b", ArtifactOperation("list", "a b")),
        ("GET", f"{ROUTE}/a/b", b"path=c", ArtifactOperation("download", "a/b")),
        ("HEAD", f"{_AJAX}/a/b", b"", ArtifactOperation("download", "a/b", head_only=True)),
        ("PUT", f"{ROUTE}/a/b", b"", ArtifactOperation("upload", "a/b")),
        ("DELETE", f"{ROUTE}/a/b/", b"", ArtifactOperation("delete", "a/b/")),
        ("GET", ROUTE.replace("-artifacts", "%2Dartifacts") + "%2Fa", b"", ArtifactOperation("download", "a")),
        # MLflow's to answer.
        ("HEAD", ROUTE, b"", None),
        ("DELETE", ROUTE, b"", None),
        ("POST", f"{ROUTE}/a", b"", None),
        ("PATCH", f"{ROUTE}/a", b"", None),
        ("OPTIONS", f"{ROUTE}/a", b"", None),
        ("GET", f"{ROUTE}/a%0Ab", b"", None),
        ("GET", f"{ROUTE}s/a", b"", None),
        ("GET", f"/{ROUTE}/a", b"", None),
        ("GET", "/api/2.0/mlflow-artifacts/presigned/a", b"", None),
        ("GET", "/api/2.0/mlflow-artifacts/mpu/create/a", b"", None),
        ("GET", "/api/2.0/mlflow/experiments/search", b"", None),
    ],
)
def test_operation(method: str, path: str, query: bytes, expected: ArtifactOperation | None) -> None:
    assert parse_operation(method, path.encode(), query) == expected


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("GET", f"{ROUTE}/", b""),  # MLflow would fetch everything there is
        ("PUT", f"{ROUTE}/a/", b""),
        ("GET", f"{ROUTE}/\xe9", b""),
        ("GET", ROUTE, b"path=\xff"),
        ("GET", ROUTE, b"path=%2Fetc"),
        ("GET", f"{ROUTE}/file:a", b""),
    ],
)
def test_refused(method: str, path: str, query: bytes) -> None:
    with pytest.raises(GatewayError) as refused:
        parse_operation(method, path.encode("latin-1"), query)
    assert refused.value.status == 400


def test_a_key_that_s3_cannot_hold_is_refused() -> None:
    assert object_key("artifacts", "x" * 1014) == "artifacts/" + "x" * 1014
    with pytest.raises(GatewayError) as refused:
        object_key("artifacts", "é" * 508)
    assert refused.value.status == 400


def test_without_a_prefix_the_path_is_the_key() -> None:
    assert object_key("", safe_path("a/b")) == "a/b"
