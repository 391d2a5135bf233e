"""Running the migration task and waiting for its end; what it did stands in the last line of its log.

Nothing new serves before it has ended: `mlflow-server serve` waits until the database has the schema that it needs. A
task that waits no longer ends, ECS starts another one, and after a few of them goes back to the version before.
"""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from infra.console import note
from infra.errors import InfraError
from infra.release.aws_call import NoAnswerError
from infra.release.tasks.stopped_task import explain
from infra.release.tasks.task_changes import Migration, Network
from infra.release.tasks.task_watch import TaskWatch
from infra.release.tasks.task_watch import tell as tell_about

# A large database takes long (https://mlflow.org/docs/latest/self-hosting/migration: "can be slow"). The task is never
# stopped from here: half of a migration is worse than a late one.
PATIENCE_SECONDS: Final = 3600.0
_PAUSE_SECONDS: Final = 3.0
_SILENCE_SECONDS: Final = 120.0
_LINES: Final = 20


@dataclass(frozen=True)
class Migrated:
    """What a migration did.

    Args:
        image: that ran it.
        task_id: of the task.
        before: the schema that it found; "" for none, or where its log does not tell.
        schema: the schema that it left; "" where its log does not tell (images from before it did).
        seconds: how long it took, with the task's start.
    """

    image: str
    task_id: str
    before: str
    schema: str
    seconds: float

    @property
    def told(self) -> str:
        """In a sentence."""
        took = f"in {self.seconds:.0f} s"
        if not self.schema:
            return f"The migration ended well {took}; its log does not tell the schema."
        if self.before == self.schema:
            return f"The schema was {self.schema} already ({took})."
        return f"The schema went from {self.before or 'nothing'} to {self.schema} {took}."

    def details(self) -> dict[str, object]:
        """For the ledger; `schema` reads it."""
        told: dict[str, object] = {
            "migration": {
                "image": self.image,
                "task": self.task_id,
                "before": self.before,
                "seconds": round(self.seconds),
            }
        }
        return told | ({"schema": self.schema} if self.schema else {})


def migrate(
    watch: TaskWatch,
    cluster: str,
    migration: Migration,
    network: Network,
    run: str,
    *,
    tell: Callable[[str], None],
    patience_seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
) -> Migrated:
    """Run the migration task, or wait for the one that runs already, until it has ended.

    Args:
        watch: asks the account.
        cluster: name.
        migration: the task.
        network: where it runs.
        run: names this run of the release; a request that AWS got twice starts one task.
        tell: told how far it is.
        patience_seconds: how long it may take.
        pause_seconds: between two looks.

    Returns:
        What it did.

    Raises:
        InfraError: it was not started, failed, or has not ended in time; says why, with its last lines.
    """
    began = time.monotonic()
    definition = watch.ecs.definition(migration.family)
    image = str(definition["containerDefinitions"][0]["image"])
    if image != migration.image:
        raise InfraError(
            f"The newest revision of {migration.family} ({definition['revision']}) runs {image}, and not what was "
            f"applied, {migration.image}: somebody made a revision by hand. Nothing was migrated."
        )
    task = _running(watch, cluster, definition) or watch.ecs.run_task(
        cluster, definition["taskDefinitionArn"], network.subnets, network.groups, run
    )
    ended = _ended(watch, cluster, task, tell, began, patience_seconds, pause_seconds)
    stopped = explain(ended)
    task_id = task.rpartition("/")[2]
    if stopped is None or stopped.exit_code != 0:
        if stopped:
            tell_about(watch.with_last_words(stopped), "the migration")
        raise InfraError(
            f"The migration failed: {stopped.reason if stopped else 'it was stopped'} (task {task_id}). What runs goes "
            "on on the schema that it left; no new MLflow serves. MLflow's migrations are not guaranteed to be "
            "transactional: read its log, mend the cause, and deploy again, which runs it again."
        )
    found = _report(watch, definition, task_id, pause_seconds)
    return Migrated(image, task_id, found.get("before") or "", found.get("schema") or "", time.monotonic() - began)


def report_of(lines: Iterable[str]) -> dict[str, Any]:
    """What a migration told about itself (services/mlflow, `mlflow-server migrate`).

    Args:
        lines: of its log.

    Returns:
        Its line of JSON; empty when there is none.
    """
    for line in reversed(list(lines)):
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("event") == "migrated":
            return found
    return {}


def _running(watch: TaskWatch, cluster: str, definition: dict[str, Any]) -> str:
    """A migration of this revision that runs already: a release that was killed leaves it behind."""
    for task in watch.ecs.tasks(cluster, watch.ecs.task_arns(cluster, definition["family"])):
        if task.get("taskDefinitionArn") == definition["taskDefinitionArn"] and task.get("lastStatus") != "STOPPED":
            note(f"    a migration of this revision runs already (task {task['taskArn'].rpartition('/')[2][:8]})")
            return str(task["taskArn"])
    return ""


def _ended(  # noqa: PLR0917 - the terms of one wait
    watch: TaskWatch, cluster: str, task: str, tell: Callable[[str], None], began: float, patience: float, pause: float
) -> dict[str, Any]:
    answered = time.monotonic()
    while True:
        now = time.monotonic()
        try:
            found = next(iter(watch.ecs.tasks(cluster, [task])), None)
            if found and found.get("lastStatus") == "STOPPED":
                return found
            answered = now if found else answered
            tell(str(found["lastStatus"]).lower() if found else "not seen yet")
        except NoAnswerError as error:
            tell(str(error))
        if now - answered >= _SILENCE_SECONDS:
            raise InfraError(f"ECS tells nothing about the migration (task {task}): what became of it is not known.")
        if now - began >= patience:
            raise InfraError(
                f"The migration has not ended after {now - began:.0f} s and goes on (task {task.rpartition('/')[2]}). "
                "It is not stopped: half of a migration is worse than a late one. Deploy again when it has ended."
            )
        time.sleep(pause)


def _report(watch: TaskWatch, definition: dict[str, Any], task_id: str, pause: float) -> dict[str, Any]:
    container = definition["containerDefinitions"][0]["name"]
    for _ in range(3):  # the last line may come a few seconds after the end
        found = report_of(watch.logs.last(definition, container, task_id, _LINES))
        if found:
            return found
        time.sleep(pause)
    return {}
