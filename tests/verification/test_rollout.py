"""Whether a service runs as it should, from what ECS describes."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from infra.verification.rollout import STEPS, require_steady
from infra.verification.steps import CheckFailed
from infra.verification.target import Target
from tests.verification.recorded import RecordedAccount, services, with_services

PRIMARY = {"status": "PRIMARY", "rolloutState": "COMPLETED"}


def check(account: RecordedAccount) -> str:
    [step] = STEPS
    return step.check(cast(Target, SimpleNamespace(account=account, cluster="hokusai-x")))


def test_steady_services_are_counted() -> None:
    account = with_services(RecordedAccount(), services("gateway", "mlflow", running=3))
    assert check(account) == "hokusai-gateway 3, hokusai-mlflow 3"
    account.all_asked()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"runningCount": 1}, "runs 1 of 2 tasks. Last event: .*steady state"),
        ({"runningCount": 0, "events": []}, "runs 0 of 2 tasks. Last event: no event"),
        (
            {
                "deployments": [
                    {"rolloutState": "IN_PROGRESS", "rolloutStateReason": "ECS deployment in progress."},
                    PRIMARY,
                ]
            },
            "not complete: IN_PROGRESS, ECS deployment in progress",
        ),
        (
            {"deployments": [{"rolloutState": "FAILED", "rolloutStateReason": "circuit breaker"}]},
            "FAILED, circuit breaker",
        ),
    ],
)
def test_what_is_not_steady_is_named(changes: dict[str, Any], says: str) -> None:
    [service] = services("gateway")
    with pytest.raises(CheckFailed, match=says):
        require_steady(service | changes)


def test_an_empty_cluster_is_no_steady_one() -> None:
    account = RecordedAccount().answers("ecs", "list_services", {"serviceArns": []})
    with pytest.raises(CheckFailed, match="No service runs in the cluster hokusai-x"):
        check(account)
