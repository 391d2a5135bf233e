"""Python environments for tools whose pins clash with the tooling's own, each from its hashed lock file."""

import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from filelock import FileLock

from infra.console import progress
from infra.errors import InfraError
from infra.repository import SERVICES, build_folder


def tool_environment(name: str, lock: Path, *, compiled: bool = False) -> Path:
    """The Python of a tool's environment, made or renewed when its lock file is not what it was made from.

    Args:
        name: folder name below `build/tools`.
        lock: requirement file with a hash for every package.
        compiled: whether it has bytecode from the beginning, for programs that may write none.

    Returns:
        Absolute path of the environment's `python`.

    Raises:
        InfraError: exactly what the lock file says could not be installed.
    """
    folder = build_folder() / "tools" / name
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    stamp = folder / "installed-from"
    python = folder / "bin" / "python"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_suffix(".lock")):
        if stamp.exists() and stamp.read_text() == wanted and python.exists():
            return python
        with progress(f"installing {name} from {lock.name} (once)"):
            shutil.rmtree(folder, ignore_errors=True)
            failure = _uv("venv", "--python", sys.executable, str(folder)) or _uv(
                *("pip", "install", "--python", str(python), "--require-hashes", "--requirement", str(lock)),
                *(("--compile-bytecode",) if compiled else ()),
            )
        if failure:
            raise InfraError(
                f"Installing {name} from {lock.name} failed:\n{failure}\n"
                "PyPI (or the index that pip is configured for) must be reachable; then run the command again."
            )
        stamp.write_text(wanted)
    return python


def service_environment(service: str) -> Path:
    """The Python of a service, from the lock file that its image installs.

    With bytecode, as pip leaves it in the image: a task's root file system is read-only, and each start of MLflow would
    compile two thousand files (9 s of processor instead of 4).

    Args:
        service: folder name below `services`.

    Returns:
        As of `tool_environment`.

    Raises:
        InfraError: as of `tool_environment`.
    """
    return tool_environment(service, SERVICES / service / "requirements.lock", compiled=True)


def uv_command() -> list[str]:
    """uv, which came with the tooling: a tenth of pip's time for the same files and hashes."""
    return [str(Path(sys.executable).parent / "uv"), "--quiet"]


def uv_environment() -> Mapping[str, str]:
    """The process environment of uv: the index that pip is configured for, the system's certificates."""
    return {"UV_SYSTEM_CERTS": "1", **_configured_index(), **os.environ}


@functools.cache
def _configured_index() -> Mapping[str, str]:
    settings = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    # global.index-url='...' from pip's files, :env:.index-url='...' from PIP_INDEX_URL.
    configured = re.findall(r"^(?:global|install|:env:)\.index-url='(.+)'$", settings, re.MULTILINE)
    return {"UV_DEFAULT_INDEX": configured[-1]} if configured else {}


def _uv(*arguments: str) -> str:
    """Run uv; what it says when it fails, and nothing when it does not."""
    result = subprocess.run(
        [*uv_command(), *arguments], env=uv_environment(), capture_output=True, text=True, check=False
    )
    return "" if result.returncode == 0 else result.stderr.strip() or f"uv ended with {result.returncode}"
