"""When going back would lose data: both decisions are pure, and no approval overrides them."""

from collections.abc import Sequence
from typing import Final

from infra.errors import InfraError
from infra.release.ledger.entry import Entry
from infra.release.rollback.target import Target
from infra.release.tasks.schema import PROGRAM, Effect, outlook, schema_needed_by, schema_of
from infra.review.model import Review, Risk

# What CONFIRM has to be for a rollback whose schema nobody wrote down.
SCHEMA_UNCHANGED: Final = "schema-unchanged"
_SHOWN = 10


def require_schema(target: Target, entries: Sequence[Entry], environment: str, confirmation: str) -> str:
    """Refuse to start an MLflow on a schema that it does not understand.

    Args:
        target: where to go back to.
        entries: the whole ledger, the oldest first.
        environment: whose ledger, for the messages.
        confirmation: the CONFIRM variable.

    Returns:
        What is known about the schema, in a sentence.

    Raises:
        InfraError: the database was migrated since, or nobody wrote down whether it was and nobody vouches for it.
    """
    if PROGRAM not in target.images:
        return "The schema is that of the MLflow that runs: its image stays."
    image = target.record.images.get(PROGRAM, "")
    found = outlook(schema_of(entries), schema_needed_by(entries, image))
    if found.effect is Effect.SAME:
        return f"The schema ({found.now}) is the one that the earlier MLflow needs."
    if found.effect is Effect.CHANGES:
        raise InfraError(
            f"The database of {environment} was migrated to schema {found.now} since entry {target.entry.number}. Its "
            f"MLflow needs {found.wanted} and does not start on a newer one; MLflow's migrations are not undone. "
            "Nothing was changed. Deploy a mended MLflow instead (`make deploy`), or restore the snapshot that was "
            "made before the migration, and lose what was written since: docs/rollback.md, 'After a migration'."
        )
    if confirmation == SCHEMA_UNCHANGED:
        return "The schema was not written down; whoever rolls back vouched that it did not change."
    raise InfraError(
        f"The ledger of {environment} does not say which schema the database has now "
        f"({found.now or 'unknown'}) or which one the MLflow of entry {target.entry.number} needs "
        f"({found.wanted or 'unknown'}); on a newer one it does not start. Nothing was changed. Compare them "
        "(docs/rollback.md, 'After a migration'); if they are the same, the command again with "
        f"CONFIRM={SCHEMA_UNCHANGED}."
    )


def require_nothing_lost(review: Review) -> None:
    """Refuse a plan that would remove data to get back to what ran before.

    Args:
        review: of the plan.

    Raises:
        InfraError: it would; says what.
    """
    losing = [
        f"{change.address}: {consequence.text}"
        for change in review.changes
        for consequence in change.consequences
        if consequence.risk is Risk.DATA_LOSS
    ]
    if not losing:
        return
    more = [f"… and {len(losing) - _SHOWN} more"] if len(losing) > _SHOWN else []
    raise InfraError(
        "Going back would lose data, and a rollback never does. Nothing was changed but the branch that is checked out "
        "here (`git switch -` goes back).\n"
        + "\n".join(f"  - {each}" for each in [*losing[:_SHOWN], *more])
        + "\nTake back only what is broken, as a change of its own; or keep these resources (`make plan` shows them) "
        "and roll back without them."
    )
