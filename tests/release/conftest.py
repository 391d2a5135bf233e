"""The account that every run of the campaign copies."""

import signal
import time
from collections.abc import Iterator

import pytest

from infra.account.emulated import find
from tests.release.campaign import Base, run
from tests.release.checkout import ENVIRONMENT, Release


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """Generation 1 applied by the command itself, generation 2 committed and planned."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # As a shell starts what runs in its background; commands would inherit it, and know no Ctrl-C.
        signal.signal(signal.SIGINT, signal.default_int_handler)
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
