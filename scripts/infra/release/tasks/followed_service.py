"""One service on its way from one revision to another: what every look at it adds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.console import note
from infra.release.tasks.deployment import Before, Ending, Standing, standing
from infra.release.tasks.stopped_task import StoppedTask
from infra.release.tasks.task_watch import TaskWatch, tell
from infra.review.reports.text import line

_TASKS_TOLD: Final = 3
_KEPT: Final = 10


@dataclass(frozen=True)
class ServiceRollout:
    """What became of one service.

    Args:
        service: name.
        before: revision that ran before, as in "hokusai-mlflow-staging:6"; "" for a new service.
        revision: that was applied.
        deployment: id of ECS's deployment of it; "" where none was seen.
        desired: tasks wanted.
        running: tasks of the revision that run.
        ending: how it ended.
        reason: what ECS says, or why it was not followed.
        failed: tasks that stopped, each explained.
        events: what ECS told about the service meanwhile, the oldest first.
        seconds: from the beginning of following until then.
    """

    service: str
    before: str
    revision: str
    deployment: str
    desired: int
    running: int
    ending: Ending
    reason: str
    failed: tuple[StoppedTask, ...]
    events: tuple[str, ...]
    seconds: float

    @property
    def told(self) -> str:
        """In a sentence, with the reasons of failed tasks, each once."""
        reasons = dict.fromkeys(task.reason for task in self.failed)
        change = f"{self.before} -> {self.revision}" if self.before not in ("", self.revision) else self.revision
        tasks = "" if self.ending is Ending.NOT_FOLLOWED else f", {self.running} of {self.desired} tasks run"
        because = f": {self.reason}" if self.ending is not Ending.COMPLETED and self.reason else ""
        if self.ending is Ending.FAILED:
            because += " ECS starts no more tasks of it until something is deployed."
        return f"{self.service} {self.ending} ({change}{tasks}){because}" + (
            f" Tasks that stopped: {'; '.join(reasons)}." if reasons else ""
        )

    def details(self) -> dict[str, object]:
        """For the ledger: without the programs' own lines, which may hold anything."""
        tasks = [
            {"task": task.task_id, "reason": task.reason, "said": task.said, "exit_code": task.exit_code}
            for task in self.failed[:_KEPT]
        ]
        return {
            "before": self.before,
            "revision": self.revision,
            "deployment": self.deployment,
            "desired": self.desired,
            "running": self.running,
            "ended": str(self.ending),
            "reason": self.reason,
            "failed_tasks": tasks,
            "events": list(self.events),
            "seconds": round(self.seconds),
        }


class FollowedService:
    """One service on its way."""

    def __init__(self, service: str, revision: str, before: Before) -> None:
        self.service, self._wanted, self._before = service, revision, before
        self.stands: Standing | None = None
        self.ended: Ending | None = None
        self._seconds = 0.0
        self._reason = ""
        self._deployments: dict[str, None] = {}
        self._failed: dict[str, StoppedTask] = {}
        self._events: dict[str, str] = {}

    def see(self, watch: TaskWatch, cluster: str, service: Mapping[str, Any], seconds: float) -> None:
        """Take in an answer of DescribeServices."""
        going_back = self.stands.going_back if self.stands else ""
        self.stands = standing(service, self._wanted, self._before, going_back)
        self._deployments.update(dict.fromkeys(self.stands.deployments))
        self._take_events(service.get("events", []))
        if self.stands.failed or self.stands.ending is not Ending.COMPLETED:
            self._take_tasks(watch, cluster)
        self.ended, self._reason, self._seconds = self.stands.ending, self.stands.reason, seconds

    def give_up(self, seconds: float) -> None:
        """Nothing more is waited for."""
        if self.ended is None:
            self.ended, self._seconds = Ending.TIMED_OUT, seconds
            self._reason = f"not complete after {seconds:.0f} s ({self.stands.told if self.stands else 'never seen'})"

    def not_followed(self) -> ServiceRollout:
        """What can be said where nothing runs."""
        self.ended, self._reason = Ending.NOT_FOLLOWED, "an emulated account runs nothing"
        return self.result()

    def result(self) -> ServiceRollout:
        """What became of it."""
        assert self.ended is not None  # noqa: S101 - called at the end
        stands = self.stands
        return ServiceRollout(
            service=self.service,
            before=_short(self._before.revision),
            revision=_short(self._wanted),
            deployment=next(iter(self._deployments), ""),
            desired=stands.desired if stands else 0,
            running=stands.running if stands else 0,
            ending=self.ended,
            reason=self._reason,
            failed=tuple(self._failed.values()),
            events=tuple(self._events.values())[-_KEPT:],
            seconds=self._seconds,
        )

    def _take_events(self, events: Sequence[Mapping[str, Any]]) -> None:
        """ECS lists the newest first, up to 100."""
        for each in reversed(events):
            if each["id"] not in self._before.events and each["id"] not in self._events:
                self._events[each["id"]] = line(str(each.get("message", "")))
                if "unable to" in self._events[each["id"]]:
                    note(f"    {self._events[each['id']]}", style="yellow")

    def _take_tasks(self, watch: TaskWatch, cluster: str) -> None:
        for task in watch.ecs.stopped_tasks(cluster, self.service, self._wanted, tuple(self._deployments)):
            if task.task_id not in self._failed:
                told = len(self._failed) < _TASKS_TOLD
                self._failed[task.task_id] = watch.with_last_words(task) if told else task
                tell(self._failed[task.task_id], self.service)


def _short(arn: str) -> str:
    return arn.rpartition("/")[2]
