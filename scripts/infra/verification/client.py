"""An outside developer: Python with the standard MLflow client and scikit-learn, in a process of its own."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.repository import REQUIREMENTS
from infra.tool_environment import tool_environment


def client_python() -> Path:
    """Python of the environment that requirements/client.lock describes; made when missing."""
    return tool_environment("client", REQUIREMENTS / "client.lock")


def run_client(
    python: Path,
    script: str,
    folder: Path,
    tracking_uri: str,
    *,
    token: str | None = None,
    environment: Mapping[str, str] | None = None,
    seconds: float = 300.0,
) -> "subprocess.CompletedProcess[str]":
    """Run a script as an outside developer would: tracking URI and token, no AWS credentials, an empty home.

    Args:
        python: of the client's environment.
        script: Python source.
        folder: empty folder: working directory, home, temporary files.
        tracking_uri: MLFLOW_TRACKING_URI.
        token: MLFLOW_TRACKING_TOKEN, the API key.
        environment: more variables.
        seconds: time limit.

    Returns:
        Exit code, output, errors.
    """
    return subprocess.run(
        [str(python), "-c", script],
        cwd=folder,
        env=client_variables(folder, tracking_uri, token, environment),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def client_variables(
    folder: Path, tracking_uri: str, token: str | None = None, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The process environment of an outside developer: no AWS credentials, an empty home.

    Args:
        folder: empty folder: home, temporary files.
        tracking_uri: MLFLOW_TRACKING_URI.
        token: MLFLOW_TRACKING_TOKEN, the API key.
        environment: more variables.

    Returns:
        The whole environment.
    """
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "MLFLOW_TRACKING_URI": tracking_uri,
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "NO_PROXY": "127.0.0.1,localhost",
        "AWS_EC2_METADATA_DISABLED": "true",
        **({"MLFLOW_TRACKING_TOKEN": token} if token else {}),
        **(environment or {}),
    }
