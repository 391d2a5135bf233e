"""Where a deployment of an ECS service stands, decided from what DescribeServices answers; everything here is pure.

When the circuit breaker or an alarm ends a deployment, ECS makes a new primary deployment of the revision that ran
before and, once that is complete, forgets the failed one. Whoever only waits until the service is stable takes that for
a success. So the primary deployment must be the one of the revision that was applied.

Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Deployment.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/deployment-circuit-breaker.html
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

_WENT_BACK: Final = re.compile(r"roll(ing|ed) back", re.IGNORECASE)


class Ending(StrEnum):
    """How following a deployment ended."""

    COMPLETED = "completed"
    ROLLED_BACK = "rolled back"  # by ECS: the circuit breaker, or an alarm
    FAILED = "failed"  # and ECS had nothing to go back to
    REPLACED = "replaced"  # somebody else deployed over it
    TIMED_OUT = "timed out"
    NOT_FOLLOWED = "not followed"


@dataclass(frozen=True)
class Before:
    """What a service was before something was applied.

    Args:
        revision: ARN of its task definition; "" where there was no service.
        deployments: ids of its deployments.
        events: ids of what ECS had told about it.
    """

    revision: str = ""
    deployments: tuple[str, ...] = ()
    events: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Standing:
    """Where a deployment stands.

    Args:
        deployments: ids of all deployments of the wanted revision, for telling whose a task is.
        desired: tasks wanted.
        running: tasks of the wanted revision that run.
        failed: tasks of it that ECS counted as failed.
        going_back: why ECS goes back to the revision before; "" when it does not.
        ending: how it ended; None while it goes on.
        reason: what ECS says about that.
    """

    deployments: tuple[str, ...]
    desired: int
    running: int
    failed: int
    going_back: str
    ending: Ending | None
    reason: str

    @property
    def told(self) -> str:
        """In a few words, for a line that changes."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.running} of {self.desired} tasks run{failed}"


def standing(service: Mapping[str, Any], wanted: str, before: Before, going_back: str = "") -> Standing:
    """Where the deployment of a revision stands.

    Args:
        service: one of `services` in the answer of DescribeServices.
        wanted: ARN of the revision of the task definition that was applied.
        before: what the service was before; a failed deployment of then is none of now.
        going_back: what an earlier look said of that. ECS forgets it once the revision before is complete again.

    Returns:
        Where it stands. A rollback by ECS is over when the revision before is complete again.
    """
    deployments = service.get("deployments", [])
    primary: Mapping[str, Any] = next((each for each in deployments if each.get("status") == "PRIMARY"), {})
    ours = [
        each
        for each in deployments
        if each.get("taskDefinition") == wanted and (each is primary or each.get("id") not in before.deployments)
    ]
    going_back = going_back or _going_back(primary, ours)
    ending, reason = _ending(primary, wanted, before, going_back)
    return Standing(
        deployments=tuple(each["id"] for each in ours),
        desired=int(primary.get("desiredCount", service.get("desiredCount", 0))),
        running=sum(int(each.get("runningCount", 0)) for each in ours),
        failed=sum(int(each.get("failedTasks", 0)) for each in ours),
        going_back=going_back,
        ending=ending,
        reason=reason,
    )


def _going_back(primary: Mapping[str, Any], ours: list[Mapping[str, Any]]) -> str:
    broken = next((each for each in ours if each.get("rolloutState") == "FAILED" and each is not primary), None)
    if broken is not None:
        return str(broken.get("rolloutStateReason") or "ECS gave the deployment up")
    reason = str(primary.get("rolloutStateReason", ""))
    return reason if _WENT_BACK.search(reason) else ""


def _ending(primary: Mapping[str, Any], wanted: str, before: Before, going_back: str) -> tuple[Ending | None, str]:
    state, reason = primary.get("rolloutState", ""), str(primary.get("rolloutStateReason", ""))
    if going_back:
        return (Ending.ROLLED_BACK if state in ("COMPLETED", "FAILED") else None), going_back
    runs = primary.get("taskDefinition", "")
    if runs != wanted:  # begun and over between two looks
        if runs and runs == before.revision:
            return Ending.ROLLED_BACK, "ECS runs the revision of before again"
        return Ending.REPLACED, f"{runs.rpartition('/')[2] or 'nothing'} was deployed over it"
    if state == "COMPLETED":
        return Ending.COMPLETED, reason
    return (Ending.FAILED if state == "FAILED" else None), reason
