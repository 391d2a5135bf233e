"""One command at a time works on an environment in this checkout."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from filelock import FileLock, Timeout

from infra.environment import Environment
from infra.errors import InfraError


@contextmanager
def exclusive(environment: Environment, command: str) -> Iterator[None]:
    """Hold the environment for this process; released by the operating system however the process ends.

    Args:
        environment: whose build folder is worked in.
        command: what is running, for the one who has to wait.

    Raises:
        InfraError: another process holds it.
    """
    environment.build.mkdir(parents=True, exist_ok=True)
    holder = environment.build / "lock-holder"
    lock = FileLock(environment.build / "lock", blocking=False)
    try:
        lock.acquire()
    except Timeout as error:
        who = holder.read_text().strip() if holder.exists() else "another process"
        raise InfraError(
            f"{environment.name} is in use here by {who}. Wait until it is done; two plans of one environment at the "
            "same time would overwrite each other."
        ) from error
    try:
        now = datetime.now(UTC).strftime("%H:%M:%S UTC")
        holder.write_text(f"`{command}` (process {os.getpid()}, since {now})")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
