"""Everything that a standard client does, through the gateway, with each artifact lane."""

import re
from pathlib import Path

import pytest
import yaml

from infra.preflight.parts.auth_double import AuthDouble
from infra.verification.client import client_variables
from infra.verification.session import client_session
from tests.services.parts.gateway_service import GatewayService

KEY = "key-of-the-session"
FOLDER = Path(__file__).parent
STEPS = ["experiments", "runs", "artifacts", "model", "registry", "traces", "refusals", "cleanup"]
# A client asks for what may be there or not, and the session for what is not there.
REFUSED = {
    ("GET /api/2.0/mlflow/experiments/get-by-name", 404),
    ("GET /api/2.0/mlflow-artifacts/artifacts/{path}", 404),
    ("GET /api/2.0/mlflow/registered-models/get", 404),
    ("GET /api/2.0/mlflow/runs/get", 404),
    ("POST /api/2.0/mlflow/registered-models/create", 400),
}
# What differs from session to session.
_VARIABLE = (
    (re.compile(r"/artifacts/.+"), "/artifacts/{path}"),
    (re.compile(r"m-[0-9a-f]{32}"), "{model}"),
    (re.compile(r"tr-[0-9a-f]{32}"), "{trace}"),
)


def shape(line: dict[str, object]) -> str:
    """Method and path of a request, without what differs from session to session."""
    path = str(line["path"]).removeprefix("/api/mlflow")
    for pattern, name in _VARIABLE:
        path = pattern.sub(name, path)
    return f"{line['method']} {path}"


@pytest.fixture(scope="module")
def calls(
    registry: GatewayService, auth: AuthDouble, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, object]]:
    """The access lines of one session."""
    folder = tmp_path_factory.mktemp("session")
    name = "session-" + registry.environment["ARTIFACT_LANE"]
    auth.add(KEY, user_id="ada", key_id="key-7")  # tells this session's requests from those of other tests
    with client_session(name, folder, client_variables(folder, registry.tracking_uri, KEY)) as session:
        for step in STEPS:
            assert session.step(step)
    # Lines are written a moment after the answer, in the order of the answers: with this one, all of them are there.
    registry.request("GET", "/version", headers={"X-Request-ID": f"after-{name}"})
    registry.wait_for_record("access", request_id=f"after-{name}")
    return [line for line in registry.records("access") if line["user_id"] == "ada"]


def test_the_client_calls_what_is_recorded(calls: list[dict[str, object]]) -> None:
    """docs/api.md and the gateway's routes are for these; a new client that calls others is seen here first."""
    recorded = yaml.safe_load((FOLDER / "calls.yaml").read_text())
    seen = sorted({shape(line) for line in calls if int(str(line["status"])) < 400})
    assert seen == recorded, "if the client is a new one: write this into calls.yaml:\n" + yaml.safe_dump(seen)


def test_nothing_failed_but_what_should(calls: list[dict[str, object]]) -> None:
    assert {(shape(line), line["status"]) for line in calls if int(str(line["status"])) >= 400} == REFUSED


def test_every_write_is_audited(registry: GatewayService, calls: list[dict[str, object]]) -> None:
    audited = {record["request_id"]: record for record in registry.records("audit")}
    uploads = [line for line in calls if line["method"] == "PUT"]
    assert uploads
    for line in uploads:
        record = audited[line["request_id"]]
        assert (record["user_id"], record["key_id"], record["outcome"]) == ("ada", "key-7", "ok")
        assert record["subject"]["artifact"]
    versions = [record for record in audited.values() if record["action"] == "POST model-versions/create"]
    assert {record["subject"]["name"] for record in versions} >= {"session-" + registry.environment["ARTIFACT_LANE"]}


def test_no_key_is_in_any_log(registry: GatewayService, calls: list[dict[str, object]]) -> None:
    assert calls
    assert KEY not in registry.log
