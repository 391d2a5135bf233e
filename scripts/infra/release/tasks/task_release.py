"""What an apply does to tasks beside Terraform: the schema is migrated first, then the services are followed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from infra.account.clients import client
from infra.account.selection import Account
from infra.console import note, progress, say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books
from infra.release.records import Purpose
from infra.release.run import Run
from infra.release.tasks.deployment import Before
from infra.release.tasks.migration import Migrated, migrate
from infra.release.tasks.migration_outlook import migration_outlook
from infra.release.tasks.migration_run import MigrationRun
from infra.release.tasks.rollout import follow, look
from infra.release.tasks.schema import (
    MIGRATES,
    Effect,
    Outlook,
    unfinished_migration,
)
from infra.release.tasks.snapshot import snapshot_name, take_snapshot
from infra.release.tasks.task_changes import (
    Migration,
    Network,
    changed_services,
    database_of,
    migration_of,
    revisions_of,
)
from infra.release.tasks.task_watch import TaskWatch
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Listener, TerraformError


class TaskRelease:
    """The tasks of one apply. In an emulated account nothing runs: nothing is migrated or followed, which is said.

    Args:
        environment: that is applied.
        account: where.
        plan: that is applied.
        books: its ledger, which tells the schema.
        also: services that are followed although the plan does not change them.

    Raises:
        InfraError: the ledger or ECR did not answer.
    """

    def __init__(
        self, environment: Environment, account: Account, plan: Plan, books: Books, also: Sequence[str] = ()
    ) -> None:
        self._environment, self._account, self._plan = environment, account, plan
        self._cluster = str(plan.outputs.get("cluster_name", ""))
        self._services = tuple(dict.fromkeys([*changed_services(plan), *also]))
        self._before: dict[str, Before] = {}
        self._migration: Migration | None = None
        self._outlook = Outlook(Effect.SAME, "", "")
        found = None if account.emulated else migration_of(plan, environment.name)
        entries = books.ledger.entries() if found else []
        if found and (found.changed or unfinished_migration(entries)):
            self._migration = found
            self._outlook = migration_outlook(environment, account, found.image, entries)

    def marked(self, purpose: Purpose) -> Purpose:
        """The purpose, as the entry that begins it has to tell it: a kill must not hide that a migration was begun.

        Args:
            purpose: why the plan is applied.

        Returns:
            The same, with the image that migrates.
        """
        if self._migration is None:
            return purpose
        return replace(purpose, details={**purpose.details, MIGRATES: self._migration.image})

    def prepare(self, run: Run) -> None:
        """What has to happen before Terraform: see what runs, make a snapshot, end a migration that was begun earlier.

        Args:
            run: what is under way.

        Raises:
            InfraError: ECS does not answer, the snapshot or the migration failed. Terraform has changed nothing.
        """
        if self._services:
            self._before = look(self._account, self._environment.region, self._cluster, self._services)
        if self._migration is None:
            return
        say(self._outlook.told, style=None if self._outlook.effect is Effect.SAME else "bold yellow")
        database = database_of(self._plan)
        if database and self._outlook.effect is not Effect.SAME:
            name = snapshot_name(database, self._migration.image, datetime.now(UTC))
            with progress(f"making snapshot {name}: the only way back over a migration") as step:
                take_snapshot(client(self._account, self._environment.region, "rds"), database, name, step)
            _record(run, {"snapshot": name})
        if not self._migration.changed:
            migration = self._run_of(self._migration, run)
            migration.start()
            _wait(migration, run)

    @contextmanager
    def migrating(self, run: Run) -> Iterator[Listener]:
        """Migrate the schema while Terraform applies, as soon as everything is there that the task needs.

        Args:
            run: what is under way.

        Yields:
            What has to hear every message of Terraform's.

        Raises:
            InfraError: the migration failed; raised when Terraform has ended.
        """
        if self._migration is None or not self._migration.changed:
            yield lambda _: None
            return
        migration = self._run_of(self._migration, run)
        try:
            yield migration.hear
        except TerraformError:
            if migration.started:  # it goes on whatever became of Terraform, and the ledger has to tell how it ended
                try:
                    _wait(migration, run)
                except InfraError as error:
                    note(f"  {error}", style="red")
            raise
        if not migration.started:
            migration.start()
        _wait(migration, run)

    def follow(self, state: Mapping[str, Any], run: Run) -> None:
        """Follow the services that were changed until ECS is done with them.

        Args:
            state: of the stack, which tells the revisions.
            run: what is under way.

        Raises:
            InfraError: one of them does not run what was applied.
        """
        if not self._services:
            return
        name, region = self._environment.name, self._environment.region
        revisions = revisions_of(state, self._services)
        with progress(f"following {', '.join(revisions)}") as step:
            rollout = follow(self._account, region, self._cluster, revisions, step, before=self._before)
        _record(run, {"rollout": rollout.details()})
        if rollout.succeeded is False:
            raise InfraError(
                f"{rollout.told}\nEverything was applied, but {name} does not run it; why tasks stopped stands above. "
                "Mend the cause and deploy again, or bring back what the ledger says ran before: "
                f"`make rollback ENV={name}`."
            )
        say(rollout.told)

    def _run_of(self, migration: Migration, run: Run) -> MigrationRun:
        watch = TaskWatch.of(self._account, self._environment.region)
        mark = str(run.entry.record.details["run"])

        def work(network: Network, tell: Callable[[str], None]) -> Migrated:
            return migrate(watch, self._cluster, migration, network, mark, tell=tell)

        return MigrationRun(self._plan, migration, work)


def _wait(migration: MigrationRun, run: Run) -> None:
    with progress("migrating the schema") as step:
        did = migration.wait(step)
    _record(run, did.details())
    say(did.told)


def _record(run: Run, facts: Mapping[str, object]) -> None:
    run.details = {**run.details, **facts}
