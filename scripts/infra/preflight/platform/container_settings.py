"""How a container is started: from its definition, its image, and what ECS and this run add."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.addresses import AddressBlock
from infra.preflight.platform.container import Specification, can_run_as, namespaces_work
from infra.preflight.platform.container_endpoint import ContainerEndpoint
from infra.preflight.platform.definitions import ContainerDefinition, TaskDefinition
from infra.preflight.platform.images import Image
from infra.preflight.platform.model import Task
from infra.preflight.platform.network import Network
from infra.preflight.platform.processors import Processors
from infra.preflight.platform.record import Record
from infra.preflight.platform.task_start import TaskStart


@dataclass(frozen=True)
class Surroundings:
    """What the run gives to every container beside what ECS gives.

    Args:
        account: for its region.
        block: addresses.
        network: where tasks are entered.
        record: told of everything.
        endpoint: credentials and metadata.
        start: what ECS does first.
        folder: for logs and scratch.
        hook: library that makes the network.
        aws_url: the AWS endpoint.
        gate_port: see network.c.
        dns_port: see network.c.
        database_ca: file with the authority of the databases; None without a database.
        shown: files and folders that containers read.
        extra: variables of doubles, by repository.
        hurry: health check intervals are divided by it until a container is healthy.
        limits: what could not be done is added here.
        processors: who runs where.
    """

    account: EmulatedAccount
    block: AddressBlock
    network: Network
    record: Record
    endpoint: ContainerEndpoint
    start: TaskStart
    folder: Path
    hook: Path
    aws_url: str
    gate_port: int
    dns_port: int
    database_ca: Path | None
    shown: tuple[Path, ...]
    extra: Mapping[str, Mapping[str, str]]
    hurry: float
    limits: list[str] = field(default_factory=list)
    processors: Processors = field(default_factory=Processors)

    def network_variable(self, kind: str, address: str) -> str:
        """PREFLIGHT_NETWORK of network.c."""
        return f"{kind} {address} {self.block.network} {self.gate_port} {self.dns_port}"

    def cannot(self, what: str) -> None:
        """Say once what this machine does not allow."""
        if what not in self.limits:
            self.limits.append(what)


@dataclass(frozen=True)
class ContainerSettings:
    """Settings of the containers of one task.

    Args:
        surroundings: of the run.
        task: whose containers.
        definition: its task definition.
        folder: for scratch.
    """

    surroundings: Surroundings
    task: Task
    definition: TaskDefinition
    folder: Path

    def specification(self, container: ContainerDefinition, image: Image, secret: Mapping[str, str]) -> Specification:
        """How a container is started.

        Args:
            container: its definition.
            image: what stands for its image.
            secret: its secrets, by variable.
        """
        surroundings = self.surroundings
        needed = (*image.needed, surroundings.hook, *surroundings.shown)
        authority = surroundings.database_ca
        user = self._user(container.user or image.user, needed)
        mounts = self._scratch(container, user)
        files = namespaces_work()
        if not files:
            surroundings.cannot(
                "processes get no file system of their own on this machine: what is read-only can be written, and "
                "scratch is where TMPDIR and HOME point"
            )
        given = {
            **image.environment,
            **self.given_by_ecs(container.name),
            **({} if files else {"TMPDIR": self._outside(mounts), "HOME": self._outside(mounts)}),
            **({image.ca_variable: str(authority)} if image.ca_variable and authority else {}),
            **surroundings.extra.get(image.repository, {}),
        }
        return Specification(
            command=_command(container, image),
            environment={**given, **container.environment, **secret},
            directory=container.directory or image.directory,
            user=user,
            namespace=files,
            read_only=container.read_only,
            mounts=mounts,
            needed=tuple(map(str, needed)),
            ulimits=container.ulimits,
            cpus=surroundings.processors.of(self.definition.family, self.definition.cpu),
        )

    def given_by_ecs(self, container: str) -> dict[str, str]:
        """The variables of a container that are not in its definition."""
        surroundings, region = self.surroundings, self.surroundings.account.region
        return {
            "AWS_DEFAULT_REGION": region,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": region,
            "HOSTNAME": f"ip-{self.task.address.replace('.', '-')}.ec2.internal",
            **surroundings.endpoint.environment(self.task.id, container),
            # Not of ECS: where AWS is on this machine, and the task's network.
            "AWS_ENDPOINT_URL": surroundings.aws_url,
            "LD_PRELOAD": str(surroundings.hook),
            "PREFLIGHT_NETWORK": surroundings.network_variable("task", self.task.address),
        }

    def _user(self, wanted: str | None, needed: tuple[Path, ...]) -> tuple[int, int] | None:
        if not wanted or wanted.partition(":")[0] in ("0", "root"):
            return None
        uid, _, gid = wanted.partition(":")
        if not uid.isdigit() or not (gid or "0").isdigit():
            self.surroundings.cannot(f"user {wanted} is known only in the image: it is ignored")
            return None
        user = int(uid), int(gid or 0)
        if can_run_as(user, needed):
            return user
        self.surroundings.cannot(f"programs cannot run as another user here: {wanted} of {self.task.family} is ignored")
        return None

    def _scratch(self, container: ContainerDefinition, user: tuple[int, int] | None) -> dict[str, str]:
        mounts = {}
        for path, volume in container.mounts.items():
            folder = self.folder / "volumes" / volume
            folder.mkdir(parents=True, exist_ok=True)
            if user is not None:
                os.chown(folder, *user)
            mounts[path] = str(folder)
        return mounts

    @staticmethod
    def _outside(mounts: Mapping[str, str]) -> str:
        """Where temporary files go without a file system of its own; nowhere without a scratch mount."""
        return mounts.get("/tmp") or next(iter(mounts.values()), "/proc/nowhere")  # noqa: S108 - of the container


def _command(container: ContainerDefinition, image: Image) -> tuple[str, ...]:
    # An entrypoint of the task definition takes the image's command away.
    command = container.command or (() if container.entrypoint else image.command)
    return (*(container.entrypoint or image.entrypoint), *command)
