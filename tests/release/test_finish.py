"""When a release has to be looked at once more although Terraform has nothing to do, and when an image still waits."""

from typing import Any

import pytest

from infra.release.deploying.commands import waits
from infra.release.finish import left_behind
from infra.release.ledger.entry import Kind, Outcome
from tests.release.ledger.samples import chained, record

RUNS, NEW = {"mlflow": "r/mlflow@sha256:1"}, {"mlflow": "r/mlflow@sha256:2"}


def closed(kind: Kind, outcome: Outcome, **fields: Any) -> list[Any]:
    return [record(Kind.DEPLOY, images=RUNS), record(kind, outcome, images=RUNS, closes=1, **fields)]


DONE = closed(Kind.DEPLOY, Outcome.SUCCEEDED)


@pytest.mark.parametrize(
    ("entries", "left", "still_waits"),
    [
        ([], False, False),
        (DONE, False, False),
        ([*DONE, record(Kind.VERIFICATION, Outcome.SUCCEEDED)], False, False),
        (closed(Kind.APPLY, Outcome.FAILED), True, False),
        (closed(Kind.RECOVER, Outcome.PARTIAL), True, True),
        (closed(Kind.RECOVER, Outcome.SUCCEEDED), True, True),
        # The migration was begun by something else, and nobody knows how it ended.
        (closed(Kind.DEPLOY, Outcome.SUCCEEDED, details={"migrates": "m"}), True, False),
    ],
)
def test_what_an_interruption_leaves(entries: list[Any], left: bool, still_waits: bool) -> None:
    ledger = chained(entries)
    assert left_behind(ledger) == left
    assert waits(ledger, "mlflow", RUNS["mlflow"]) == still_waits


def test_an_image_that_was_written_and_not_deployed_waits() -> None:
    assert waits(chained(DONE), "mlflow", NEW["mlflow"])
