"""`mlflow-server serve`: checks what the server will need, then becomes `mlflow server`."""

import importlib.metadata
import os
import sys
from collections.abc import Mapping
from typing import NoReturn

from mlflow_server import artifact_store
from mlflow_server.database import store_uri
from mlflow_server.environment import serve_settings
from mlflow_server.errors import ServerError
from mlflow_server.log import say
from mlflow_server.schema import installed_schema, wait_for_schema
from mlflow_server.settings import ServeSettings
from mlflow_server.sizing import Sizing, sizing, task_size

# Connections are renewed before a NAT or a failover makes them useless.
_POOL_RECYCLE_SECONDS = 1800


def serve(values: Mapping[str, str]) -> NoReturn:
    """Wait for the schema, probe the artifact store, and become the server.

    The process is replaced by one that runs the server and passes signals on to it, SIGTERM later than it came.

    Args:
        values: the process environment.

    Raises:
        ServerError: a setting, the database, its schema or the artifact store is not as it must be.
    """
    settings = serve_settings(values)
    wait_for_schema(settings.database, installed_schema(), settings.schema_wait_seconds, say)
    artifact_store.probe_at_most_every(0, settings.artifacts, settings.scratch)
    size = task_size(values)
    started_with = sizing(size, settings.workers)
    say(
        f"MLflow {importlib.metadata.version('mlflow')} of {settings.environment} on {settings.host}:{settings.port}, "
        f"{settings.database}, artifacts in {settings.artifacts.uri}; {size.cpus:g} vCPU, {size.memory_mib} MiB: "
        f"{started_with.workers} workers, {started_with.pool_size}+{started_with.max_overflow} connections a pool"
    )
    command = server_command(settings, started_with)
    environment = server_environment(values, settings, started_with)
    try:
        os.execve(command[0], command, environment)  # noqa: S606 - no shell: the server is the container's process
    except OSError as error:
        raise ServerError(f"{command[0]} cannot be executed: {error.strerror}") from None


def server_command(settings: ServeSettings, size: Sizing) -> list[str]:
    """The command line of the server. Everybody on the machine can read it: no secret is in it.

    Args:
        settings: of the server.
        size: of the server.
    """
    uvicorn = {
        "--loop": "mlflow_server.loop:new_event_loop",
        "--timeout-keep-alive": settings.keep_alive_seconds,
        "--timeout-graceful-shutdown": settings.drain_seconds,
    }
    return [
        *(sys.executable, "-m", "mlflow_server.lingering", str(settings.linger_seconds)),
        *(sys.executable, "-m", "mlflow_server.mlflow_command", "server"),
        *("--host", settings.host, "--port", str(settings.port)),
        *("--workers", str(size.workers)),
        "--serve-artifacts",
        *("--artifacts-destination", settings.artifacts.uri),
        # Not s3://...: clients would need AWS credentials of their own.
        *("--default-artifact-root", "mlflow-artifacts:/"),
        *("--allowed-hosts", ",".join(settings.allowed_hosts)),
        # The gateway writes a line for each request, with its id; a second one without would only cost.
        *("--uvicorn-opts", " ".join([*(f"{name} {value}" for name, value in uvicorn.items()), "--no-access-log"])),
    ]


def server_environment(values: Mapping[str, str], settings: ServeSettings, size: Sizing) -> dict[str, str]:
    """The server's environment: that of the container without its parts of the database, with MLflow's own names.

    Args:
        values: the process environment.
        settings: of the server.
        size: of the server.
    """
    kept = {name: value for name, value in values.items() if not name.startswith("DATABASE_")}
    return kept | {
        "MLFLOW_BACKEND_STORE_URI": store_uri(settings.database),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "true" if settings.job_runner else "false",
        "MLFLOW_SQLALCHEMYSTORE_MAX_OVERFLOW": str(size.max_overflow),
        "MLFLOW_SQLALCHEMYSTORE_POOL_RECYCLE": str(_POOL_RECYCLE_SECONDS),
        "MLFLOW_SQLALCHEMYSTORE_POOL_SIZE": str(size.pool_size),
        "TMPDIR": str(settings.scratch),
    }
