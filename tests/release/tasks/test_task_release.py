"""What an apply does to tasks, in its order: snapshot, migration, services; and what the ledger holds of each end."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books
from infra.release.ledger.entry import Kind, Outcome
from infra.release.records import Purpose
from infra.release.run import begun
from infra.release.tasks import task_release
from infra.release.tasks.deployment import Before, Ending
from infra.release.tasks.migration import Migrated
from infra.release.tasks.rollout import Rollout, ServiceRollout
from infra.release.tasks.schema import MIGRATES, outlook, schema_of, unfinished_migration
from infra.release.tasks.task_release import TaskRelease
from infra.terraform.plan_json import Plan
from infra.terraform.runner import TerraformError
from tests.release import plans
from tests.release.ledger.samples import record, state
from tests.release.test_connection import ACCOUNT
from tests.release.test_run import Ledger, State

OLD_SCHEMA, NEW_SCHEMA = "1a0cddfcaa16", "bf29a5ff90ea"
STATE = {
    "resources": [
        {
            "mode": "managed",
            "type": kind,
            "module": 'module.task["mlflow"]',
            "instances": [{"attributes": {"arn": "a:7", "name": "hokusai-mlflow"}}],
        }
        for kind in ("aws_ecs_task_definition", "aws_ecs_service")
    ]
}


@dataclass
class Aws:
    """What is asked of AWS, in the order in which it is asked, and how it ends."""

    asked: list[str] = field(default_factory=list)
    wanted_schema: str = NEW_SCHEMA
    migration: Migrated | Exception = field(
        default_factory=lambda: Migrated(plans.NEW, "task-1", OLD_SCHEMA, NEW_SCHEMA, 12.0)
    )
    ending: Ending = Ending.COMPLETED

    def look(self, *_: Any) -> dict[str, Before]:
        self.asked.append("look")
        return {"hokusai-mlflow": Before("a:6")}

    def snapshot(self, _: Any, database: str, name: str, __: Any) -> None:
        assert name.startswith(f"{database}-before-222222222222-")
        self.asked.append("snapshot")

    def migrate(self, *_: Any, **__: Any) -> Migrated:
        self.asked.append("migrate")
        if isinstance(self.migration, Exception):
            raise self.migration
        return self.migration

    def follow(self, _: Account, __: str, cluster: str, services: dict[str, str], ___: Any, **given: Any) -> Rollout:
        assert (cluster, services, given["before"]) == (
            "hokusai-staging",
            {"hokusai-mlflow": "a:7"},
            {"hokusai-mlflow": Before("a:6")},
        )
        self.asked.append("follow")
        one = ServiceRollout("hokusai-mlflow", "a:6", "a:7", "d", 2, 0, self.ending, "why", (), (), 3.0)
        return Rollout((one,))


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    made = Aws()
    monkeypatch.setattr(task_release, "look", made.look)
    monkeypatch.setattr(task_release, "client", lambda *_: None)
    monkeypatch.setattr(task_release, "take_snapshot", made.snapshot)
    monkeypatch.setattr(task_release, "migrate", made.migrate)
    monkeypatch.setattr(task_release, "follow", made.follow)
    monkeypatch.setattr(task_release.TaskWatch, "of", lambda *_: None)
    monkeypatch.setattr(
        task_release, "migration_outlook", lambda *given: outlook(schema_of(given[3]), made.wanted_schema)
    )
    return made


@pytest.fixture
def books() -> Books:
    ledger = Ledger()
    ledger.append(
        record(
            Kind.DEPLOY,
            Outcome.SUCCEEDED,
            environment="staging",
            details={"schema": OLD_SCHEMA, "migration": {"image": plans.OLD}},
        )
    )
    return Books(Reading(ledger), State())  # type: ignore[arg-type]


class Reading:
    """A ledger in memory that can be read whole."""

    def __init__(self, ledger: Ledger) -> None:
        self.append, self.tail, self._ledger = ledger.append, ledger.tail, ledger

    def entries(self) -> list[Any]:
        return list(self._ledger.entries)


def applied(
    environment: Environment,
    books: Books,
    plan: Plan,
    *,
    terraform: Callable[[Callable[[Any], None]], None] | None = None,
    account: Account = ACCOUNT,
) -> str:
    """Apply, with a Terraform that says what it makes; what a person is told."""

    def make(hear: Callable[[Any], None]) -> None:
        for address in sorted({change["address"] for change in plan.changes}, reverse=True):
            hear(plans.complete(address))

    tasks = TaskRelease(environment, account, plan, books)
    purpose = tasks.marked(Purpose(Kind.DEPLOY))
    opening = record(Kind.DEPLOY, environment="staging", state=state(3), details=dict(purpose.details))
    try:
        with begun(environment, account, books, [opening]) as run:
            tasks.prepare(run)
            with tasks.migrating(run) as hear:
                (terraform or make)(hear)
            tasks.follow(STATE, run)
    except InfraError as error:
        return str(error)
    return ""


def last(books: Books) -> Any:
    return books.ledger.entries()[-1].record


def test_a_migration_that_cannot_be_undone(
    environment: Environment, books: Books, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    assert applied(environment, books, plans.mlflow_deploy()) == ""
    assert aws.asked == ["look", "snapshot", "migrate", "follow"]
    said = capsys.readouterr().out
    assert said.index("migrations are not undone") < said.index(f"from {OLD_SCHEMA} to {NEW_SCHEMA} in 12 s")
    found = last(books)
    assert found.outcome is Outcome.SUCCEEDED
    assert found.details["schema"] == NEW_SCHEMA
    assert found.details[MIGRATES] == found.details["migration"]["image"] == plans.NEW
    assert found.details["snapshot"].startswith("hokusai-mlflow-staging-before-")
    assert found.details["rollout"]["hokusai-mlflow"]["ended"] == "completed"
    assert schema_of(books.ledger.entries()) == NEW_SCHEMA


def test_the_same_schema_needs_no_snapshot(environment: Environment, books: Books, aws: Aws) -> None:
    aws.wanted_schema = OLD_SCHEMA
    assert applied(environment, books, plans.mlflow_deploy()) == ""
    assert aws.asked == ["look", "migrate", "follow"]


def test_not_knowing_is_no_reason_to_save_the_snapshot(environment: Environment, books: Books, aws: Aws) -> None:
    aws.wanted_schema = ""
    assert applied(environment, books, plans.mlflow_deploy()) == ""
    assert "snapshot" in aws.asked


def test_a_migration_that_fails(environment: Environment, books: Books, aws: Aws) -> None:
    aws.migration = InfraError("The migration failed: out of memory.")
    assert "The migration failed: out of memory." in applied(environment, books, plans.mlflow_deploy())
    assert "follow" not in aws.asked
    assert (last(books).outcome, last(books).note) == (Outcome.FAILED, "The migration failed: out of memory.")
    entries = books.ledger.entries()
    assert schema_of(entries) == "", "nobody knows how far it came"
    assert unfinished_migration(entries)

    # The next apply runs it first, whatever it is about: before Terraform puts the new MLflow back.
    aws.migration, aws.asked = Migrated(plans.NEW, "task-2", OLD_SCHEMA, NEW_SCHEMA, 1.0), []
    again = plans.plan(
        [
            plans.definition("mlflow", plans.NEW, plans.NEW),
            plans.definition("mlflow-migration", plans.NEW, plans.NEW),
            plans.service("mlflow", changed=True),
            *plans.network(made=True),
            plans.database(made=True),
        ]
    )

    def make(_: Callable[[Any], None]) -> None:
        aws.asked.append("terraform")

    assert applied(environment, books, again, terraform=make) == ""
    assert aws.asked == ["look", "snapshot", "migrate", "terraform", "follow"]
    assert schema_of(books.ledger.entries()) == NEW_SCHEMA


def test_terraform_fails_while_it_migrates(
    environment: Environment, books: Books, aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.release.recovery.unsaved_state.STACK", tmp_path)

    def fail(hear: Callable[[Any], None]) -> None:
        for address in ("mlflow", "mlflow-migration"):
            hear(plans.complete(f'module.task["{address}"].aws_ecs_task_definition.this'))
        raise TerraformError("apply", [{"severity": "error", "summary": "AccessDenied"}], "")

    assert "AccessDenied" in applied(environment, books, plans.mlflow_deploy(), terraform=fail)
    assert "follow" not in aws.asked
    assert last(books).outcome is Outcome.FAILED
    assert schema_of(books.ledger.entries()) == NEW_SCHEMA, "it was migrated all the same, and the ledger says so"


def test_a_service_that_goes_back(environment: Environment, books: Books, aws: Aws) -> None:
    aws.ending = Ending.ROLLED_BACK
    said = applied(environment, books, plans.mlflow_deploy())
    assert "hokusai-mlflow rolled back (a:6 -> a:7, 0 of 2 tasks run): why" in said
    assert "make rollback ENV=staging" in said
    assert last(books).outcome is Outcome.FAILED
    assert last(books).details["rollout"]["hokusai-mlflow"]["ended"] == "rolled back"


def test_in_an_emulated_account_nothing_is_migrated(environment: Environment, books: Books, aws: Aws) -> None:
    emulated = replace(ACCOUNT, emulated=object())  # type: ignore[arg-type]
    tasks = TaskRelease(environment, emulated, plans.mlflow_deploy(), books)
    assert tasks.marked(Purpose(Kind.DEPLOY)).details == {}
    with tasks.migrating(None) as hear:  # type: ignore[arg-type] # nothing is recorded
        hear(plans.complete(plans.MIGRATION_DEFINITION))
    assert aws.asked == []


def test_a_plan_that_leaves_the_tasks_alone(environment: Environment, books: Books, aws: Aws) -> None:
    topic = plans.resource("module.x.aws_sns_topic.this", ["create"], None, {"name": "t"})
    unchanged = plans.definition("mlflow-migration", plans.OLD, plans.OLD)
    assert applied(environment, books, plans.plan([topic, unchanged, *plans.network(made=True)])) == ""
    assert aws.asked == []
    assert MIGRATES not in last(books).details
