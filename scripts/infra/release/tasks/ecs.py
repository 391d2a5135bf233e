"""What is asked of ECS."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from botocore.exceptions import ClientError

from infra.account.clients import client
from infra.account.selection import Account
from infra.errors import InfraError
from infra.release.aws_call import asked
from infra.release.tasks.stopped_task import StoppedTask, explain

_SERVICES_A_CALL: Final = 10
_TASKS_A_CALL: Final = 100


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

    def task_arns(self, cluster: str, family: str) -> list[str]:
        """Tasks of a family that run or are about to.

        Args:
            cluster: name.
            family: of their task definition.

        Returns:
            Their ARNs.

        Raises:
            InfraError: ECS did not answer.
        """
        return asked(
            "ecs:ListTasks",
            lambda: list(self.ecs.list_tasks(cluster=cluster, family=family, desiredStatus="RUNNING")["taskArns"]),
        )

    def run_task(self, cluster: str, revision: str, subnets: Sequence[str], groups: Sequence[str], run: str) -> str:
        """Start one task on Fargate; never on Spot, which may take it away in the middle.

        Args:
            cluster: name.
            revision: ARN of its task definition.
            subnets: ids.
            groups: ids of its security groups.
            run: names the run that starts it; the same again starts nothing more (32 characters).

        Returns:
            ARN of the task.

        Raises:
            InfraError: it was not started; says why.
        """
        network = {"subnets": list(subnets), "securityGroups": list(groups), "assignPublicIp": "DISABLED"}
        answer = asked(
            "ecs:RunTask",
            lambda: self.ecs.run_task(
                cluster=cluster,
                taskDefinition=revision,
                count=1,
                launchType="FARGATE",
                platformVersion="1.4.0",
                networkConfiguration={"awsvpcConfiguration": network},
                enableECSManagedTags=True,
                propagateTags="TASK_DEFINITION",
                startedBy=f"infra/{run}"[:36],
                clientToken=run,
            ),
        )
        if answer["tasks"]:
            return str(answer["tasks"][0]["taskArn"])
        why = "; ".join(str(each.get("reason", "")) for each in answer.get("failures", [])) or "no reason given"
        raise InfraError(f"ECS did not start {revision.rpartition('/')[2]}: {why}.")

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


def _batches(items: Sequence[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
