"""Tasks and their last words: ECS and the logs, asked together."""

from dataclasses import dataclass, replace
from typing import Final

from infra.account.selection import Account
from infra.console import note
from infra.errors import InfraError
from infra.release.tasks.container_log import ContainerLogs
from infra.release.tasks.ecs import Ecs
from infra.release.tasks.stopped_task import StoppedTask
from infra.review.reports.text import line

_LINES: Final = 20


@dataclass(frozen=True)
class TaskWatch:
    """What is asked about tasks.

    Args:
        ecs: for tasks and services.
        logs: for what their containers wrote.
    """

    ecs: Ecs
    logs: ContainerLogs

    @classmethod
    def of(cls, account: Account, region: str) -> "TaskWatch":
        """That of an account, with the credentials of this process.

        Args:
            account: the account.
            region: of it.

        Returns:
            The watch.
        """
        return cls(Ecs.of(account, region), ContainerLogs.of(account, region))

    def with_last_words(self, task: StoppedTask) -> StoppedTask:
        """A task with the last lines of its container.

        Args:
            task: the task.

        Returns:
            The same with `log`; where the lines cannot be read, one that says so. A log is a help: that it cannot be
            read must not hide why the task stopped.
        """
        try:
            lines = self.logs.last(self.ecs.definition(task.revision), task.container, task.task_id, _LINES)
        except InfraError as error:
            lines = [f"(its log cannot be read: {error})"]
        return replace(task, log=tuple(map(line, lines)))


def tell(task: StoppedTask, what: str) -> None:
    """Tell a person about a task that stopped, with its last lines.

    Args:
        task: the task.
        what: it belongs to.
    """
    note(f"    task {task.task_id[:8]} of {what} ({task.revision}) stopped: {task.reason}", style="red")
    if task.said:
        note(f"      ECS says: {task.said}")
    for each in task.log:
        note(f"      | {each}")
