"""The accounts that every run of a campaign copies."""

import signal
import time
from collections.abc import Iterator

import pytest

from infra.account.emulated import find
from tests.release.campaign import Base, run
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """Generation 1 applied by the command itself, generation 2 committed and planned."""
    _know_ctrl_c()
    release = Release.make(tmp_path_factory.mktemp("release"))
    try:
        run(release, "plan", "--env", ENVIRONMENT)
        began = time.monotonic()
        run(release, "apply", "--yes")
        seconds = time.monotonic() - began
        release.turn(2)
        release.commit("second generation")
        run(release, "plan", "--env", ENVIRONMENT)
        yield Base(release, release.account(), seconds)
    finally:
        account = find(release.build / ENVIRONMENT / "account")
        if account:
            account.stop()


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployable]:
    """An environment with the platform's tasks and one beside it, applied; their accounts live as long as the tests."""
    _know_ctrl_c()
    made = Deployable.make(tmp_path_factory.mktemp("deploying"))
    try:
        for name in (SOURCE, TARGET):
            run(made, "plan", "--env", name)
            run(made, "apply", "--yes")
        yield made
    finally:
        for name in (SOURCE, TARGET):
            if (made.build / name / "account").exists():
                made.account_of(name).stop()


def _know_ctrl_c() -> None:
    """What a shell starts in its background ignores it, and commands would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
