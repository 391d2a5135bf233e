"""When an account process ends by itself."""

import os
import select
from dataclasses import dataclass


@dataclass(frozen=True)
class Lifetime:
    """When an account ends by itself: a watched process is gone, or nobody asked anything for `idle_seconds`."""

    watched: tuple["Watch", ...]
    idle_seconds: float | None


class Watch:
    """A process whose end is noticed, also as a zombie and when its id was given to another one (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._handle = -1
        if hasattr(os, "pidfd_open"):
            try:
                self._handle = os.pidfd_open(pid)
            except ProcessLookupError:
                self._pid = 0
            except OSError:  # a kernel without it: asked by number below
                self._handle = -1

    def gone(self) -> bool:
        """Whether the process has ended."""
        if self._pid == 0:
            return True
        if self._handle >= 0:
            return bool(select.select([self._handle], [], [], 0)[0])
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False
