"""An environment that was applied once, and one beside it that was not; every test takes a copy."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.release.campaign import run
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployable]:
    """Both environments applied; their accounts live as long as the tests."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
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


@pytest.fixture
def deployable(applied: Deployable, tmp_path: Path) -> Iterator[Deployable]:
    """A copy of repository and accounts."""
    with applied.copy(tmp_path) as own:
        yield own
