"""Which schema the backend store has, as far as the ledger and an image's tags tell, and what a deploy does to it.

MLflow's migrations go one way: its server refuses a schema that it does not know, and MLflow documents no downgrade and
says that migrations may be slow, are not guaranteed to be transactional, and want a backup first.

Source: https://mlflow.org/docs/latest/self-hosting/migration
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from infra.release.ledger.entry import Entry

# The program that owns the schema, and the task that migrates it.
PROGRAM: Final = "mlflow"
# What the entry of a change that is going to migrate says in its details: the image that does.
MIGRATES: Final = "migrates"
# What ends a tag of an image of it: the revision that `mlflow-server schema` prints.
_TAG: Final = re.compile(r".*schema-(?P<revision>[0-9a-f]{8,40})")


class Effect(StrEnum):
    """What an image does to the schema."""

    SAME = "same"
    CHANGES = "changes"
    UNKNOWN = "unknown"  # treated as a change: nobody can say that it is none


@dataclass(frozen=True)
class Outlook:
    """What a deploy is going to do to the schema.

    Args:
        effect: on the schema.
        now: the revision that the ledger knows; "" where it knows none.
        wanted: the revision that the new image needs; "" where nobody can tell before it runs.
    """

    effect: Effect
    now: str
    wanted: str

    @property
    def told(self) -> str:
        """In a few sentences, for whoever decides."""
        if self.effect is Effect.SAME:
            return f"The schema stays as it is ({self.now}): this deploy can be undone."
        if self.effect is Effect.CHANGES:
            return (
                f"The schema changes from {self.now or 'what it is'} to {self.wanted}. MLflow's migrations are not "
                "undone: the image that runs now does not start on the new schema. Going back afterwards means "
                "restoring the database from a snapshot, and losing what was written since."
            )
        return (
            f"The schema may change: the ledger says {self.now or 'nothing about it'}, and the new image's tags "
            f"{'say ' + self.wanted if self.wanted else 'do not name the schema that it needs'}. MLflow's migrations "
            "are not undone; going back would mean restoring the database from a snapshot."
        )


def schema_of(entries: Sequence[Entry]) -> str:
    """The schema that the database has, as the ledger tells.

    Args:
        entries: of the ledger, the oldest first.

    Returns:
        The Alembic revision after the last migration; "" when none was recorded, or when one was begun since and
        nobody wrote down how it ended. Then nobody may go back as if nothing had been migrated.
    """
    for entry in reversed(entries):
        if "migration" in entry.record.details:
            return str(entry.record.details.get("schema") or "")
        if entry.record.details.get(MIGRATES):
            return ""
    return ""


def unfinished_migration(entries: Sequence[Entry]) -> bool:
    """Whether a migration was begun last of which nobody wrote down that it ended well.

    Args:
        entries: of the ledger, the oldest first.

    Returns:
        True when it has to be run again, which changes nothing where it had ended.
    """
    for entry in reversed(entries):
        if "migration" in entry.record.details:
            return False
        if entry.record.details.get(MIGRATES):
            return True
    return False


def schema_needed_by(entries: Sequence[Entry], image: str) -> str:
    """The schema that an image left behind when it was deployed: the one that it needs.

    Args:
        entries: of the ledger, in any order.
        image: repository and digest.

    Returns:
        The Alembic revision; "" when the ledger does not tell.
    """
    for entry in entries:
        migration = entry.record.details.get("migration")
        if isinstance(migration, dict) and migration.get("image") == image:
            return str(entry.record.details.get("schema") or "")
    return ""


def schema_of_tags(tags: Iterable[str]) -> str:
    """The schema that an image needs, as the end of one of its tags says (`<anything>-schema-<revision>`).

    Tags of the repositories are immutable, so this is as good as a label, and one call tells it.

    Args:
        tags: of the image.

    Returns:
        The Alembic revision; "" when no tag names one, or two name different ones.
    """
    found = {match["revision"] for match in map(_TAG.fullmatch, tags) if match}
    return found.pop() if len(found) == 1 else ""


def outlook(now: str, wanted: str) -> Outlook:
    """What an image does to the schema.

    Args:
        now: the revision that the database has; "" for unknown.
        wanted: the revision that the image needs; "" for unknown.

    Returns:
        The outlook.
    """
    if not now or not wanted:
        return Outlook(Effect.UNKNOWN, now, wanted)
    return Outlook(Effect.SAME if now == wanted else Effect.CHANGES, now, wanted)
