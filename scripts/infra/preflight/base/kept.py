"""The base accounts that are kept: one an environment, found by a file, ended by stop, idleness or `make clean`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from infra.account.emulated import READY_FILE, EmulatedAccount, find
from infra.account.preparation import IDLE_SECONDS
from infra.console import progress
from infra.environment import Environment
from infra.preflight.base.made_from import MadeFrom

BASE = "base"  # folder below that of the environment
_MADE_FROM = "made-from.json"


@dataclass(frozen=True)
class KeptBase:
    """An account with the stack of an environment in it, that nobody works in: everybody takes a copy.

    Args:
        account: it runs until it is stopped or nobody took a copy for hours.
        made_from: what is applied in it.
    """

    account: EmulatedAccount
    made_from: MadeFrom


def base_folder(environment: Environment) -> Path:
    """Where the kept base of an environment is noted.

    Args:
        environment: the environment.

    Returns:
        A folder below build/.
    """
    return environment.build / BASE


def find_base(environment: Environment) -> KeptBase | None:
    """The kept base of an environment.

    Args:
        environment: the environment.

    Returns:
        The base when it runs, whatever it was made from; otherwise None.
    """
    folder = base_folder(environment)
    account = find(folder)
    if account is None:
        return None
    noted = json.loads((folder / _MADE_FROM).read_text())
    # Both files are written under the lock, the account's last; a base that was replaced just now is asked again.
    if noted.pop("instance_id") != account.instance_id:
        return None
    return KeptBase(account, MadeFrom(**noted))


def keep_base(environment: Environment, account: EmulatedAccount, source: MadeFrom) -> KeptBase:
    """Keep a copy of an account as the environment's base; the one that was kept before ends.

    Args:
        environment: whose stack is in it.
        account: what to copy; it stays as it is.
        source: what is applied in it.

    Returns:
        The new base. It outlives this process.
    """
    with only_one(environment):
        before = find_base(environment)
        copy = account.fork(outlive=True, idle_seconds=IDLE_SECONDS)
        note_base(base_folder(environment), copy, source)
        if before:
            before.account.stop()
    return KeptBase(copy, source)


def note_base(folder: Path, account: EmulatedAccount, source: MadeFrom) -> None:
    """Note an account, as it is, as the base of a folder's environment.

    Args:
        folder: as `base_folder` says.
        account: nobody works in it from now on.
        source: what is applied in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / READY_FILE).unlink(missing_ok=True)
    _write(folder / _MADE_FROM, {**asdict(source), "instance_id": account.instance_id})
    _write(folder / READY_FILE, asdict(account))


def stop_base(environment: Environment) -> bool:
    """End the kept base of an environment.

    Args:
        environment: the environment.

    Returns:
        Whether there was one.
    """
    with only_one(environment):
        base = find_base(environment)
        if base:
            base.account.stop()
            (base_folder(environment) / READY_FILE).unlink(missing_ok=True)
    return base is not None


@contextmanager
def only_one(environment: Environment, purpose: str = "") -> Iterator[None]:
    """Hold the environment's base for this process; released by the operating system however the process ends.

    Args:
        environment: the environment.
        purpose: something to wait for that takes long, in a few words; it is shown while another process does it.
    """
    folder = base_folder(environment)
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ("making.lock" if purpose else "lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        with progress(purpose or "waiting for the kept base"):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _write(path: Path, content: object) -> None:
    temporary = path.with_suffix(".partial")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps(content))
    temporary.replace(path)
