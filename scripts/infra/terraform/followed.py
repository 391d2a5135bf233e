"""The output of a process that writes into a file instead of a pipe: it does not need us to go on."""

import fcntl
import subprocess
import time
from pathlib import Path
from types import TracebackType

_PAUSE_SECONDS = 0.05


class FollowedFile:
    """The lines that a process appends to a file, as they come, until it has ended.

    It may be iterated again after an exception in the middle (Ctrl-C): it goes on where it was.

    Args:
        path: the file.
        start: where the process began to write, in bytes.
        process: who writes.
    """

    def __init__(self, path: Path, start: int, process: "subprocess.Popen[str]") -> None:
        self._file = path.open("rb")
        self._file.seek(start)
        self._process = process
        self._begun = b""

    def __enter__(self) -> "FollowedFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def __iter__(self) -> "FollowedFile":
        return self

    def __next__(self) -> str:
        while True:
            ended = self._process.poll() is not None  # asked first: what it wrote before is then in the file
            self._begun += self._file.readline()
            if self._begun.endswith(b"\n") or (ended and self._begun):
                line, self._begun = self._begun.decode(errors="replace"), b""
                return line
            if ended:
                raise StopIteration
            time.sleep(_PAUSE_SECONDS)


def written_by_somebody(path: Path) -> bool:
    """Whether the process that a journal was given to still runs.

    Args:
        path: the journal; a process that has it for its output holds the lock on it.

    Returns:
        False once the process has ended, however it ended, and where there is no journal.
    """
    if not path.exists():
        return False
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
