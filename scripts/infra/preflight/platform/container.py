"""A container as a process: its own files, user, limits and network, as far as this machine allows."""

import asyncio
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

_INIT = Path(__file__).with_name("container_init.py")
_INIT_COMMAND = (sys.executable, "-S", "-E", str(_INIT))
_PROBE_SECONDS = 30.0
_STOP_SECONDS = 20.0  # for what was killed to be gone; a busy machine takes its time


@dataclass(frozen=True)
class Specification:
    """What container_init.py is told.

    Args:
        command: program and arguments.
        environment: its whole environment.
        directory: where it starts.
        user: user and group id to run as; None: who runs preflight.
        namespace: whether it gets files of its own.
        read_only: whether its root file system can only be read.
        mounts: path in the container -> folder on this machine.
        needed: files and folders that it must see whatever is mounted.
        ulimits: name as in /etc/security/limits.conf -> soft and hard limit.
        cpus: numbers of the processors that it may use; empty: all.
    """

    command: tuple[str, ...]
    environment: Mapping[str, str]
    directory: str = "/"
    user: tuple[int, int] | None = None
    namespace: bool = False
    read_only: bool = False
    mounts: Mapping[str, str] | None = None
    needed: tuple[str, ...] = ()
    ulimits: Mapping[str, tuple[int, int]] | None = None
    cpus: tuple[int, ...] = ()

    def as_json(self) -> bytes:
        """As the init process reads it."""
        said = asdict(self) | {"mounts": dict(self.mounts or {}), "ulimits": dict(self.ulimits or {})}
        return json.dumps(said | {"parent": os.getpid()}).encode()


class Container:
    """A running container.

    Args:
        process: its init process.
        specification: how it was started.
    """

    def __init__(self, process: asyncio.subprocess.Process, specification: Specification) -> None:
        self._process, self.specification = process, specification

    @classmethod
    async def start(cls, specification: Specification, log: Path) -> "Container":
        """Start it; what it prints is appended to `log`."""
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *_INIT_COMMAND,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        if process.stdin is not None:
            process.stdin.write(specification.as_json())
            process.stdin.close()
        return cls(process, specification)

    async def wait(self) -> int:
        """Its exit code, when it has ended: 128 and more is a signal."""
        return await self._process.wait()

    async def stop(self, seconds: float) -> int:
        """SIGTERM, and after some seconds the end; its exit code."""
        self._signal(signal.SIGTERM)
        try:
            # Not wait_for, which in Python 3.11 forgets a cancellation that comes with the end of what it waits for.
            async with asyncio.timeout(seconds):
                return await self._process.wait()
        except TimeoutError:
            return await self.kill()

    async def kill(self) -> int:
        """End everything in it at once; its exit code."""
        self._signal(signal.SIGHUP)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                return await self._process.wait()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            return await self._process.wait()

    async def run_beside(self, command: tuple[str, ...], log: Path, seconds: float) -> int | None:
        """Run a command with the same files, user and network, as a health check does.

        Args:
            command: program and arguments.
            log: replaced by what it printed.
            seconds: time limit.

        Returns:
            Its exit code, or None when it took too long and was ended.
        """
        log.unlink(missing_ok=True)
        beside = await Container.start(replace(self.specification, command=command, ulimits={}), log)
        try:
            async with asyncio.timeout(seconds):
                return await beside.wait()
        except TimeoutError:
            return None
        finally:
            if beside._process.returncode is None:
                await beside.kill()

    def memory_mib(self) -> int:
        """Memory of all its processes; what they share with each other, or with others, is counted once."""
        return sum(_proportional_kib(pid) for pid in _descendants(self._process.pid)) // 1024

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(number)


def _descendants(pid: int) -> list[int]:
    found = []
    waiting = [pid]
    while waiting:
        each = waiting.pop()
        try:
            tasks = list(Path(f"/proc/{each}/task").iterdir())
            children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
        except OSError:
            continue
        found += children
        waiting += children
    return found


def _proportional_kib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:  # it has just ended, or is not ours to look at
        pass
    return 0


@functools.cache
def namespaces_work() -> bool:
    """Whether processes can get files of their own here."""
    return _works(Specification(("true",), dict(os.environ), namespace=True, read_only=True))


@functools.cache
def can_run_as(user: tuple[int, int], needed: tuple[Path, ...]) -> bool:
    """Whether a program can be run as another user, who can read what it is made of."""
    if os.geteuid() != 0:
        return False
    readable = 'for each; do test -r "$each" || exit 1; done'
    return _works(
        Specification(
            ("/bin/sh", "-c", readable, "sh", *map(str, needed)),
            dict(os.environ),
            user=user,
            namespace=namespaces_work(),
            read_only=True,
            needed=tuple(map(str, needed)),
        )
    )


def _works(probe: Specification) -> bool:
    result = subprocess.run(
        _INIT_COMMAND, input=probe.as_json(), capture_output=True, timeout=_PROBE_SECONDS, check=False
    )
    return result.returncode == 0
