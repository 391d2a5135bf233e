"""`mlflow-server health`: proves the HTTP server, the database and the artifact store, within a time limit."""

import http.client
import threading
import time
from collections.abc import Callable, Mapping

from mlflow_server import artifact_store
from mlflow_server.database import connection
from mlflow_server.environment import serve_settings
from mlflow_server.errors import ServerError
from mlflow_server.log import say
from mlflow_server.settings import Database, ServeSettings

# Below the 5 s of the container's health check (modules/ecs-service), with room for Python's start.
LIMIT_SECONDS = 3.5
_HTTP_SECONDS = 2.0
_ROUTE = "/api/2.0/mlflow/experiments/search?max_results=1"


def health(values: Mapping[str, str]) -> None:
    """Check all three, side by side.

    Args:
        values: the process environment, that of `serve`.

    Raises:
        ServerError: one of them does not work, or did not answer in time; a line for each.
    """
    settings = serve_settings(values)
    problems = failed(
        {
            "HTTP server": lambda: _http(settings),
            "database": lambda: _database(settings.database),
            "artifact store": lambda: _artifact_store(settings),
        },
        LIMIT_SECONDS,
    )
    if problems:
        raise ServerError("\n".join(problems))
    say("healthy")


def failed(checks: Mapping[str, Callable[[], None]], seconds: float) -> list[str]:
    """Run checks side by side; what is wrong with them.

    Args:
        checks: by name; each raises ServerError.
        seconds: for all of them. One that hangs is left behind: it ends with the process.

    Returns:
        A line for each that failed or did not answer.
    """
    problems: dict[str, str] = {name: f"The {name} did not answer within {seconds:g} s." for name in checks}

    def run(name: str, check: Callable[[], None]) -> None:
        try:
            check()
        except ServerError as error:
            problems[name] = str(error)
        else:
            del problems[name]

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in checks.items()]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    return list(problems.values())


def _http(settings: ServeSettings) -> None:
    # Not /health: that one stays 200 whatever happens to the database. This one needs a worker and its own connection.
    host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 - compared, not bound
    server = http.client.HTTPConnection(host, settings.port, timeout=_HTTP_SECONDS)
    name = settings.allowed_hosts[0].replace("*", str(settings.port))
    try:
        server.request("GET", _ROUTE, headers={"Host": name})
        status = server.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"The server does not answer on {host}:{settings.port}: {error}") from None
    finally:
        server.close()
    if status != http.client.OK:
        raise ServerError(f"The server answers {status} to a search for experiments.")


def _database(database: Database) -> None:
    with connection(database) as opened:
        opened.execute("SELECT 1")


def _artifact_store(settings: ServeSettings) -> None:
    artifact_store.probe_at_most_every(settings.probe_seconds, settings.artifacts, settings.scratch)
