"""How many tasks a rolling deployment may start, stop and lose: the arithmetic of ECS.

Percentages: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-type-ecs.html, threshold:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html.
"""

import math

_LEAST_FAILURES, _MOST_FAILURES = 3, 200


def failure_threshold(desired: int) -> int:
    """How many tasks in a row have to fail before the circuit breaker ends a deployment.

    Args:
        desired: count of the service.
    """
    return min(_MOST_FAILURES, max(_LEAST_FAILURES, math.ceil(desired / 2)))


def may_start(desired: int, maximum_percent: int, *, new: int, all_running: int) -> int:
    """How many tasks of the new revision may be started now.

    Args:
        desired: count of the service.
        maximum_percent: of its deployment configuration.
        new: tasks of the new revision that start or run.
        all_running: the same of both revisions.
    """
    room = max(desired, math.floor(desired * maximum_percent / 100)) - all_running
    return max(0, min(desired - new, room))


def may_stop(desired: int, minimum_healthy_percent: int, healthy: int) -> int:
    """How many healthy tasks of the old revision may be stopped now; ECS does not wait for the new ones to be there.

    Args:
        desired: count of the service.
        minimum_healthy_percent: of its deployment configuration.
        healthy: tasks of both revisions that are healthy.
    """
    return max(0, healthy - math.ceil(desired * minimum_healthy_percent / 100))
