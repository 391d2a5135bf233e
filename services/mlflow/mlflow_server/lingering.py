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
from collections.abc import Sequence
from types import FrameType


class Lingering:
    """A program, and what signals do to it.

    Args:
        seconds: between a first SIGTERM and its arrival at the program. A second one and SIGINT are passed on at once.
    """

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._told = False

    def run(self, command: Sequence[str]) -> int:
        """Run a program to its end, in this process's environment.

        Args:
            command: program and arguments.

        Returns:
            Its exit code; 128 and the signal's number where one ended it, as shells say.

        Raises:
            OSError: it cannot be executed.
        """
        signal.signal(signal.SIGTERM, self._later)
        for number in (signal.SIGINT, signal.SIGALRM):
            signal.signal(number, self._now)
        self._process = subprocess.Popen(list(command))
        code = self._process.wait()
        return code if code >= 0 else 128 - code

    def _later(self, number: int, frame: FrameType | None) -> None:
        if self._told or not self._seconds:
            self._now(number, frame)
            return
        self._told = True
        signal.alarm(self._seconds)

    def _now(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        if self._process is None:
            sys.exit(0)  # nothing serves yet
        self._process.terminate()


if __name__ == "__main__":
    sys.exit(Lingering(int(sys.argv[1])).run(sys.argv[2:]))
