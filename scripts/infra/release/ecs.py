"""What is asked of ECS, and what its refusal or silence means."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.errors import InfraError
from infra.release.stopped_task import StoppedTask, explain

_SERVICES_A_CALL: Final = 10
_TASKS_A_CALL: Final = 100
_SERVER_ERROR: Final = 500
_Answer = TypeVar("_Answer")


class NoAnswerError(InfraError):
    """AWS did not answer; asking again later may help."""


@dataclass(frozen=True)
class Ecs:
    """ECS of an account.

    Args:
        ecs: client of ECS.
    """

    ecs: Any

    @classmethod
    def of(cls, account: Account, region: str) -> "Ecs":
        """That of an account, with the credentials of this process.

        Args:
            account: the account.
            region: of it.

        Returns:
            ECS.
        """
        return cls(client(account, region, "ecs"))

    def services(self, cluster: str, names: Sequence[str], *, required: bool = False) -> dict[str, dict[str, Any]]:
        """Services as they are now.

        Args:
            cluster: name.
            names: of the services.
            required: whether one that is missing is an error.

        Returns:
            By name, as DescribeServices answers them.

        Raises:
            InfraError: ECS did not answer, or one is missing.
        """
        found: dict[str, dict[str, Any]] = {}
        for some in _batches(names, _SERVICES_A_CALL):
            answer = self._services(cluster, some)
            found |= {each["serviceName"]: each for each in answer if each.get("status") != "INACTIVE"}
        missing = sorted(set(names) - set(found))
        if missing and required:
            raise InfraError(f"Cluster {cluster} has no service {', '.join(missing)}: what became of it is not known.")
        return found

    def stopped_tasks(self, cluster: str, service: str, revision: str, deployments: Sequence[str]) -> list[StoppedTask]:
        """Tasks of a revision that stopped without being meant to; ECS remembers them for an hour.

        Args:
            cluster: name.
            service: name.
            revision: ARN of their task definition.
            deployments: ids of the deployments that started them; none takes any.

        Returns:
            The tasks, the oldest first.

        Raises:
            InfraError: ECS did not answer.
        """
        arns: list[str] = asked(
            "ecs:ListTasks",
            lambda: self.ecs.list_tasks(cluster=cluster, serviceName=service, desiredStatus="STOPPED")["taskArns"],
        )
        tasks = [
            task
            for task in self.tasks(cluster, arns)
            if task.get("taskDefinitionArn") == revision and (not deployments or task.get("startedBy") in deployments)
        ]
        tasks.sort(key=lambda task: str(task.get("createdAt", "")))
        return [stopped for stopped in map(explain, tasks) if stopped]

    def tasks(self, cluster: str, arns: Sequence[str]) -> list[dict[str, Any]]:
        """Tasks as they are now.

        Args:
            cluster: name.
            arns: of the tasks.

        Returns:
            As DescribeTasks answers them; one that ECS has forgotten is missing.

        Raises:
            InfraError: ECS did not answer.
        """
        found: list[dict[str, Any]] = []
        for some in _batches(arns, _TASKS_A_CALL):
            found += self._tasks(cluster, some)
        return found

    def definition(self, revision: str) -> dict[str, Any]:
        """A task definition.

        Args:
            revision: its ARN, "family:revision", or a family for its newest one.

        Returns:
            As DescribeTaskDefinition answers it.

        Raises:
            InfraError: ECS did not answer, or it does not exist.
        """
        answer = asked("ecs:DescribeTaskDefinition", lambda: self.ecs.describe_task_definition(taskDefinition=revision))
        found: dict[str, Any] = answer["taskDefinition"]
        return found

    def _services(self, cluster: str, names: list[str]) -> list[dict[str, Any]]:
        def call() -> list[dict[str, Any]]:
            try:
                services: list[dict[str, Any]] = self.ecs.describe_services(cluster=cluster, services=names)["services"]
            except ClientError as error:
                if error.response["Error"]["Code"] == "ClusterNotFoundException":  # before the first apply
                    return []
                raise
            return services

        return asked("ecs:DescribeServices", call)

    def _tasks(self, cluster: str, arns: list[str]) -> Any:  # noqa: ANN401 - boto3's answer
        return asked("ecs:DescribeTasks", lambda: self.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"])


def asked(action: str, call: Callable[[], _Answer]) -> _Answer:
    """Call AWS, and say what its refusal or silence means.

    Args:
        action: as IAM calls it, e.g. "ecs:DescribeTasks".
        call: the call.

    Returns:
        Its answer.

    Raises:
        InfraError: AWS refuses it.
        NoAnswerError: AWS did not answer, or is too busy.
    """
    try:
        return call()
    except ClientError as error:
        refused = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) < _SERVER_ERROR
        throttled = "Throttl" in error.response["Error"]["Code"] or "TooMany" in error.response["Error"]["Code"]
        if refused and not throttled:
            raise InfraError(f"{action} was refused: {error}") from error
        raise NoAnswerError(f"{action} did not answer: {error}") from error
    except BotoCoreError as error:
        raise NoAnswerError(f"{action} did not answer: {error}") from error


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
