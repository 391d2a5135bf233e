"""Reading the settings from the environment that environments/stack/services.tf makes; what is wrong is named."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar, cast

from mlflow_server.errors import ServerError
from mlflow_server.settings import ArtifactStore, Database, MigrateSettings, Secret, ServeSettings

_T = TypeVar("_T")

# The image carries RDS's certificates here (Dockerfile).
CA_FILE = "/etc/ssl/rds/global-bundle.pem"

_S3_URI = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<prefix>[A-Za-z0-9!_.*'()/-]*[A-Za-z0-9!_.*'()-])/?"
)
_HOST_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
_ALLOWED_HOST = re.compile(r"[A-Za-z0-9.-]+(:([0-9]{1,5}|\*))?")
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{1,19}")
_SECRET_ARN = re.compile(r"arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@!-]+")


class _Reader:
    """Reads settings and collects what is wrong with them, so that all of it is said at once."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._problems: list[str] = []

    def __call__(self, name: str, parse: Callable[[str], _T], wanted: str, default: str = "") -> _T:
        """The setting `name`. What stands for a missing or wrong one is seen by nobody: `refuse_problems` comes first.

        An empty setting is a missing one: that is what a template with a forgotten value gives. A wrong value is not
        repeated: somebody may have swapped it with a password.
        """
        text = self._values.get(name) or default
        try:
            if text:
                return parse(text)
        except ValueError:
            self._problems.append(f"{name} is wrong: set it to {wanted}.")
        else:
            self._problems.append(f"{name} is missing: set it to {wanted}.")
        return cast("_T", None)

    def refuse_problems(self) -> None:
        """Raise a ServerError with a line for each problem."""
        if self._problems:
            raise ServerError("\n".join(self._problems))


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(text)
        return int(text)

    return parse


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not pattern.fullmatch(text):
            raise ValueError(text)
        return text

    return parse


def _password(text: str) -> Secret:
    if any(ord(character) < 32 for character in text):  # a line break from a file is the usual one
        raise ValueError
    return Secret(text)


def _file(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise ValueError(text)
    return path


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise ValueError(text)
    return path


def _artifact_store(text: str) -> ArtifactStore:
    match = _S3_URI.fullmatch(text)
    if not match or any(part in {"", ".", ".."} for part in match["prefix"].split("/")):
        raise ValueError(text)
    return ArtifactStore(match["bucket"], match["prefix"])


def _allowed_hosts(text: str) -> tuple[str, ...]:
    hosts = tuple(host.strip() for host in text.split(","))
    if not all(_ALLOWED_HOST.fullmatch(host) for host in hosts):
        raise ValueError(text)
    return hosts


def _workers(text: str) -> int | None:
    return None if text == "auto" else _number(1, 64)(text)


def _switch(text: str) -> bool:
    if text not in {"true", "false"}:
        raise ValueError(text)
    return text == "true"


_PORT = (_number(1, 65535), "a TCP port, 1 to 65535")


def _database(read: _Reader) -> Database:
    return Database(
        host=read("DATABASE_HOST", _matching(_HOST_NAME), "the host name of the database"),
        port=read("DATABASE_PORT", _number(1, 65535), "a TCP port, 1 to 65535"),
        name=read("DATABASE_NAME", _matching(_IDENTIFIER), "the name of the database, e.g. mlflow"),
        user=read("DATABASE_USER", _matching(_IDENTIFIER), "the application's database user, e.g. mlflow"),
        password=read("DATABASE_PASSWORD", _password, "the password of DATABASE_USER, without line breaks"),
        ca_file=read("DATABASE_CA_FILE", _file, "a PEM file with the database's certificate authorities", CA_FILE),
    )


def _environment(read: _Reader) -> str:
    return read("ENVIRONMENT", _matching(_ENVIRONMENT), "the environment's name, e.g. staging")


def serve_settings(values: Mapping[str, str]) -> ServeSettings:
    """The settings of `serve` and `health`.

    Args:
        values: the process environment.

    Raises:
        ServerError: settings are missing or wrong; a line for each, which names it and never repeats its value.
    """
    read = _Reader(values)
    seconds = "whole seconds, {} to {}".format
    settings = ServeSettings(
        environment=_environment(read),
        host=read("HOST", _matching(_HOST_NAME), "the address to listen on", "0.0.0.0"),  # noqa: S104 - a container
        port=read("PORT", _number(1, 65535), "a TCP port, 1 to 65535"),
        database=_database(read),
        artifacts=read("ARTIFACTS_DESTINATION", _artifact_store, "s3://<bucket>/<prefix>"),
        allowed_hosts=read(
            "ALLOWED_HOSTS", _allowed_hosts, "the names that clients use, with port, e.g. mlflow.example.local:5000"
        ),
        keep_alive_seconds=read("KEEP_ALIVE_SECONDS", _number(1, 4100), seconds(1, 4100)),
        workers=read("WORKERS", _workers, "the number of server processes, 1 to 64, or auto", "auto"),
        job_runner=read("JOB_RUNNER", _switch, "true or false", "false"),
        schema_wait_seconds=read("SCHEMA_WAIT_SECONDS", _number(0, 3600), seconds(0, 3600), "90"),
        # The TTL of Cloud Map's record (modules/service-discovery), and the gateway's time to ask for it again.
        linger_seconds=read("LINGER_SECONDS", _number(0, 3600), seconds(0, 3600), "15"),
        # Both together below the 120 s after which ECS kills (stop_timeout_seconds in the stack).
        drain_seconds=read("DRAIN_SECONDS", _number(0, 3600), seconds(0, 3600), "100"),
        probe_seconds=read("PROBE_SECONDS", _number(0, 3600), seconds(0, 3600), "300"),
        scratch=read("TMPDIR", _folder, "a folder that exists", "/tmp"),  # noqa: S108 - the task's volume
    )
    read.refuse_problems()
    return settings


def migrate_settings(values: Mapping[str, str]) -> MigrateSettings:
    """The settings of `migrate`.

    Args:
        values: the process environment.

    Raises:
        ServerError: settings are missing or wrong; a line for each, which names it and never repeats its value.
    """
    read = _Reader(values)
    settings = MigrateSettings(
        environment=_environment(read),
        database=_database(read),
        master_secret_arn=read(
            "DATABASE_MASTER_SECRET_ARN", _matching(_SECRET_ARN), "the ARN of the master user's secret"
        ),
    )
    read.refuse_problems()
    return settings
