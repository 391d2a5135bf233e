"""The gateway in front of the real MLflow server, with a bucket that enforces permissions and can be broken."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.preflight.parts.auth_double import running_auth
from infra.preflight.parts.postgres import Database, Postgres
from infra.verification.client import run_client
from tests.services.parts.gateway_service import GatewayService, running_gateway
from tests.services.parts.mlflow_service import MlflowService, running_mlflow
from tests.services.parts.object_store import ArtifactStore

KEY = "registry-key"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
ODD = "d/a%20b+c%2Fe/%C3%BC.txt"


@pytest.fixture(scope="module")
def store(artifact_store: ArtifactStore) -> Iterator[ArtifactStore]:
    """A bucket of this module's own."""
    fork = artifact_store.fork()
    yield fork
    fork.account.stop()


@pytest.fixture(scope="module")
def mlflow(
    postgres: Postgres, migrated_database: Database, store: ArtifactStore, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MlflowService]:
    database = postgres.new_database(like=migrated_database)
    with running_mlflow(database, store, tmp_path_factory.mktemp("mlflow")) as service:
        yield service


@pytest.fixture(scope="module")
def registry(mlflow: MlflowService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayService]:
    with running_auth() as auth:
        auth.add(KEY)
        with running_gateway(mlflow.url, auth.url, tmp_path_factory.mktemp("gateway"), key=KEY) as service:
            yield service


@pytest.mark.parametrize("prefix", ["", "/mlflow", "/api/mlflow"])
def test_artifacts_with_odd_names_go_up_and_down(registry: GatewayService, prefix: str) -> None:
    for name, content in ((ODD, b"abc"), ("empty", b""), ("large.bin", bytes(3_000_000))):
        path = f"{prefix}{ARTIFACTS}/{name}"
        assert registry.request("PUT", path, content).status == 200
        assert registry.request("GET", path).body == content
    listed = registry.request("GET", f"{prefix}{ARTIFACTS}?path=d/a%20b%2Bc/e").json
    assert [entry["path"] for entry in listed["files"]] == ["ü.txt"]
    assert registry.request("DELETE", f"{prefix}{ARTIFACTS}/empty").status == 200
    gone = registry.request("GET", f"{prefix}{ARTIFACTS}/empty")
    assert (gone.status, gone.json["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_the_browser_ui_works_below_its_prefix(registry: GatewayService) -> None:
    assert registry.request("GET", "/mlflow").headers["location"] == "/mlflow/"
    page = registry.request("GET", "/mlflow/").body.decode()
    scripts = [part.split('"')[0] for part in page.split('src="')[1:]]
    assert scripts
    for script in scripts:
        assert registry.request("GET", f"/mlflow/{script}").status == 200
    found = registry.request("POST", "/mlflow/ajax-api/2.0/mlflow/experiments/search", {"max_results": 1})
    assert found.json["experiments"][0]["name"] == "Default"
    answer = registry.request("POST", "/mlflow/graphql", {"query": "{__typename}"}, {"Origin": "https://registry.test"})
    assert answer.json["data"] == {"__typename": "Query"}


def test_health_is_made_of_real_calls(registry: GatewayService) -> None:
    checks = registry.request("GET", "/health/mlflow").json["checks"]

    assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(
        ("experiments", "models", "artifacts"), "ok"
    )


@pytest.mark.parametrize(
    ("breaking", "method", "status", "says"),
    [
        ("put", "PUT", 403, "s3:PutObject"),
        ("get", "GET", 403, "s3:GetObject"),
        ("delete", "DELETE", 403, "s3:DeleteObject"),
        ("list", "LIST", 403, "s3:ListBucket"),
        ("list", "GET", 403, "s3:ListBucket"),
        ("list", "DELETE", 403, "s3:ListBucket"),
        ("everything", "PUT", 403, "s3:PutObject"),
        ("everything", "GET", 403, "s3:GetObject"),
        ("everything", "LIST", 403, "s3:ListBucket"),
        ("bucket", "PUT", 404, "bucket does not exist"),
        ("bucket", "GET", 404, "bucket does not exist"),
        ("bucket", "LIST", 404, "bucket does not exist"),
        ("bucket", "DELETE", 404, "bucket does not exist"),
    ],
)
def test_a_denied_or_missing_bucket_is_told_within_a_second_and_not_to_be_tried_again(
    *, registry: GatewayService, store: ArtifactStore, breaking: str, method: str, status: int, says: str
) -> None:
    registry.request("PUT", f"{ARTIFACTS}/d/there.txt", b"abc")
    broken = {
        "put": lambda: store.deny("s3:PutObject"),
        "delete": lambda: store.deny("s3:DeleteObject"),
        "get": lambda: store.deny("s3:GetObject"),
        "list": lambda: store.allow("s3:GetObject", "s3:PutObject", "s3:DeleteObject", listing=False),
        "everything": store.deny_all,
        "bucket": store.delete_bucket,
    }[breaking]
    broken()
    try:
        path = f"{ARTIFACTS}?path=d" if method == "LIST" else f"{ARTIFACTS}/d/there.txt"
        answer = registry.request("GET" if method == "LIST" else method, path, b"x" if method == "PUT" else None)
    finally:
        store.allow()
        if breaking == "bucket":
            store.create_bucket()

    assert answer.status == status, answer.body
    assert says in answer.json["message"]
    assert answer.seconds < 10  # measured: under one; a busy machine takes longer, MLflow's client alone 247
    assert store.bucket.encode() not in answer.body
    assert not [name for name in store.object_keys() if "probe" in name]


def test_the_standard_client_gives_up_at_once_and_says_which_permission_is_missing(
    registry: GatewayService, store: ArtifactStore, client_python: Path, tmp_path: Path
) -> None:
    store.deny("s3:PutObject")
    script = """
import time, mlflow
with mlflow.start_run():
    begun = time.monotonic()
    try:
        mlflow.log_text("abc", "a.txt")
    except Exception as error:
        print(f"{time.monotonic() - begun:.2f} {error}")
"""
    try:
        result = run_client(client_python, script, tmp_path, registry.tracking_uri, token=KEY)
    finally:
        store.allow()

    seconds, _, said = result.stdout.partition(" ")
    assert result.returncode == 0, result.stderr
    assert "s3:PutObject" in said
    assert float(seconds) < 20
