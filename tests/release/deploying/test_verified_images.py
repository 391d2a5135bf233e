"""What may be promoted: what a verification found well, of exactly what was deployed last."""

from typing import Any

import pytest

from infra.errors import InfraError
from infra.release.deploying.verified_images import verified_images
from infra.release.ledger.entry import Kind, Outcome
from tests.release.ledger.samples import chained, record

IMAGES = {"gateway": "r/gateway@sha256:1", "mlflow": "r/mlflow@sha256:2"}
NEWER = IMAGES | {"gateway": "r/gateway@sha256:9"}
BEGUN = record(Kind.DEPLOY, images=IMAGES)
DONE = record(Kind.DEPLOY, Outcome.SUCCEEDED, images=IMAGES, commit="c" * 40, closes=1)
VERIFIED = record(Kind.VERIFICATION, Outcome.SUCCEEDED, images=IMAGES)
FAILED = record(Kind.VERIFICATION, Outcome.FAILED, images=IMAGES)


@pytest.mark.parametrize("kind", [Kind.DEPLOY, Kind.APPLY, Kind.ROLLBACK])
def test_verified(kind: Kind) -> None:
    done = record(kind, Outcome.SUCCEEDED, images=IMAGES, commit="c" * 40, closes=1)
    found = verified_images(chained([BEGUN, done, FAILED, VERIFIED, record(Kind.PLAN, Outcome.SUCCEEDED)]), "staging")
    assert (found.images, found.commit, found.change, found.verification) == (IMAGES, "c" * 40, 2, 4)


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ([], "Nothing runs in staging"),
        ([BEGUN, DONE, VERIFIED, record(Kind.DESTROY, Outcome.SUCCEEDED, closes=4)], "Nothing runs in staging"),
        ([BEGUN, DONE], "was not verified since entry 2"),
        ([VERIFIED, BEGUN, DONE], "was not verified since entry 3"),
        ([BEGUN, DONE, VERIFIED, FAILED], "failed its verification"),
        ([BEGUN, DONE, VERIFIED, BEGUN], "ended unknown"),
        (
            [BEGUN, DONE, VERIFIED, record(Kind.DEPLOY, Outcome.FAILED, note="no capacity")],
            r"ended failed \(no capacity",
        ),
        ([BEGUN, DONE, VERIFIED, record(Kind.RECOVER, Outcome.PARTIAL, closes=4)], "ended partial"),
        ([BEGUN, DONE, record(Kind.VERIFICATION, Outcome.SUCCEEDED, images=NEWER)], "is not what entry 2 deployed"),
    ],
)
def test_not_verified(entries: list[Any], told: str) -> None:
    with pytest.raises(InfraError, match=told):
        verified_images(chained(entries), "staging")


def test_a_state_that_was_only_taken_over_is_no_change_of_what_runs() -> None:
    taken_over = record(Kind.RECOVER, Outcome.SUCCEEDED)
    assert verified_images(chained([BEGUN, DONE, VERIFIED, taken_over]), "staging").verification == 3
