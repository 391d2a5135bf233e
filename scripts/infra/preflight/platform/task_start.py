"""What ECS does before a container runs: takes the execution role, reaches registry and log group, fetches secrets.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_execution_IAM_role.html and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.authorizer import Authorizer, service_context
from infra.preflight.platform.aws_calls import Need, parameter_needs, secret_needs
from infra.preflight.platform.definitions import ContainerDefinition, TaskDefinition
from infra.preflight.platform.images import repository_of
from infra.preflight.platform.model import PlatformFailure, Task
from infra.preflight.platform.network import Network
from infra.preflight.platform.permissions import Permissions
from infra.preflight.platform.protected import Protected
from infra.preflight.platform.roles import Role
from infra.preflight.platform.ways_to_aws import WayToAws

_ECS = "ecs-tasks.amazonaws.com"


@dataclass(frozen=True)
class TaskStart:
    """Prepares tasks.

    Args:
        account: where roles, secrets and log groups are.
        network: whether a task reaches AWS.
        permissions: roles.
        protected: secrets, parameters and their keys.
        authorizer: decides.
        cluster: ARN of the cluster.
    """

    account: EmulatedAccount
    network: Network
    permissions: Permissions
    protected: Protected
    authorizer: Authorizer
    cluster: str

    def prepare(self, task: Task, definition: TaskDefinition) -> dict[str, dict[str, str]]:
        """Do what has to be done before containers start.

        Args:
            task: it already has its address.
            definition: its task definition.

        Returns:
            The secrets of each container, by variable.

        Raises:
            PlatformFailure: the task would not start; in ECS's words, with the resource to blame.
        """
        if definition.task_role:
            self._role(task, definition, definition.task_role, "task_role_arn")
        if not definition.execution_role:
            if any(container.secrets for container in definition.containers):
                raise self._failed(
                    task,
                    "it has secrets, but no execution role to fetch them with",
                    definition.arn,
                    "execution_role_arn",
                )
            return {container.name: {} for container in definition.containers}
        role = self._role(task, definition, definition.execution_role, "execution_role_arn")
        for container in definition.containers:
            self._pull(task, role, container)
            self._open_log(task, role, container)
        return {container.name: self._secrets(task, role, definition, container) for container in definition.containers}

    def _role(self, task: Task, definition: TaskDefinition, arn: str, attribute: str) -> Role:
        role = self.permissions.role(arn)
        if role is None:
            raise self._failed(task, f"there is no role {arn}", definition.arn, attribute)
        judgement = self.permissions.may_be_taken(role, _ECS, service_context(self.account, self.cluster))
        if not judgement.allowed:
            raise PlatformFailure(
                f"ECS was unable to assume the role '{arn}' for {task.name}: {judgement.reason}.",
                arn=judgement.blame,
                attribute="assume_role_policy",
                task=task,
                remedy=f"Let {_ECS} take the role in its trust policy.",
            )
        return role

    def _pull(self, task: Task, role: Role, container: ContainerDefinition) -> None:
        """Image layers come from S3, everything about them from the registry."""
        registry = f"arn:aws:ecr:{self.account.region}:{self.account.account_id}:repository"
        repository = f"{registry}/{repository_of(container.image)}"
        actions = ("ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage")
        wanted = [Need("ecr:GetAuthorizationToken", "*"), *(Need(action, repository) for action in actions)]
        self._ask(task, role, "ecr", wanted, "CannotPullContainerError: pull image manifest has been retried")
        for service in ("ecr-images", "s3"):
            self._way(task, service, "CannotPullContainerError: the registry cannot be reached")

    def _open_log(self, task: Task, role: Role, container: ContainerDefinition) -> None:
        group = container.log_group
        if group is None:
            return
        stream = f"arn:aws:logs:{self.account.region}:{self.account.account_id}:log-group:{group}:log-stream:{task.id}"
        said = "ResourceInitializationError: failed to validate logger args"
        wanted = [Need("logs:CreateLogStream", stream), Need("logs:PutLogEvents", stream)]
        self._ask(task, role, "logs", wanted, said)
        groups = self.account.client("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if not any(each["logGroupName"] == group for each in groups):
            raise self._failed(
                task, f"{said}: the log group {group} does not exist", task.task_definition_arn, "container_definitions"
            )

    def _secrets(
        self, task: Task, role: Role, definition: TaskDefinition, container: ContainerDefinition
    ) -> dict[str, str]:
        said = "ResourceInitializationError: unable to pull secrets or registry auth"
        found = {}
        for variable, source in container.secrets.items():
            if ":secretsmanager:" in source:
                found[variable] = self._secret(task, role, source, said)
            else:
                found[variable] = self._parameter(task, role, source, said)
        return found

    def _secret(self, task: Task, role: Role, source: str, said: str) -> str:
        # arn:aws:secretsmanager:region:account:secret:name:json-key:version-stage:version-id
        parts = source.split(":")
        arn, (key, stage, version) = ":".join(parts[:7]), [*parts[7:], "", "", ""][:3]
        secret = self.protected.secret(arn)
        if secret is None:
            raise self._missing(task, source, said)
        self._ask(task, role, "secretsmanager", secret_needs(secret, self.account.region), said)
        chosen = {name: value for name, value in {"VersionStage": stage, "VersionId": version}.items() if value}
        try:
            text = self.account.client("secretsmanager").get_secret_value(SecretId=arn, **chosen)["SecretString"]
            return str(json.loads(text)[key]) if key else str(text)
        except (ClientError, KeyError, ValueError) as error:
            raise self._missing(task, source, f"{said} ({type(error).__name__})") from error

    def _parameter(self, task: Task, role: Role, source: str, said: str) -> str:
        parameter = self.protected.parameter(source)
        if parameter is None:
            raise self._missing(task, source, said)
        self._ask(task, role, "ssm", parameter_needs(parameter, self.account.region), said)
        name = source.partition(":parameter")[2] if source.startswith("arn:") else source
        answer = self.account.client("ssm").get_parameters(Names=[name], WithDecryption=True)
        if not answer["Parameters"]:
            raise self._missing(task, source, said)
        return str(answer["Parameters"][0]["Value"])

    def _ask(self, task: Task, role: Role, service: str, wanted: list[Need], said: str) -> None:
        way = self._way(task, service, said)
        refused = self.authorizer.first_refused(role, task.id, wanted, way)
        if refused is not None:
            need, judgement = refused
            raise PlatformFailure(
                f"{task.name} does not start: {said}: AccessDeniedException: the execution role {role.name} is not "
                f"authorized to perform {need.action} on {need.resource}: {judgement.reason}.",
                arn=judgement.blame,
                attribute="policy",
                task=task,
                remedy=f"Allow {need.action} on {need.resource} to the execution role.",
            )
        self.authorizer.note_answered(role, task.id, wanted, 200)

    def _way(self, task: Task, service: str, said: str) -> WayToAws:
        way = self.network.way_to_aws(task.address, service)
        if way is None:
            place = self.network.at(task.address)
            raise PlatformFailure(
                f"{task.name} does not start: {said}: AWS {service} cannot be reached from its subnet.",
                arn=place.groups[0] if place and place.groups else "",
                task=task,
                remedy="Let its security group reach the VPC endpoint, or the internet through NAT, on port 443.",
            )
        return way

    def _missing(self, task: Task, source: str, said: str) -> PlatformFailure:
        return self._failed(
            task,
            f"{said}: {source} does not exist or has not this key",
            task.task_definition_arn,
            "container_definitions",
        )

    def _failed(self, task: Task, what: str, arn: str, attribute: str) -> PlatformFailure:
        return PlatformFailure(f"{task.name} does not start: {what}.", arn=arn, attribute=attribute, task=task)


def task_metadata(task: Task, definition: TaskDefinition, cluster: str) -> Mapping[str, object]:
    """What the metadata endpoint says about a task, as far as programs use it."""
    return {
        "Cluster": cluster,
        "TaskARN": f"{cluster.replace(':cluster/', ':task/')}/{task.id}",
        "Family": task.family,
        "Revision": str(task.revision),
        "DesiredStatus": "RUNNING",
        "KnownStatus": "RUNNING",
        "Limits": {"CPU": definition.cpu / 1024, "Memory": definition.memory},
        "LaunchType": "FARGATE",
        "Containers": [{"Name": container.name, "Image": container.image} for container in definition.containers],
    }
