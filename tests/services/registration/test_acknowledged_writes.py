"""The database breaks off in the middle of writes: what a client was told is written stays written."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from infra.preflight.parts.auth_double import AuthDouble
from infra.preflight.parts.postgres import Database, Postgres
from tests.services.parts.doorway import Doorway, doorway
from tests.services.parts.gateway_service import GatewayService, running_gateway
from tests.services.parts.mlflow_service import running_mlflow
from tests.services.parts.object_store import ArtifactStore

API = "/api/2.0/mlflow"
WRITERS = 4
# A hang ends here; a busy machine does not.
LIMIT_SECONDS = 300.0


@dataclass
class Writes:
    """Parameters of one run that several clients log until they are stopped.

    Args:
        gateway: where they send them.
        run_id: the run.
        acknowledged: names of what was answered with 200.
        refused: statuses of the other answers.
    """

    gateway: GatewayService
    run_id: str
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def write(self, writer: int) -> None:
        """One client: one parameter after the other, none of them sent twice."""
        number = 0
        while not self.stopped.is_set():
            name = f"{writer}-{number}"
            body = {"run_id": self.run_id, "key": name, "value": name}
            answer = self.gateway.request("POST", f"{API}/runs/log-parameter", body)
            if answer.status == 200:
                self.acknowledged.append(name)
            else:
                assert answer.json["error_code"], answer.body
                self.refused.append(answer.status)
            number += 1

    def stored(self) -> dict[str, str]:
        """What the run has, once the database is back."""
        deadline = time.monotonic() + LIMIT_SECONDS
        while (answer := self.gateway.request("GET", f"{API}/runs/get?run_id={self.run_id}")).status != 200:
            assert time.monotonic() < deadline, answer.body
            time.sleep(0.2)
        return {each["key"]: each["value"] for each in answer.json["run"]["data"]["params"]}


@pytest.mark.parametrize("fault", [pytest.param("connections cut", marks=pytest.mark.long), "server crashed"])
def test_no_acknowledged_write_is_lost(  # noqa: PLR0917 - fixtures
    fault: str,
    postgres: Postgres,
    migrated_database: Database,
    artifact_store: ArtifactStore,
    auth: AuthDouble,
    tmp_path: Path,
) -> None:
    database = postgres.new_database(like=migrated_database)
    with (
        doorway("127.0.0.1", postgres.port) as way,
        running_mlflow(database, artifact_store, tmp_path, {"DATABASE_PORT": str(way.port)}) as mlflow,
        running_gateway(mlflow.url, auth.url, tmp_path, key=next(iter(auth.keys))) as gateway,
    ):
        created = gateway.request("POST", f"{API}/runs/create", {"experiment_id": "0"}).json
        writes = Writes(gateway, created["run"]["info"]["run_id"])
        threads = [threading.Thread(target=writes.write, args=(writer,)) for writer in range(WRITERS)]
        for thread in threads:
            thread.start()
        try:
            _break(lambda: _cut(way) if fault == "connections cut" else _crash(postgres), writes)
        finally:
            writes.stopped.set()
            for thread in threads:
                thread.join(LIMIT_SECONDS)
        stored = writes.stored()

    lost = [name for name in writes.acknowledged if stored.get(name) != name]
    assert not lost
    assert set(writes.refused) <= {500, 502, 503, 504}


def _break(fault: Callable[[], None], writes: Writes) -> None:
    """Break the database again and again, until writes were hit by it and others went through in between."""
    deadline = time.monotonic() + LIMIT_SECONDS
    for _ in range(3):
        before, hit = len(writes.acknowledged), len(writes.refused)
        while len(writes.acknowledged) < before + 2 * WRITERS or len(writes.refused) == hit:
            assert time.monotonic() < deadline, f"{len(writes.acknowledged)} written, {len(writes.refused)} refused"
            if len(writes.acknowledged) >= before + WRITERS and len(writes.refused) == hit:
                fault()
            time.sleep(0.01)


def _cut(way: Doorway) -> None:
    way.set("closed")
    time.sleep(0.05)
    way.set("open")


def _crash(postgres: Postgres) -> None:
    postgres.stop()
    postgres.start()
