"""The arithmetic of rolling deployments, at its edges."""

import pytest

from infra.preflight.platform.rolling import failure_threshold, may_start, may_stop


@pytest.mark.parametrize(("desired", "failures"), [(1, 3), (6, 3), (7, 4), (9, 5), (399, 200), (1000, 200)])
def test_the_circuit_breaker_waits_for_half_of_the_tasks_but_3_at_least_and_200_at_most(
    desired: int, failures: int
) -> None:
    assert failure_threshold(desired) == failures


@pytest.mark.parametrize(
    ("desired", "maximum_percent", "new", "all_running", "started"),
    [
        (4, 200, 0, 4, 4),
        (4, 200, 3, 7, 1),
        (4, 150, 0, 4, 2),
        (3, 150, 0, 3, 1),  # 4.5 tasks are 4
        (1, 100, 0, 1, 0),
        (1, 100, 0, 0, 1),
        (2, 200, 2, 4, 0),
        (2, 50, 0, 0, 2),  # never less than are wanted
        (1, 200, 2, 3, 0),
    ],
)
def test_new_tasks_start_within_the_maximum(
    desired: int, maximum_percent: int, new: int, all_running: int, started: int
) -> None:
    assert may_start(desired, maximum_percent, new=new, all_running=all_running) == started


@pytest.mark.parametrize(
    ("desired", "minimum_healthy_percent", "healthy", "stopped"),
    [(4, 100, 4, 0), (4, 100, 5, 1), (4, 50, 4, 2), (2, 75, 2, 0), (1, 0, 1, 1), (3, 50, 3, 1), (4, 100, 2, 0)],
)
def test_old_tasks_stop_down_to_the_minimum(
    desired: int, minimum_healthy_percent: int, healthy: int, stopped: int
) -> None:
    assert may_stop(desired, minimum_healthy_percent, healthy) == stopped
