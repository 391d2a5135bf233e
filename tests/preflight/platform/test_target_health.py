"""What a service is told by its target group, and when that is a failure."""

from types import SimpleNamespace
from typing import Any

import pytest

from infra.preflight.platform.model import TargetHealth
from infra.preflight.platform.services import Deployment, Service

GROUP = "arn:aws:elasticloadbalancing:us-east-1:111122223333:targetgroup/registry/1"


def service(state: str, reason: str) -> Service:
    """A service whose one task runs, passes its container's checks, and is this for its load balancer."""
    made: Any = object.__new__(Service)
    made.definition = SimpleNamespace(name="hokusai-gateway", desired=1)
    made._groups = SimpleNamespace(health=lambda: [TargetHealth(GROUP, "127.0.0.9:8001", "task", state, reason)])
    made._current, made._before = Deployment(SimpleNamespace()), None  # type: ignore[arg-type]
    made._current.tasks.append(SimpleNamespace(task=SimpleNamespace(id="task", health="HEALTHY")))
    return made  # type: ignore[no-any-return]


def test_an_unhealthy_target_is_a_failure_with_its_reason() -> None:
    failure = service("unhealthy", "GET /health on port 8001 answers 404, wanted is 200").failure()
    assert failure is not None
    assert "not healthy for its load balancer: GET /health on port 8001 answers 404" in str(failure)


@pytest.mark.parametrize(
    ("state", "reason"), [("unhealthy", ""), ("initial", ""), ("initial", "refused"), ("healthy", "")]
)
def test_one_that_is_on_its_way_is_none(state: str, reason: str) -> None:
    """Also one that was slow to begin: it stays unhealthy until it has passed as many checks as the group wants."""
    assert service(state, reason).failure() is None
