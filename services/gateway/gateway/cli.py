"""The command `gateway`: serve, health, config."""

import argparse
import http.client
import os
import sys
from collections.abc import Sequence

from gateway.server import StartError, serve
from gateway.settings import SettingsError, load, rows


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Returns:
        Exit code: 0; 1 if the gateway is not healthy or failed; 2 if a setting is missing or wrong.
    """
    parser = argparse.ArgumentParser(prog="gateway", description="Authenticating gateway in front of MLflow")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer requests until SIGTERM")
    commands.add_parser("health", help="exit 0 if the gateway on this machine is alive (container health check)")
    commands.add_parser("config", help="list every setting with its value and where it comes from")
    command = parser.parse_args(arguments).command
    try:
        if command == "config":
            return _config()
        settings = load(os.environ)
        if command == "health":
            return _health(settings.listen_address, settings.port)
        if settings.artifact_lane == "direct":
            _check_lane()
        return serve(settings)
    except SettingsError as error:
        for line in str(error).splitlines():
            sys.stderr.write(f"ERROR {line}\n")
        return 2
    except StartError as error:
        sys.stderr.write(f"ERROR {error}\n")
        return 1


def _check_lane() -> None:
    """Refuse wrong settings of the artifact lane before workers are started that would all die of them."""
    from gateway.artifacts.settings import DirectLaneSettings, DirectLaneSettingsError  # noqa: PLC0415

    try:
        DirectLaneSettings.from_environment(os.environ)
    except DirectLaneSettingsError as error:
        raise SettingsError(str(error)) from None


def _config() -> int:
    for row in rows(os.environ):
        sys.stdout.write(f"{row.name}={row.value}  [{row.source}] {row.about}\n")
    load(os.environ)
    return 0


def _health(address: str, port: int) -> int:
    # An address that means "all of this machine" is reached through loopback.
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address)  # noqa: S104 # compared, not listened on
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"ERROR The gateway does not answer on port {port}: {type(error).__name__}\n")
        return 1
    finally:
        connection.close()
    if status != 200:
        sys.stderr.write(f"ERROR The gateway answers {status} to /health\n")
        return 1
    return 0
