"""Path translation, classification and refusal, without a server."""

from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.paths import Endpoint, check_path, split_target, translate

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@pytest.mark.parametrize("prefix", ["", "/api/mlflow", "/mlflow"])
@pytest.mark.parametrize(
    ("inner", "endpoint"),
    [
        (f"{API}/experiments/search", Endpoint.EXPERIMENTS),
        (f"{API}/runs/log-batch", Endpoint.RUNS),
        (f"{API}/metrics/get-history", Endpoint.RUNS),
        (f"{API}/registered-models/alias", Endpoint.MODELS),
        (f"{API}/model-versions/get-download-uri", Endpoint.MODELS),
        (f"{API}/logged-models/m-1/tags", Endpoint.MODELS),
        (f"{API}/logged-models/m-1/artifacts/directories", Endpoint.ARTIFACTS),
        (f"{API}/artifacts/list", Endpoint.ARTIFACTS),
        ("/api/3.0/mlflow/traces/search", Endpoint.TRACES),
        ("/v1/traces", Endpoint.TRACES),
        ("/api/3.0/mlflow/server-info", Endpoint.SERVER_INFO),
        ("/ajax-api/3.0/mlflow/server-info", Endpoint.SERVER_INFO),
        (ARTIFACTS, Endpoint.ARTIFACTS),
        (f"{ARTIFACTS}/a%20b+c.txt", Endpoint.ARTIFACTS),
        (f"{ARTIFACTS}/deep/%C3%BC%2Fx/y", Endpoint.ARTIFACTS),
        ("/ajax-api/2.0/mlflow-artifacts/artifacts/x", Endpoint.ARTIFACTS),
        ("/ajax-api/2.0/mlflow/get-trace-artifact", Endpoint.ARTIFACTS),
        ("/api/2.0/mlflow-artifacts/presigned/x", Endpoint.TRANSFER),
        ("/api/2.0/mlflow-artifacts/mpu/create/x", Endpoint.TRANSFER),
        (f"{API}/artifacts/presigned-upload-url", Endpoint.TRANSFER),
        # The same in letters that MLflow decodes: it must stay what it is.
        ("/api/2.0/mlflow-artifacts/%70resigned/x", Endpoint.TRANSFER),
        ("/api/3.0/mlflow/datasets/d-1", Endpoint.OTHER),
        ("/api/2.0mlflow/experiments/search-datasets", Endpoint.EXPERIMENTS),
        ("/version", Endpoint.HEALTH),
    ],
)
def test_what_a_standard_client_calls_keeps_its_bytes(prefix: str, inner: str, endpoint: Endpoint) -> None:
    route = translate(prefix + inner)

    assert (route.path, route.prefix, route.endpoint) == (inner, prefix, endpoint)


@pytest.mark.parametrize("prefix", ["/api/mlflow", "/mlflow"])
@pytest.mark.parametrize(
    ("outer", "inner", "endpoint"),
    [
        ("/experiments/search", f"{API}/experiments/search", Endpoint.EXPERIMENTS),
        ("/versions", f"{API}/versions", Endpoint.OTHER),
        ("/v1/traces/x", f"{API}/v1/traces/x", Endpoint.OTHER),
        ("/health", "/health", Endpoint.HEALTH),
        ("/", "/", Endpoint.UI),
        ("", "/", Endpoint.UI),
        ("/static-files/static/js/main.abc.js", "/static-files/static/js/main.abc.js", Endpoint.UI),
        ("/get-artifact", "/get-artifact", Endpoint.ARTIFACTS),
        ("/model-versions/get-artifact", "/model-versions/get-artifact", Endpoint.ARTIFACTS),
        ("/graphql", "/graphql", Endpoint.UI),
    ],
)
def test_older_clients_and_the_browser_ui_below_a_prefix(
    prefix: str, outer: str, inner: str, endpoint: Endpoint
) -> None:
    route = translate(prefix + outer)

    assert (route.path, route.endpoint) == (inner, endpoint)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nope",
        "/api/v1/keys/validate",
        "/api/mlflowx/experiments",
        "/mlflowx",
        "/graphql",
        "/static-files/x",
        "/gateway/x/invocations",
        "/ajax-api/3.0/mlflow/assistant/message",
        "/api/2.0/mlflow/webhooks",
        "/api/mlflow/api/2.0/mlflow/webhooks/1/test",
        "/api/mlflow/webhooks",
        "/mlflow/ajax-api/3.0/mlflow/gateway/secrets/list",
        "/api/mlflow/api/3.0/mlflow/g%61teway/endpoints/create",
        "/ajax-api/3.0/jobs/",
        "/mlflow/ajax-api/3.0/mlflow/assistant/config",
        "/mlflow/ajax-api/3.0/mlflow/%61ssistant/config",
        "/api/mlflow/ajax-api/2.0/mlflow/gateway-proxy",
    ],
)
def test_what_leads_nowhere_is_404(path: str) -> None:
    with pytest.raises(GatewayError) as refused:
        translate(path)

    assert refused.value.status == 404


