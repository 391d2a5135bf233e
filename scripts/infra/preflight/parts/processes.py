"""Starting real programs that never outlive the test process."""

import ctypes
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_libc = ctypes.CDLL(None)


def start(
    command: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    user: str | None = None,
    end_with: signal.Signals = signal.SIGTERM,
) -> "subprocess.Popen[bytes]":
    """Start a program in a process group of its own; it gets a signal when this process is gone.

    Args:
        command: program and arguments.
        log: file that its output is appended to.
        environment: its whole environment.
        user: who it runs as; None: who runs the tests.
        end_with: the signal.
    """

    def end_with_parent() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(end_with))

    with log.open("ab") as output:
        return subprocess.Popen(
            list(command),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - one prctl, which takes no lock
        )


def stop(process: "subprocess.Popen[bytes]", seconds: float = 60.0) -> int:
    """End a program with SIGTERM, and with SIGKILL when it does not.

    Returns:
        Its exit code; negative: the signal that ended it.
    """
    process.terminate()
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody has at this moment."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def wait_for_port(host: str, port: int, seconds: float = 120.0) -> None:
    """Wait until somebody accepts connections."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            socket.create_connection((host, port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return
