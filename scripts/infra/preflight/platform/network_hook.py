"""The library that gives a process the network of a task (network.c), compiled once for this machine."""

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from infra.errors import InfraError
from infra.repository import build_folder

_SOURCE = Path(__file__).with_name("network.c")
_OPTIONS = ("-shared", "-fPIC", "-O2")
_LIBRARIES = ("-ldl", "-lresolv")


def network_hook() -> Path:
    """The compiled library.

    Returns:
        Path of the shared object, below build/tools.

    Raises:
        InfraError: this is not Linux, there is no C compiler, or it failed.
    """
    if not sys.platform.startswith("linux"):
        raise InfraError("Preflight gives every task an address and names of its own, which needs Linux.")
    compiler = shlex.split(os.environ.get("CC") or "cc")
    made_from = hashlib.sha256(_SOURCE.read_bytes() + " ".join((*compiler, *_OPTIONS, *_LIBRARIES)).encode())
    # Without the links that lead there, which a task need not see: checkouts may share their tools.
    library = (build_folder() / "tools").resolve() / f"network-{made_from.hexdigest()[:16]}.so"
    if library.exists():
        return library
    if shutil.which(compiler[0]) is None:
        raise InfraError(
            f"No C compiler ({compiler[0]}): preflight compiles {_SOURCE.name}, which makes the tasks' networks. "
            "Install one (Debian: apt-get install gcc libc6-dev), or name it in CC."
        )
    library.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(library.with_suffix(".lock")):
        partial = library.with_suffix(".partial")
        result = subprocess.run(
            [*compiler, *_OPTIONS, "-o", str(partial), str(_SOURCE), *_LIBRARIES],
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise InfraError(f"{compiler[0]} cannot compile {_SOURCE.name}:\n{result.stderr.strip()}")
        partial.replace(library)
    return library
