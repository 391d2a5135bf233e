"""Running a server for a while longer than its container runtime asks for.

`python -m mlflow_server.lingering SECONDS PROGRAM ARGUMENTS...` runs the program; a SIGTERM reaches it that much later.

ECS takes a task out of Cloud Map and sends SIGTERM at the same moment. Clients remember its address for as long as the
record's TTL says, with connections that they keep: a server that ended at once would cut those while a request is on
its way, which nobody may send again, since it may have been applied. ECS has no hook for the time between (Kubernetes
has one, `preStop`). Nothing but the standard library is loaded: this process stays for as long as the server.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Sequence

# Waited for, never handled: a handler's signal that comes just before the process begins to wait for its program would
# be heard of when the program ends.
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}


def run(command: Sequence[str], linger_seconds: int) -> int:
    """Run a program to its end, in this process's environment.

    Args:
        command: program and arguments.
        linger_seconds: between a first SIGTERM and its arrival at the program. A second one and SIGINT arrive at once.

    Returns:
        Its exit code; 128 and the signal's number where one ended it, as shells say.

    Raises:
        OSError: it cannot be executed.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    process = subprocess.Popen(
        list(command),
        preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, before),  # noqa: PLW1509 - there are no threads
    )
    told, due = False, None
    while (code := process.poll()) is None:
        received = _wait(None if due is None else due - time.monotonic())
        if received == signal.SIGCHLD:
            continue
        if received == signal.SIGTERM and linger_seconds and not told:
            due = time.monotonic() + linger_seconds
        else:
            due = None
            process.terminate()
        told = True
    return code if code >= 0 else 128 - code


def _wait(seconds: float | None) -> int | None:
    """The next signal; None when there was none in that time."""
    if seconds is None:
        return signal.sigwait(_SIGNALS)
    received = signal.sigtimedwait(_SIGNALS, max(0.0, seconds))
    return received.si_signo if received else None


if __name__ == "__main__":
    sys.exit(run(sys.argv[2:], int(sys.argv[1])))
