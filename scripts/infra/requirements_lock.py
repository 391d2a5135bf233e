"""Resolving the lock files anew from the pyproject.toml files, with hashes and for every platform."""

import subprocess
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from infra.console import progress
from infra.errors import InfraError
from infra.repository import REQUIREMENTS, ROOT
from infra.tool_environment import uv_command, uv_environment


@dataclass(frozen=True)
class Lock:
    """A lock file and what `uv pip compile` resolves it from."""

    path: Path
    sources: tuple[str, ...]


# The services come first: the tooling imports the gateway in its tests, at the versions that the image installs.
LOCKS = {
    "mlflow": Lock(ROOT / "services/mlflow/requirements.lock", ("services/mlflow/pyproject.toml",)),
    "gateway": Lock(ROOT / "services/gateway/requirements.lock", ("services/gateway/pyproject.toml",)),
    "client": Lock(REQUIREMENTS / "client.lock", ("--group", "pyproject.toml:client")),
    "installer": Lock(REQUIREMENTS / "installer.lock", ("--group", "pyproject.toml:installer")),
    "scan": Lock(REQUIREMENTS / "scan.lock", ("--group", "pyproject.toml:scan")),
    "terraform": Lock(REQUIREMENTS / "terraform.lock", ("--group", "pyproject.toml:terraform")),
    "tooling": Lock(
        REQUIREMENTS / "tooling.lock",
        ("pyproject.toml", "--group", "tooling", "--constraint", "services/gateway/requirements.lock"),
    ),
}


def lock_requirements(names: Collection[str]) -> None:
    """Write lock files.

    Args:
        names: keys of `LOCKS`.

    Raises:
        InfraError: something could not be resolved; that lock file is as it was.
    """
    for name in names:
        lock = LOCKS[name]
        command = [*uv_command(), "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
        command += ["--no-header", "--no-annotate", "--no-emit-index-url", "--upgrade", *lock.sources]
        with progress(f"resolving {lock.path.relative_to(ROOT)}"):
            result = subprocess.run(
                [*command, "--output-file", str(lock.path)],
                cwd=ROOT,
                env=uv_environment(),
                capture_output=True,
                text=True,
                check=False,
            )
        if result.returncode != 0:
            raise InfraError(f"Resolving {lock.path.relative_to(ROOT)} failed:\n{result.stderr.strip()}")