@pytest.mark.parametrize(
    "tail",
    [
        "../secret",
        "a/../../secret",
        "a/..",
        "%2e%2e/secret",
        "%2E./secret",
        ".%2e%2fsecret",
        "a%2f..%2fsecret",
        "%252e%252e/secret",
        "%25252e%25252e%25252fsecret",
        "..%5csecret",
        "a\\..\\secret",
        "%5c%5cserver",
        "a//b",
        "a/./b",
        "%00",
        "a%00.txt",
        "a%2500.txt",
        "a%0d%0ab",
        "a#b",
        "a b",
        "ü",
        "a%zz",
        "a%2",
        "%2f%2fhost",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/mlflow", "/api/mlflow"])
def test_a_path_that_could_lead_elsewhere_is_400_in_every_encoding(prefix: str, tail: str) -> None:
    with pytest.raises(GatewayError) as refused:
        translate(f"{prefix}{ARTIFACTS}/{tail}")

    assert refused.value.status == 400


@pytest.mark.parametrize("target", ["http://evil/x", "//evil/x", "*", "host:443", "", "mlflow/"])
def test_only_paths_are_targets(target: str) -> None:
    with pytest.raises(GatewayError) as refused:
        translate(split_target(target)[0])

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "query", ["path=..", "path=a/../../b", "path=%2e%2e%2fx", "x=1&path=%252e%252e/x", "path=a%5cb"]
)
def test_a_listed_path_is_judged_like_a_path(query: str) -> None:
    with pytest.raises(GatewayError) as refused:
        split_target(f"{ARTIFACTS}?{query}")

    assert refused.value.status == 400


@pytest.mark.parametrize(
    "query", ["", "path=", "path=a%2Fb", "filter=name%20LIKE%20%27%25x..y%27", "path=a%20b+c..txt"]
)
def test_other_queries_pass_unchanged(query: str) -> None:
    assert split_target(f"/mlflow/x?{query}") == ("/mlflow/x", f"?{query}")


names = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\"), min_size=1).filter(
    lambda name: unquote(unquote(name)) == name and name not in (".", "..")
)


@given(st.lists(names, min_size=1, max_size=5), st.sampled_from(["", "/mlflow", "/api/mlflow"]))
def test_every_ordinary_file_name_reaches_mlflow_with_its_bytes(parts: list[str], prefix: str) -> None:
    path = f"{ARTIFACTS}/" + "/".join(quote(part, safe="") for part in parts)

    route = translate(prefix + path)

    assert route.path == path
    assert route.endpoint is Endpoint.ARTIFACTS


def _encode(text: str, layers: int) -> str:
    for _ in range(layers):
        text = "".join(f"%{ord(letter):02x}" for letter in text)
    return text


@given(
    st.lists(st.sampled_from(["a", "b.txt", "x y"]), max_size=3),
    st.lists(st.sampled_from(["a", "c"]), max_size=3),
    st.integers(0, 2),
    st.integers(0, 2),
    st.sampled_from(["/", "\\"]),
)
def test_no_encoding_of_a_parent_segment_passes(
    before: list[str], after: list[str], dots: int, separators: int, separator: str
) -> None:
    joined = _encode(separator, separators).join([*map(quote, before), _encode("..", dots), *map(quote, after)])

    with pytest.raises(GatewayError) as refused:
        check_path(f"{ARTIFACTS}/{joined}")

    assert refused.value.status == 400


@given(st.text(max_size=60))
def test_whatever_passes_is_printable_and_stays_below_its_prefix(tail: str) -> None:
    try:
        route = translate(f"/mlflow/api/2.0/mlflow-artifacts/artifacts/{tail}")
    except GatewayError:
        return
    decoded = route.path
    for _ in range(9):
        assert ".." not in decoded.split("/")
        assert "\\" not in decoded
        assert all(ord(letter) >= 0x20 for letter in decoded)
        decoded = unquote(decoded)
    assert decoded.startswith(ARTIFACTS)
