"""What takes long to make: the first test process makes it, all use it, and the last one that leaves ends it."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a test run have: under xdist the parent of their own."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def shared_once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None], end: Callable[[Path], None]
) -> Iterator[Path]:
    """A folder, filled.

    Args:
        factory: of the session.
        name: of the folder.
        make: fills it, while other processes wait.
        end: ends what runs for it; also called when `make` failed half-way.

    Yields:
        The folder, in which nothing may be changed.
    """
    place = shared_folder(factory) / name
    folder, users = place / "made", place / "users"
    users.mkdir(parents=True, exist_ok=True)
    own = users / str(os.getpid())
    with FileLock(place / "lock"):
        if not folder.exists():
            folder.mkdir()
            try:
                make(folder)
            except BaseException:
                end(folder)
                shutil.rmtree(folder)
                raise
        own.touch()
    try:
        yield folder
    finally:
        with FileLock(place / "lock"):
            own.unlink()
            if not any(users.iterdir()):
                end(folder)
                shutil.rmtree(folder)
