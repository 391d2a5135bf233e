"""What every container finds at 169.254.170.2: credentials of its task role, and what its task is.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from infra.preflight.platform.sessions import Sessions


@dataclass(frozen=True)
class Described:
    """What the endpoint tells a task about itself.

    Args:
        task_id: the task.
        role_arn: its task role, if it has one.
        metadata: of the task, as ECS words it.
        containers: metadata by container name.
    """

    task_id: str
    role_arn: str | None
    metadata: Mapping[str, Any]
    containers: Mapping[str, Mapping[str, Any]]


class ContainerEndpoint:
    """Handles requests of containers.

    Args:
        sessions: makes the credentials.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._tasks: dict[str, tuple[str, Described]] = {}

    def add(self, address: str, described: Described) -> None:
        """A task that may ask from its own address."""
        self._tasks[described.task_id] = (address, described)

    def environment(self, task_id: str, container: str) -> dict[str, str]:
        """Variables that ECS gives to a container."""
        _, described = self._tasks[task_id]
        found = {"ECS_CONTAINER_METADATA_URI_V4": f"http://169.254.170.2/v4/{task_id}/{container}"}
        if described.role_arn:
            found["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] = f"/v2/credentials/{task_id}"
        return found

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One question."""
        parts = request.path.strip("/").split("/")
        task_id = (
            parts[2] if parts[:2] == ["v2", "credentials"] and len(parts) == 3 else parts[1] if len(parts) > 1 else ""
        )
        known = self._tasks.get(task_id)
        if known is None or known[0] != request.remote:
            return web.json_response(
                {"code": "InvalidIdInRequest", "message": "not a task of this address"}, status=400
            )
        described = known[1]
        if parts[0] == "v2" and described.role_arn:
            session = await self._sessions.of_task(task_id, described.role_arn)
            return web.json_response(
                {
                    "RoleArn": session.role_arn,
                    "AccessKeyId": session.access_key_id,
                    "SecretAccessKey": session.secret_access_key,
                    "Token": session.token,
                    "Expiration": session.expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            )
        if parts[0] == "v4" and parts[3:] == ["task"]:
            return web.json_response(described.metadata)
        if parts[0] == "v4" and len(parts) == 3 and parts[2] in described.containers:
            return web.json_response(described.containers[parts[2]])
        return web.json_response({"code": "NotFound", "message": f"{request.path} is not served"}, status=404)
