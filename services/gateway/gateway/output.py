"""Lines on stdout: the access log, the audit trail and metrics, each a JSON object."""

import asyncio
import os
from collections.abc import Sequence

# A pipe takes this many bytes at once or not at all (PIPE_BUF): lines of several workers do not mix.
_ATOMIC = 4096
_FLUSH_SECONDS = 0.1
_FLUSH_BYTES = 32 * 1024


class Lines:
    """Collects lines for a moment and writes them together.

    Args:
        descriptor: where to; 1 is stdout.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._lines: list[str] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None

    def write(self, line: str) -> None:
        """Add a line, without line end. Lines are JSON in ASCII: a character is a byte."""
        self._lines.append(line)
        self._size += len(line) + 1
        if self._size > _FLUSH_BYTES:
            self.flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(_FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what is there."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines, self._lines, self._size = self._lines, [], 0
        block: list[str] = []
        size = 0
        for line in lines:
            if block and size + len(line) >= _ATOMIC:
                self._write(block)
                block, size = [], 0
            block.append(line)
            size += len(line) + 1
        if block:
            self._write(block)

    def _write(self, lines: Sequence[str]) -> None:
        view = memoryview("\n".join([*lines, ""]).encode("ascii", "replace"))
        while view:
            view = view[os.write(self._descriptor, view) :]
