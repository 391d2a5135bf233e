"""Finishing a release whose Terraform part is done: a migration and a rollout that an interruption left behind."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from infra.account.selection import Account
from infra.console import say
from infra.environment import Environment
from infra.release.books import open_books
from infra.release.ledger.entry import Entry, Kind, Outcome
from infra.release.proof import require_health
from infra.release.records import Purpose, records_of_apply
from infra.release.remote_state import STATE_KEY
from infra.release.run import begun
from infra.release.tasks.schema import unfinished_migration
from infra.release.tasks.task_changes import services_running
from infra.release.tasks.task_release import TaskRelease
from infra.terraform.plan_json import Plan
from infra.terraform.saved_plan import PlanRecord

_CHANGES: Final = (Kind.APPLY, Kind.DEPLOY, Kind.ROLLBACK, Kind.RECOVER)


def last_change(entries: Sequence[Entry]) -> Entry | None:
    """How the last change ended.

    Args:
        entries: of the ledger, the oldest first.

    Returns:
        The entry that closes it; None where nothing was ever changed.
    """
    return next((each for each in reversed(entries) if each.record.closes and each.record.kind in _CHANGES), None)


def left_behind(entries: Sequence[Entry]) -> bool:
    """Whether the last change may not run although Terraform has nothing to do.

    Args:
        entries: of the ledger, the oldest first; none of them is open.

    Returns:
        True after a change that failed or was recovered: nobody saw its tasks run.
    """
    last = last_change(entries)
    seen = last is None or (last.record.outcome is Outcome.SUCCEEDED and last.record.kind is not Kind.RECOVER)
    return not seen or unfinished_migration(entries)


def finish(  # noqa: PLR0917 - each has a name that callers use
    environment: Environment,
    account: Account,
    record: PlanRecord,
    document: Mapping[str, Any],
    images: Collection[str],
    purpose: Purpose,
) -> None:
    """Migrate and follow what Terraform has applied already, and record how it ended.

    Args:
        environment: whose; the caller holds it.
        account: its own.
        record: of a plan that changes nothing.
        document: its JSON.
        images: repository and digest of each image that has to run.
        purpose: what the ledger says.

    Raises:
        InfraError: the migration or a service failed, or the front door does not answer.
    """
    say(f"Terraform has nothing to do for {environment.name}, but nobody saw it run: going on from there.")
    books, plan = open_books(environment, account), Plan(document)
    tasks = TaskRelease(environment, account, plan, books, services_running(plan, images))
    records = list(records_of_apply(record, document, account, None, tasks.marked(purpose)))
    with begun(environment, account, books, records) as run:
        tasks.prepare(run)
        tasks.follow(books.state.document(STATE_KEY) or {}, run)
        run.note = require_health(environment, account, plan)
