"""What the ledger and an image's tags tell about the schema; not knowing is never taken for 'the same'."""

from typing import Any

import pytest

from infra.release.ledger.entry import Kind, Outcome
from infra.release.tasks.schema import (
    Effect,
    outlook,
    schema_needed_by,
    schema_of,
    schema_of_tags,
    unfinished_migration,
)
from tests.release.ledger.samples import chained, record

OLD, NEW = "1a0cddfcaa16", "bf29a5ff90ea"


def migrated(schema: str, image: str) -> Any:
    return record(Kind.DEPLOY, Outcome.SUCCEEDED, details={"schema": schema, "migration": {"image": image}})


PLAIN = record(Kind.APPLY, Outcome.SUCCEEDED)
BEGUN = record(Kind.DEPLOY, Outcome.UNKNOWN, details={"migrates": "m@2"})
FAILED = record(Kind.DEPLOY, Outcome.FAILED, details={"migrates": "m@2"})
RECOVERED = record(Kind.RECOVER, Outcome.PARTIAL, details={"migrates": "m@2", "left": []})
ROLLOUT_FAILED = record(
    Kind.DEPLOY, Outcome.FAILED, details={"migrates": "m@2", "schema": NEW, "migration": {"image": "m@2"}}
)
# An image from before migrations told the schema.
TOLD_NOTHING = record(Kind.DEPLOY, Outcome.SUCCEEDED, details={"migrates": "m@2", "migration": {"image": "m@2"}})


@pytest.mark.parametrize(
    ("after", "schema", "unfinished"),
    [
        ([], OLD, False),
        ([PLAIN], OLD, False),
        ([BEGUN], "", True),
        ([BEGUN, FAILED], "", True),
        ([BEGUN, RECOVERED, PLAIN], "", True),
        ([BEGUN, ROLLOUT_FAILED], NEW, False),
        ([BEGUN, FAILED, BEGUN, migrated(NEW, "m@2")], NEW, False),
        ([BEGUN, TOLD_NOTHING], "", False),
    ],
)
def test_the_last_one_recorded_unless_one_was_begun_since(after: list[Any], schema: str, unfinished: bool) -> None:
    entries = chained([PLAIN, migrated(OLD, "m@1"), *after])
    assert (schema_of(entries), unfinished_migration(entries)) == (schema, unfinished)


def test_nothing_recorded() -> None:
    assert (schema_of([]), unfinished_migration(chained([PLAIN]))) == ("", False)


def test_what_an_image_needs() -> None:
    entries = chained([migrated(OLD, "m@1"), migrated(NEW, "m@2")])
    assert [schema_needed_by(entries, image) for image in ("m@1", "m@2", "m@3")] == [OLD, NEW, ""]


@pytest.mark.parametrize(
    ("tags", "schema"),
    [
        (["3f2a-schema-" + NEW], NEW),
        (["latest", "v1-schema-" + NEW, "again-schema-" + NEW], NEW),
        (["a-schema-" + NEW, "b-schema-" + OLD], ""),
        (["schema-xyz", "v1", f"schema-{NEW}-old"], ""),
        ([], ""),
    ],
)
def test_tags(tags: list[str], schema: str) -> None:
    assert schema_of_tags(tags) == schema


@pytest.mark.parametrize(
    ("now", "wanted", "effect", "told"),
    [
        (OLD, OLD, Effect.SAME, "can be undone"),
        (OLD, NEW, Effect.CHANGES, f"from {OLD} to {NEW}. MLflow's migrations are not undone"),
        ("", NEW, Effect.UNKNOWN, "may change"),
        (OLD, "", Effect.UNKNOWN, "do not name the schema"),
    ],
)
def test_the_outlook(now: str, wanted: str, effect: Effect, told: str) -> None:
    found = outlook(now, wanted)
    assert found.effect is effect
    assert told in found.told
