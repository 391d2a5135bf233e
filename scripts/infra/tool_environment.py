"""Python environments for tools whose pins clash with the tooling's own, each from its hashed lock file."""

import hashlib
import shutil
import subprocess
import venv
from pathlib import Path

from filelock import FileLock

from infra.console import progress
from infra.errors import InfraError
from infra.repository import build_folder


def tool_environment(name: str, lock: Path) -> Path:
    """The Python of a tool's environment, made or renewed when its lock file is not what it was made from.

    Args:
        name: folder name below `build/tools`.
        lock: requirement file with a hash for every package.

    Returns:
        Absolute path of the environment's `python`.

    Raises:
        InfraError: pip could not install exactly what the lock file says.
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
            venv.create(folder, with_pip=True)
            command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            result = subprocess.run(
                [*command, "--require-hashes", "--requirement", str(lock)], capture_output=True, text=True, check=False
            )
        if result.returncode != 0:
            raise InfraError(
                f"Installing {name} from {lock.name} failed:\n{result.stderr.strip()}\n"
                "PyPI (or the index that pip is configured for) must be reachable; then run the command again."
            )
        stamp.write_text(wanted)
    return python
