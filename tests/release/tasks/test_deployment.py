"""Where a deployment stands: the primary one must be of the revision that was applied, or it did not succeed."""

from typing import Any

import pytest

from infra.release.tasks.deployment import Before, Ending, standing
from tests.release import ecs_answers as ecs

KNOWN = Before(ecs.OLD, (ecs.OLD_DEPLOYMENT,))


@pytest.mark.parametrize(
    ("answer", "ending", "running", "failed"),
    [
        (ecs.BEGUN, None, 0, 0),
        (ecs.HALFWAY, None, 1, 0),
        (ecs.DONE, Ending.COMPLETED, 2, 0),
        (ecs.FAILING, None, 0, 2),
        (ecs.GOING, None, 0, 3),
        (ecs.GONE_BACK, Ending.ROLLED_BACK, 0, 0),
    ],
)
def test_look_by_look(answer: dict[str, Any], ending: Ending | None, running: int, failed: int) -> None:
    stands = standing(answer, ecs.NEW, KNOWN)
    assert (stands.ending, stands.running, stands.failed) == (ending, running, failed)


def test_a_service_that_is_stable_again_on_the_revision_before_has_not_succeeded() -> None:
    """What `aws ecs wait services-stable` and a comparison of counts take for a success."""
    going = standing(ecs.GOING, ecs.NEW, KNOWN)
    assert going.going_back == ecs.BREAKER
    over = standing(ecs.GONE_BACK, ecs.NEW, KNOWN, going.going_back)
    assert (over.ending, over.reason) == (Ending.ROLLED_BACK, ecs.BREAKER)


def test_an_alarm_that_ended_a_deployment() -> None:
    alarm = "ECS deployment ecs-svc/2222222222 failed: alarm detected."
    failed = ecs.deployment(ecs.NEW_DEPLOYMENT, ecs.NEW, "FAILED", status="ACTIVE", rolloutStateReason=alarm)
    back = ecs.deployment(ecs.ROLLBACK, ecs.OLD, "COMPLETED")
    stands = standing(ecs.service(back, failed), ecs.NEW, KNOWN)
    assert (stands.ending, stands.reason) == (Ending.ROLLED_BACK, alarm)


def test_a_first_deployment_that_failed_has_nothing_to_go_back_to() -> None:
    only = ecs.deployment(ecs.NEW_DEPLOYMENT, ecs.NEW, "FAILED", runningCount=0, rolloutStateReason=ecs.BREAKER)
    stands = standing(ecs.service(only), ecs.NEW, Before())
    assert (stands.ending, stands.reason) == (Ending.FAILED, ecs.BREAKER)


def test_somebody_deployed_something_else_over_it() -> None:
    other = ecs.deployment("ecs-svc/9", ecs.revision(8), "IN_PROGRESS")
    stands = standing(ecs.service(other), ecs.NEW, KNOWN)
    assert (stands.ending, stands.reason) == (Ending.REPLACED, "hokusai-mlflow-staging:8 was deployed over it")


def test_a_failed_deployment_of_before_is_none_of_now() -> None:
    """The same revision, applied once more after the cause was mended elsewhere (a secret, a permission)."""
    earlier = ecs.deployment("ecs-svc/5", ecs.NEW, "FAILED", status="ACTIVE", rolloutStateReason=ecs.BREAKER)
    again = ecs.deployment(ecs.NEW_DEPLOYMENT, ecs.NEW, "IN_PROGRESS")
    before = Before(ecs.OLD, (ecs.OLD_DEPLOYMENT, "ecs-svc/5"))
    stands = standing(ecs.service(again, earlier), ecs.NEW, before)
    assert (stands.ending, stands.going_back, stands.deployments) == (None, "", (ecs.NEW_DEPLOYMENT,))


def test_nothing_had_to_be_replaced() -> None:
    assert standing(ecs.BEFORE, ecs.OLD, KNOWN).ending is Ending.COMPLETED
