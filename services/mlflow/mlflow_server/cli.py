"""The command `mlflow-server`: serve, migrate, health, schema."""

import argparse
import os
from collections.abc import Sequence

from mlflow_server.errors import ServerError
from mlflow_server.health import health
from mlflow_server.log import say
from mlflow_server.migrate import migrate
from mlflow_server.schema import print_schema
from mlflow_server.serve import serve

_COMMANDS = {
    "serve": (serve, "wait for the schema, then run the server"),
    "migrate": (migrate, "make the application's database user and bring the schema up to date"),
    "health": (health, "prove that server, database and artifact store work; for the container's health check"),
    "schema": (print_schema, "print the schema revision that this release needs"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, configured by the environment.

    Args:
        arguments: without the program; None: the process's own.

    Returns:
        Exit code: 0, or 1 after a line for each problem.
    """
    parser = argparse.ArgumentParser(
        prog="mlflow-server", description="The MLflow server of the Hokusai model registry."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, (_, purpose) in _COMMANDS.items():
        commands.add_parser(name, help=purpose, description=purpose)
    command, _ = _COMMANDS[parser.parse_args(arguments).command]
    try:
        command(os.environ)
    except ServerError as error:
        for line in str(error).splitlines():
            say(f"ERROR {line}")
        return 1
    return 0
