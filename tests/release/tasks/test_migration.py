"""The migration task: started once, waited for, its end explained and its last line read."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from infra.errors import InfraError
from infra.release.tasks import migration as migrations
from infra.release.tasks.container_log import ContainerLogs
from infra.release.tasks.ecs import Ecs
from infra.release.tasks.migration import Migrated, migrate, report_of
from infra.release.tasks.schema import schema_needed_by, schema_of
from infra.release.tasks.task_changes import Migration, Network
from infra.release.tasks.task_watch import TaskWatch
from tests.release import ecs_answers as ecs
from tests.release import plans
from tests.release.ledger.samples import chained, record

FAMILY = "hokusai-mlflow-migration-staging"
REVISION = ecs.revision(4, FAMILY)
NETWORK = Network(("subnet-a", "subnet-b"), ("sg-migration",))
MIGRATION = Migration(FAMILY, plans.NEW, 'module.task["mlflow-migration"]', changed=True)
RUN = "0123456789abcdef0123456789abcdef"
TASK = ecs.task(1, "", definition=REVISION)["taskArn"]
DONE = json.dumps({"event": "migrated", "mlflow": "3.17.2", "before": "1a0cddfcaa16", "schema": "bf29a5ff90ea"})
NO_ANSWER = EndpointConnectionError(endpoint_url="https://ecs.us-east-1.amazonaws.com")


def state(status: str, code: int | None = None, why: str = "", **container: Any) -> dict[str, Any]:
    found = {"name": "migration", "exitCode": code} if code is not None else {"name": "migration"}
    return ecs.task(
        1,
        why,
        definition=REVISION,
        lastStatus=status,
        container=found | container,
        stopCode="EssentialContainerExited",
    )


RUNNING = [state("PROVISIONING"), state("PENDING"), state("RUNNING")]
EXITED = "Essential container in task exited"


class Client:
    """ECS with one migration task, look by look."""

    def __init__(self, looks: Iterable[Mapping[str, Any] | Exception | None], image: str = plans.NEW) -> None:
        self.looks, self.image = list(looks), image
        self.started: list[dict[str, Any]] = []
        self.there: list[str] = []
        self.failures: list[dict[str, str]] = []
        self.asked = 0

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        assert taskDefinition in (FAMILY, f"{FAMILY}:4")
        options = {"awslogs-group": "/ecs/hokusai/mlflow/staging", "awslogs-stream-prefix": "mlflow-migration"}
        container = {"name": "migration", "image": self.image, "logConfiguration": {"options": options}}
        definition = {"family": FAMILY, "revision": 4, "taskDefinitionArn": REVISION}
        return {"taskDefinition": definition | {"containerDefinitions": [container]}}

    def list_tasks(self, *, cluster: str, family: str, desiredStatus: str) -> dict[str, Any]:  # noqa: N803
        assert (cluster, family, desiredStatus) == (ecs.CLUSTER, FAMILY, "RUNNING")
        return {"taskArns": self.there}

    def run_task(self, **request: Any) -> dict[str, Any]:
        self.started.append(request)
        return {"tasks": [] if self.failures else [{"taskArn": TASK}], "failures": self.failures}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert (cluster, tasks) == (ecs.CLUSTER, [TASK])
        self.asked += 1
        assert self.asked < 1000, "it is asked for ever"
        look = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        if isinstance(look, Exception):
            raise look
        return {"tasks": [look] if look else []}


def migrated(client: Client, log: list[str] | None = None, **options: Any) -> Migrated:
    streams = {f"mlflow-migration/migration/{1:032x}": log} if log is not None else {}
    watch = TaskWatch(Ecs(client), ContainerLogs(ecs.LogsClient(streams), sleep=lambda _: None))
    return migrate(
        watch, ecs.CLUSTER, MIGRATION, NETWORK, RUN, **({"tell": lambda _: None, "pause_seconds": 0} | options)
    )


def test_it_ends_well() -> None:
    client = Client([*RUNNING, state("STOPPED", 0, EXITED)])
    did = migrated(client, ["mlflow-server: user mlflow may use the database", DONE])
    assert (did.before, did.schema, did.image) == ("1a0cddfcaa16", "bf29a5ff90ea", plans.NEW)
    assert "from 1a0cddfcaa16 to bf29a5ff90ea" in did.told
    [request] = client.started
    assert request == {
        "cluster": ecs.CLUSTER,
        "taskDefinition": REVISION,
        "count": 1,
        "launchType": "FARGATE",
        "platformVersion": "1.4.0",
        "networkConfiguration": {
            "awsvpcConfiguration": {
                "subnets": ["subnet-a", "subnet-b"],
                "securityGroups": ["sg-migration"],
                "assignPublicIp": "DISABLED",
            }
        },
        "enableECSManagedTags": True,
        "propagateTags": "TASK_DEFINITION",
        "startedBy": f"infra/{RUN}"[:36],
        "clientToken": RUN,
    }


def test_what_the_ledger_keeps_is_what_a_rollback_asks() -> None:
    did = migrated(Client([state("STOPPED", 0)]), [DONE])
    entries = chained([record(details=did.details())])
    assert schema_of(entries) == schema_needed_by(entries, plans.NEW) == "bf29a5ff90ea"


def test_one_that_runs_already_is_waited_for() -> None:
    """A release that was killed leaves it behind; two at a time would only wait for each other."""
    client = Client([state("RUNNING"), state("STOPPED", 0)])
    client.there = [TASK]
    assert migrated(client, [DONE]).schema == "bf29a5ff90ea"
    assert client.started == []


@pytest.mark.parametrize(
    ("end", "log", "reason"),
    [
        (state("STOPPED", 1, EXITED), ["ERROR relation already exists"], "ended with an error (exit code 1)"),
        (
            state("STOPPED", 137, EXITED, reason="OutOfMemoryError: Container killed due to memory usage"),
            ["half"],
            "out of memory: migration",
        ),
        (state("STOPPED", None, "CannotPullContainerError: x: not found"), None, "not in the repository"),
        (state("STOPPED", None, "Scaling activity initiated by x"), None, "it was stopped"),
    ],
)
def test_it_fails(end: dict[str, Any], log: list[str] | None, reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InfraError) as caught:
        migrated(Client([*RUNNING, end]), log)
    assert "The migration failed: " in str(caught.value)
    assert reason in str(caught.value)
    said = capsys.readouterr().err
    assert all(f"| {line}" in said for line in log or [])


def test_a_task_that_ecs_does_not_start() -> None:
    client = Client([None])
    client.failures = [{"reason": "Capacity is unavailable at this time."}]
    with pytest.raises(InfraError, match="ECS did not start hokusai-mlflow-migration-staging:4: Capacity is"):
        migrated(client)


def test_a_revision_that_somebody_made_by_hand_is_not_run() -> None:
    client = Client([None], image=plans.OLD)
    with pytest.raises(InfraError, match="somebody made a revision by hand"):
        migrated(client)
    assert client.started == []


def test_it_is_not_stopped_when_it_takes_long() -> None:
    with pytest.raises(InfraError, match=r"has not ended after .* goes on") as caught:
        migrated(Client([state("RUNNING")]), patience_seconds=0)
    assert "Deploy again when it has ended" in str(caught.value)


def test_short_silences() -> None:
    looks = [None, NO_ANSWER, state("RUNNING"), ecs.client_error("ThrottlingException"), state("STOPPED", 0)]
    assert migrated(Client(looks), [DONE]).schema


def test_a_long_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrations, "_SILENCE_SECONDS", 0)
    with pytest.raises(InfraError, match="what became of it is not known"):
        migrated(Client([NO_ANSWER]))


def test_an_image_from_before_migrations_told_the_schema() -> None:
    did = migrated(Client([state("STOPPED", 0)]), ["done"])
    assert did.schema == ""
    assert "does not tell the schema" in did.told
    assert "schema" not in did.details()


def test_the_line_that_tells() -> None:
    noise = ["{", "[]", "1", json.dumps({"event": "other"}), ""]
    assert report_of([*noise, DONE, *noise])["schema"] == "bf29a5ff90ea"
    assert report_of(noise) == {}
