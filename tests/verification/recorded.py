"""AWS answers as AWS gives them: botocore checks every one, and every call, against the service's own model."""

from collections.abc import Mapping
from typing import Any

import botocore.session
from botocore.stub import Stubber

_NOTHING: Mapping[str, Any] = {}


class RecordedAccount:
    """An account that answers what was recorded, in that order, and nothing else."""

    def __init__(self) -> None:
        self._clients: dict[str, tuple[Any, Stubber]] = {}

    def client(self, service: str) -> Any:
        if service not in self._clients:
            made = botocore.session.Session().create_client(
                service,
                region_name="us-east-1",
                aws_access_key_id="A",
                aws_secret_access_key="B",  # noqa: S106
            )
            stubber = Stubber(made)
            stubber.activate()
            self._clients[service] = (made, stubber)
        return self._clients[service][0]

    def answers(self, service: str, operation: str, answer: Mapping[str, Any], **asked: Any) -> "RecordedAccount":
        """Record an answer.

        Args:
            service: as boto3 calls it.
            operation: method of its client.
            answer: what AWS says.
            asked: what the call must ask; nothing is compared where nothing is given.
        """
        self.client(service)
        self._clients[service][1].add_response(operation, dict(answer), asked or None)
        return self

    def refuses(self, service: str, operation: str, code: str) -> "RecordedAccount":
        """Record an error."""
        self.client(service)
        self._clients[service][1].add_client_error(operation, code, "as recorded")
        return self

    def all_asked(self) -> None:
        """Every recorded answer was given."""
        for _, stubber in self._clients.values():
            stubber.assert_no_pending_responses()


def services(*names: str, running: int = 2, groups: Mapping[str, str] = _NOTHING) -> list[dict[str, Any]]:
    """Services as ECS describes them when all is well; `groups` are target groups by service."""
    return [
        {
            "serviceName": f"hokusai-{name}",
            "serviceArn": f"arn:aws:ecs:us-east-1:1:service/hokusai-x/hokusai-{name}",
            "desiredCount": 2,
            "runningCount": running,
            "deployments": [{"status": "PRIMARY", "rolloutState": "COMPLETED"}],
            "events": [{"message": f"(service hokusai-{name}) has reached a steady state."}],
            "taskDefinition": f"arn:aws:ecs:us-east-1:1:task-definition/hokusai-{name}-x:7",
            "loadBalancers": [{"targetGroupArn": groups[name]}] if name in groups else [],
        }
        for name in names
    ]


def with_services(account: RecordedAccount, described: list[dict[str, Any]]) -> RecordedAccount:
    """Let the account list these services of the cluster hokusai-x."""
    arns = [each["serviceArn"] for each in described]
    account.answers("ecs", "list_services", {"serviceArns": arns}, cluster="hokusai-x", maxResults=10)
    return account.answers("ecs", "describe_services", {"services": described}, cluster="hokusai-x", services=arns)


def with_definition(account: RecordedAccount, name: str, image: str = "", **container: Any) -> RecordedAccount:
    """Let the account describe the task definition of a service."""
    arn = f"arn:aws:ecs:us-east-1:1:task-definition/hokusai-{name}-x:7"
    containers = [{"name": "helper", "image": "other@sha256:0"}, {"name": name, "image": image, **container}]
    answer = {"taskDefinition": {"taskDefinitionArn": arn, "containerDefinitions": containers}}
    return account.answers("ecs", "describe_task_definition", answer, taskDefinition=arn)
