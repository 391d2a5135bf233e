"""Everything that the environment decides, checked and frozen."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Secret:
    """A text that no print, log or traceback shows.

    Args:
        text: the secret itself.
    """

    text: str = field(repr=False)

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True)
class Database:
    """The backend store and how the application connects to it.

    Args:
        host: DNS name or address; the server's certificate must carry it.
        port: TCP port.
        name: database.
        user: application user.
        password: its password.
        ca_file: PEM file of the authorities that may have signed the server's certificate.
    """

    host: str
    port: int
    name: str
    user: str
    password: Secret
    ca_file: Path

    def __str__(self) -> str:
        return f"database {self.name} on {self.host}:{self.port}"


@dataclass(frozen=True)
class ArtifactStore:
    """Where artifacts are.

    Args:
        bucket: S3 bucket.
        prefix: key prefix without slashes at its ends; the task role reaches nothing else.
    """

    bucket: str
    prefix: str

    @property
    def uri(self) -> str:
        """As MLflow takes it."""
        return f"s3://{self.bucket}/{self.prefix}"


@dataclass(frozen=True)
class ServeSettings:
    """What `serve` and `health` need; seconds throughout.

    Args:
        environment: name of the environment, for the log.
        host: address to listen on.
        port: TCP port to listen on.
        database: backend store.
        artifacts: artifact store.
        allowed_hosts: `Host` headers that are answered, port included; all others get 403.
        keep_alive_seconds: how long an idle connection stays open.
        workers: server processes; None: as many as the task's size allows.
        job_runner: whether MLflow's job runner is started.
        schema_wait_seconds: how long to wait for the migration.
        linger_seconds: how long to serve on after SIGTERM, while clients still know this task's address.
        drain_seconds: how long requests may go on after that.
        probe_seconds: for how long a successful probe of the artifact store stands.
        scratch: writable folder; MLflow spools artifacts there.
    """

    environment: str
    host: str
    port: int
    database: Database
    artifacts: ArtifactStore
    allowed_hosts: tuple[str, ...]
    keep_alive_seconds: int
    workers: int | None
    job_runner: bool
    schema_wait_seconds: int
    linger_seconds: int
    drain_seconds: int
    probe_seconds: int
    scratch: Path


@dataclass(frozen=True)
class MigrateSettings:
    """What `migrate` needs.

    Args:
        environment: name of the environment, for the log.
        database: backend store, with the application user to make.
        master_secret_arn: Secrets Manager secret that RDS keeps for the master user.
    """

    environment: str
    database: Database
    master_secret_arn: str
