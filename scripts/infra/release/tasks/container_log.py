"""What a task's container wrote, as it stands in CloudWatch Logs (log driver awslogs)."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.errors import InfraError
from infra.release.aws_call import asked

# awslogs sends what it holds every second, or with mode non-blocking a little later.
_PAUSE_SECONDS: Final = 2.0
_ATTEMPTS: Final = 2


@dataclass(frozen=True)
class ContainerLogs:
    """CloudWatch Logs of an account.

    Args:
        logs: client of CloudWatch Logs.
        sleep: takes seconds.
    """

    logs: Any
    sleep: Callable[[float], None] = time.sleep

    @classmethod
    def of(cls, account: Account, region: str) -> "ContainerLogs":
        """Those of an account, with the credentials of this process.

        Args:
            account: the account.
            region: of it.

        Returns:
            The logs.
        """
        return cls(client(account, region, "logs"))

    def last(self, definition: Mapping[str, Any], container: str, task_id: str, limit: int) -> list[str]:
        """The last lines of a container.

        Args:
            definition: task definition of the task, as DescribeTaskDefinition answers it.
            container: name; "" takes the first.
            task_id: of the task.
            limit: how many lines.

        Returns:
            The lines, the oldest first; none where it wrote none.

        Raises:
            InfraError: CloudWatch Logs refused or did not answer, or the container does not write there.
        """
        group, stream = log_stream(definition, container, task_id)
        lines: list[str] = []
        for attempt in range(_ATTEMPTS):
            if attempt:
                self.sleep(_PAUSE_SECONDS)
            lines = asked("logs:GetLogEvents", lambda: self._events(group, stream, limit))
            if lines:
                break
        return lines

    def _events(self, group: str, stream: str, limit: int) -> list[str]:
        try:
            answer = self.logs.get_log_events(
                logGroupName=group, logStreamName=stream, limit=limit, startFromHead=False
            )
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":  # a stream begins with its first line
                return []
            raise
        return [str(each["message"]) for each in answer["events"]]


def log_stream(definition: Mapping[str, Any], container: str, task_id: str) -> tuple[str, str]:
    """Where a container's lines are.

    Args:
        definition: task definition of the task, as DescribeTaskDefinition answers it.
        container: name; "" takes the first.
        task_id: of the task.

    Returns:
        Log group and log stream: `<prefix>/<container>/<task>`
        (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/using_awslogs.html).

    Raises:
        InfraError: it does not write to CloudWatch Logs.
    """
    containers = definition["containerDefinitions"]
    found = next((each for each in containers if each["name"] == container), containers[0])
    options = (found.get("logConfiguration") or {}).get("options") or {}
    if "awslogs-group" not in options or "awslogs-stream-prefix" not in options:
        raise InfraError(f"container {found['name']} does not write to CloudWatch Logs")
    return options["awslogs-group"], f"{options['awslogs-stream-prefix']}/{found['name']}/{task_id}"
