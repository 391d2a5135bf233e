"""Resolving the lock files anew from pyproject.toml, with hashes and for every platform."""

import os
import subprocess

from infra.console import progress
from infra.errors import InfraError
from infra.repository import REQUIREMENTS, ROOT
from infra.tool_environment import tool_environment

GROUPS = {"lock": "lock.lock", "scan": "scan.lock", "terraform": "terraform.lock", "tooling": "tooling.lock"}


def lock_requirements() -> None:
    """Write requirements/*.lock.

    Raises:
        InfraError: something could not be resolved; the lock file of that group is as it was.
    """
    uv = tool_environment("lock", REQUIREMENTS / "lock.lock").parent / "uv"
    for group, name in GROUPS.items():
        # The tooling's own dependencies go with its group; the tools' environments hold nothing but the tool.
        source = ["pyproject.toml", "--group", group] if group == "tooling" else ["--group", f"pyproject.toml:{group}"]
        command = [str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--upgrade", *source]
        with progress(f"resolving {name}"):
            result = subprocess.run(
                [*command, "--output-file", str(REQUIREMENTS / name)],
                cwd=ROOT,
                env={**os.environ, "UV_SYSTEM_CERTS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
        if result.returncode != 0:
            raise InfraError(f"Resolving {name} failed:\n{result.stderr.strip()}")
