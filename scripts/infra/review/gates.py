"""What the plans of an environment need before they may be applied: environments/<env>/gates.yaml as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from infra.review.approval import Person
from infra.review.model import Risk, Severity

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Requirement(StrEnum):
    """What a plan needs because of something in it; the order of the members is from light to heavy."""

    NONE = "none"
    ACKNOWLEDGEMENT = "acknowledgement"
    ONE_APPROVAL = "one-approval"
    TWO_APPROVALS = "two-approvals"
    FORBIDDEN = "forbidden"

    @property
    def approvals(self) -> int:
        """How many persons must approve."""
        return {Requirement.ONE_APPROVAL: 1, Requirement.TWO_APPROVALS: 2}.get(self, 0)


@dataclass(frozen=True)
class Hours:
    """When changes may be made.

    Args:
        days: weekdays, 0 is Monday.
        start: local time from which on.
        end: local time from which on no longer, on the same day.
        zone: time zone of both.
    """

    days: frozenset[int]
    start: time
    end: time
    zone: ZoneInfo

    def include(self, now: datetime) -> bool:
        """Whether a moment lies in them.

        Args:
            now: with time zone.

        Returns:
            True when changes may be made then.
        """
        local = now.astimezone(self.zone)
        return local.weekday() in self.days and self.start <= local.time() < self.end

    def __str__(self) -> str:
        days = ", ".join(_DAYS[day] for day in sorted(self.days))
        return f"{days} {self.start:%H:%M} to {self.end:%H:%M} {self.zone.key}"


@dataclass(frozen=True)
class Gates:
    """What the plans of an environment need.

    Args:
        environment: whose gates these are.
        risks: what a change of each class of risk needs; every class is named.
        destroy: what a plan that destroys everything needs, beside what its changes need.
        unknown_access: what a plan needs with a policy or rule that nobody can review before apply.
        findings: a finding of this severity or worse forbids the plan.
        clean_commit: the plan must have been made from exactly a commit.
        plan_max_age: a plan or an approval that is older counts for nothing.
        hours: when changes may be made; None: at any time.
        emergency_rollback: what a rollback needs at most, at any hour, when its reason is written down; FORBIDDEN: a
            rollback needs what any change needs.
        approvers: who may approve.
    """

    environment: str
    risks: Mapping[Risk, Requirement]
    destroy: Requirement
    unknown_access: Requirement
    findings: Severity
    clean_commit: bool
    plan_max_age: timedelta
    hours: Hours | None
    emergency_rollback: Requirement
    approvers: tuple[Person, ...]


@dataclass(frozen=True)
class Acknowledgement:
    """Somebody knows what a change does.

    Args:
        address: the change, by its key (address, with the deposed key where there is one).
        digest: of the plan, so that it dies with it.
        who: name of the person.
        why: why that is wanted.
    """

    address: str
    digest: str
    who: str
    why: str
