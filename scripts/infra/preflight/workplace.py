"""A folder for one run that is gone afterwards, however the run ends."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# The folder is removed a few times: what still ends in it may write a last line.
_WATCHDOG = 'cat >/dev/null; for pause in 0 1 3 6; do sleep $pause; rm -rf "$0"; done'


@contextmanager
def workplace(name: str) -> Iterator[Path]:
    """A private folder. It is in the system's temporary folder, since names of sockets in it must stay short.

    Args:
        name: of the run, for whoever looks there.

    Yields:
        The folder.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"preflight-{name}-"))
    folder.chmod(0o711)  # a database that runs as another user passes through; nobody else sees what is in it
    # The shell holds the other end of a pipe: when this process ends, by whatever signal, `cat` sees the pipe's end.
    watchdog = subprocess.Popen(
        ["/bin/sh", "-c", _WATCHDOG, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        watchdog.kill()
        watchdog.wait()
        assert watchdog.stdin is not None  # noqa: S101 - a pipe
        watchdog.stdin.close()
