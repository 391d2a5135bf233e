"""Parts of the real chain fail and come back: what a client sees, how soon, and that nothing acknowledged is lost."""

import http.client
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.preflight.parts.auth_double import AuthDouble
from infra.preflight.parts.postgres import Database, Postgres
from tests.services.parts.doorway import Doorway, doorway
from tests.services.parts.gateway_service import Answer, GatewayService, running_gateway
from tests.services.parts.mlflow_service import MlflowService, launch, running_mlflow
from tests.services.parts.object_store import ArtifactStore

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SEARCH = ("POST", "/api/2.0/mlflow/experiments/search", {"max_results": 1})


@dataclass
class Chain:
    """A gateway, its MLflow and its database, with a way to S3 that can be closed."""

    gateway: GatewayService
    mlflow: MlflowService
    postgres: Postgres
    store: Doorway

    def soon(self, method: str, path: str, body: object = None, *, status: int, seconds: float = 30) -> Answer:
        """The first answer with this status; the part that failed needs a moment to come back."""
        deadline = time.monotonic() + seconds
        while (answer := self.gateway.request(method, path, body)).status != status:
            assert time.monotonic() < deadline, answer.body
            time.sleep(0.2)
        return answer


@pytest.fixture(scope="module", params=[pytest.param("mlflow", marks=pytest.mark.long), "direct"])
def chain(  # noqa: PLR0917 - fixtures
    request: pytest.FixtureRequest,
    postgres: Postgres,
    migrated_database: Database,
    artifact_store: ArtifactStore,
    auth: AuthDouble,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Chain]:
    folder = tmp_path_factory.mktemp("outages")
    database = postgres.new_database(like=migrated_database)
    with doorway("127.0.0.1", artifact_store.account.port) as way:
        lane = artifact_store.environment(endpoint=way.url) if request.param == "direct" else {}
        with (
            running_mlflow(database, artifact_store, folder, {"AWS_ENDPOINT_URL": way.url}) as mlflow,
            running_gateway(
                mlflow.url, auth.url, folder, key=next(iter(auth.keys)), ARTIFACT_LANE=request.param, **lane
            ) as gateway,
        ):
            yield Chain(gateway, mlflow, postgres, way)


def said(answer: Answer, chain: Chain) -> str:
    """The error's message; it names nothing of the inside."""
    message = str(answer.json["message"])
    assert answer.json["request_id"]
    for inner in ("postgres", "hokusai-mlflow-artifacts", "arn:", str(chain.mlflow.port), "Traceback"):
        assert inner not in answer.body.decode()
    return message


def test_database_down_and_back(chain: Chain) -> None:
    assert chain.gateway.request(*SEARCH).status == 200
    chain.postgres.stop()
    try:
        answer = chain.gateway.request(*SEARCH)
        assert (answer.status, answer.json["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert "MLflow or its database does not answer" in said(answer, chain)
        assert answer.seconds < 15
        assert chain.gateway.request("GET", "/health", key="").status == 200
        assert chain.gateway.request("GET", "/health/mlflow/experiments").status == 503
    finally:
        chain.postgres.start()
    chain.soon(*SEARCH, status=200)
    assert chain.soon("GET", "/health/mlflow", status=200).json["status"] == "ok"


def test_store_down_and_back(chain: Chain) -> None:
    path = f"{ARTIFACTS}/outage/kept.txt"
    assert chain.gateway.request("PUT", path, b"kept").status == 200
    chain.store.set("closed")
    try:
        for method, body in (("PUT", b"lost"), ("GET", None)):
            answer = chain.gateway.request(method, path, body, seconds=60)
            assert answer.status == 503, answer.body
            assert "artifact store" in said(answer, chain)
            assert answer.seconds < 45  # MLflow's own S3 client tries five times before it gives up
    finally:
        chain.store.set("open")
    assert chain.soon("GET", path, status=200).body == b"kept"


def test_a_slow_store_is_slow_and_whole(chain: Chain) -> None:
    content = bytes(range(256)) * 1024
    chain.store.set("slow")
    try:
        assert chain.gateway.request("PUT", f"{ARTIFACTS}/outage/slow.bin", content, seconds=60).status == 200
        answer = chain.gateway.request("GET", f"{ARTIFACTS}/outage/slow.bin", seconds=60)
    finally:
        chain.store.set("open")
    assert answer.body == content
    assert answer.seconds > 2  # 256 KiB at 64 KiB a second


def test_mlflow_killed_in_mid_request_and_back(chain: Chain, tmp_path: Path) -> None:
    connection = http.client.HTTPConnection(chain.gateway.host, chain.gateway.port, timeout=30)
    connection.putrequest("POST", "/api/2.0/mlflow/runs/log-batch")
    connection.putheader("Authorization", f"Bearer {chain.gateway.key}")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "1000000")
    connection.endheaders(b'{"run_id": "')
    time.sleep(0.3)
    os.killpg(chain.mlflow.process.pid, signal.SIGKILL)
    connection.send(b" " * 999_988)
    begun = time.monotonic()
    cut = connection.getresponse()
    assert cut.status == 502
    assert b"request_id" in cut.read()
    down = chain.gateway.request(*SEARCH)
    while "The connection to MLflow broke" in said(down, chain) and time.monotonic() - begun < 30:
        assert down.status == 502
        down = chain.gateway.request(*SEARCH)  # one of the kept connections, whose end was not noticed yet
    assert down.status == 502
    assert "MLflow cannot be reached" in said(down, chain)
    again = launch(chain.mlflow.environment, tmp_path / "again.log")
    try:
        chain.soon(*SEARCH, status=200, seconds=90)
    finally:
        again.stop()
