"""Answers of ECS and CloudWatch Logs in the shape of their APIs, and clients that give them one after the other.

Shapes: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServices.html and API_DescribeTasks.html;
texts of reasons: the developer guide's pages on stopped tasks and on the deployment circuit breaker.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from infra.release.tasks.container_log import ContainerLogs
from infra.release.tasks.ecs import Ecs
from infra.release.tasks.task_watch import TaskWatch

BEGAN = datetime(2026, 3, 1, 12, tzinfo=UTC)
_ARN = "arn:aws:ecs:us-east-1:444455556666"
CLUSTER = "hokusai-staging"
SERVICE = "hokusai-mlflow"


def revision(number: int, family: str = "hokusai-mlflow-staging") -> str:
    return f"{_ARN}:task-definition/{family}:{number}"


OLD, NEW = revision(6), revision(7)
OLD_DEPLOYMENT, NEW_DEPLOYMENT, ROLLBACK = "ecs-svc/1111111111", "ecs-svc/2222222222", "ecs-svc/3333333333"
BREAKER = "ECS deployment circuit breaker: tasks failed to start."
GOING_BACK = f"ECS deployment circuit breaker: rolling back to deploymentId {OLD_DEPLOYMENT}."


def deployment(identity: str, definition: str, state: str, **fields: Any) -> dict[str, Any]:
    reasons = {
        "COMPLETED": f"ECS deployment {identity} completed.",
        "IN_PROGRESS": f"ECS deployment {identity} in progress.",
    }
    return {
        "id": identity,
        "status": "PRIMARY",
        "taskDefinition": definition,
        "desiredCount": 2,
        "pendingCount": 0,
        "runningCount": 2,
        "failedTasks": 0,
        "createdAt": BEGAN,
        "updatedAt": BEGAN,
        "launchType": "FARGATE",
        "rolloutState": state,
        "rolloutStateReason": reasons.get(state, ""),
    } | fields


def service(*deployments: Mapping[str, Any], events: Iterable[str] = ()) -> dict[str, Any]:
    told = [
        {"id": f"event-{number}", "createdAt": BEGAN + timedelta(seconds=number), "message": message}
        for number, message in enumerate(events)
    ]
    return {
        "serviceName": SERVICE,
        "serviceArn": f"{_ARN}:service/{CLUSTER}/{SERVICE}",
        "clusterArn": f"{_ARN}:cluster/{CLUSTER}",
        "status": "ACTIVE",
        "desiredCount": 2,
        "runningCount": sum(each["runningCount"] for each in deployments),
        "pendingCount": 0,
        "taskDefinition": deployments[0]["taskDefinition"] if deployments else "",
        "deployments": list(deployments),
        "events": list(reversed(told)),
    }


# A deployment of NEW over OLD, look by look.
BEGUN = service(
    deployment(NEW_DEPLOYMENT, NEW, "IN_PROGRESS", runningCount=0, pendingCount=2),
    deployment(OLD_DEPLOYMENT, OLD, "COMPLETED", status="ACTIVE"),
)
HALFWAY = service(
    deployment(NEW_DEPLOYMENT, NEW, "IN_PROGRESS", runningCount=1, pendingCount=1),
    deployment(OLD_DEPLOYMENT, OLD, "COMPLETED", status="ACTIVE", runningCount=1),
)
DONE = service(deployment(NEW_DEPLOYMENT, NEW, "COMPLETED"))
BEFORE = service(deployment(OLD_DEPLOYMENT, OLD, "COMPLETED"))

# The same with tasks that fail.
FAILING = service(
    deployment(NEW_DEPLOYMENT, NEW, "IN_PROGRESS", runningCount=0, pendingCount=2, failedTasks=2),
    deployment(OLD_DEPLOYMENT, OLD, "COMPLETED", status="ACTIVE"),
)
GOING = service(
    deployment(ROLLBACK, OLD, "IN_PROGRESS", rolloutStateReason=GOING_BACK),
    deployment(
        NEW_DEPLOYMENT, NEW, "FAILED", status="ACTIVE", runningCount=0, failedTasks=3, rolloutStateReason=BREAKER
    ),
)
GONE_BACK = service(deployment(ROLLBACK, OLD, "COMPLETED"))


def task(number: int, reason: str, *, definition: str = NEW, **fields: Any) -> dict[str, Any]:
    container = {
        "name": "mlflow",
        "image": "444455556666.dkr.ecr.us-east-1.amazonaws.com/hokusai/mlflow@sha256:" + "a" * 64,
        "lastStatus": "STOPPED",
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
    } | fields.pop("container", {})
    return {
        "taskArn": f"{_ARN}:task/{CLUSTER}/{number:032x}",
        "clusterArn": f"{_ARN}:cluster/{CLUSTER}",
        "taskDefinitionArn": definition,
        "group": f"service:{SERVICE}",
        "startedBy": NEW_DEPLOYMENT,
        "launchType": "FARGATE",
        "lastStatus": "STOPPED",
        "desiredStatus": "STOPPED",
        "createdAt": BEGAN + timedelta(seconds=number),
        "stopCode": "TaskFailedToStart",
        "stoppedReason": reason,
        "containers": [container],
    } | fields


def client_error(code: str, status: int = 400, message: str = "") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message or code}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        "Operation",
    )


class EcsClient:
    """ECS, whose service answers look by look; the last answer stays."""

    def __init__(self, looks: Iterable[Mapping[str, Any] | Exception], tasks: Iterable[Mapping[str, Any]] = ()) -> None:
        self.looks = list(looks)
        self.all_tasks = {each["taskArn"]: each for each in tasks}
        self.asked = 0
        self.group = "/ecs/hokusai/mlflow/staging"

    def describe_services(self, *, cluster: str, services: list[str]) -> dict[str, Any]:
        assert (cluster, services) == (CLUSTER, [SERVICE])
        look = self.looks[min(self.asked, len(self.looks) - 1)]
        self.asked += 1
        assert self.asked < 1000, "it is asked for ever"
        if isinstance(look, Exception):
            raise look
        return {"services": [look] if look else [], "failures": []}

    def list_tasks(self, *, cluster: str, serviceName: str, desiredStatus: str) -> dict[str, Any]:  # noqa: N803
        assert (cluster, serviceName, desiredStatus) == (CLUSTER, SERVICE, "STOPPED")
        return {"taskArns": list(self.all_tasks)}

    def describe_tasks(self, *, cluster: str, tasks: list[str]) -> dict[str, Any]:
        assert cluster == CLUSTER
        return {"tasks": [self.all_tasks[arn] for arn in tasks if arn in self.all_tasks], "failures": []}

    def describe_task_definition(self, *, taskDefinition: str) -> dict[str, Any]:  # noqa: N803
        family, _, number = taskDefinition.rpartition("/")[2].partition(":")
        options = {"awslogs-group": self.group, "awslogs-region": "us-east-1", "awslogs-stream-prefix": "mlflow"}
        return {
            "taskDefinition": {
                "family": family,
                "revision": int(number),
                "containerDefinitions": [
                    {"name": "mlflow", "logConfiguration": {"logDriver": "awslogs", "options": options}}
                ],
            }
        }


class LogsClient:
    """CloudWatch Logs with the lines of some streams."""

    def __init__(self, streams: Mapping[str, list[str]] | None = None) -> None:
        self.streams = dict(streams or {})

    def get_log_events(
        self,
        *,
        logGroupName: str,  # noqa: N803
        logStreamName: str,  # noqa: N803
        limit: int,
        startFromHead: bool,  # noqa: N803
    ) -> dict[str, Any]:
        assert logGroupName == "/ecs/hokusai/mlflow/staging"
        assert not startFromHead, "the last lines, not the first"
        if logStreamName not in self.streams:
            raise client_error("ResourceNotFoundException", message="The specified log stream does not exist.")
        return {"events": [{"timestamp": 1, "message": each} for each in self.streams[logStreamName][-limit:]]}


def watch(ecs: EcsClient, streams: Mapping[str, list[str]] | None = None) -> TaskWatch:
    return TaskWatch(Ecs(ecs), ContainerLogs(LogsClient(streams), sleep=lambda _: None))
