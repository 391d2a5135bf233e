"""The accounts that every run of a campaign copies."""

import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.account.emulated import find
from infra.environment import Environment, load_environment
from tests.release.campaign import Base, run
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.deploying.checkout import SOURCE, TARGET, Deployable
from tests.shared_once import shared_once


@pytest.fixture(scope="session")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Base]:
    """Generation 1 applied by the command itself, generation 2 committed and planned."""
    _know_ctrl_c()
    with shared_once(tmp_path_factory, "release", _make_base, _stop(ENVIRONMENT)) as folder:
        release = Release.made_in(folder)
        yield Base(release, release.account(), float((folder / "seconds").read_text()))


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployable]:
    """An environment with the platform's tasks and one beside it, applied; their accounts live as long as the tests."""
    _know_ctrl_c()
    with shared_once(tmp_path_factory, "deploying", _make_deployable, _stop(SOURCE, TARGET)) as folder:
        yield Deployable.made_in(folder)


@pytest.fixture
def environment(build_folder: Path) -> Environment:
    """Staging, as a run has it: with a build folder of the test's own."""
    made = load_environment("staging")
    made.build.mkdir(parents=True)
    return made


def _make_base(folder: Path) -> None:
    release = Release.make(folder)
    run(release, "plan", "--env", ENVIRONMENT)
    began = time.monotonic()
    run(release, "apply", "--yes")
    (folder / "seconds").write_text(str(time.monotonic() - began))
    release.turn(2)
    release.commit("second generation")
    run(release, "plan", "--env", ENVIRONMENT)


def _make_deployable(folder: Path) -> None:
    made = Deployable.make(folder)
    for name in (SOURCE, TARGET):
        run(made, "plan", "--env", name)
        run(made, "apply", "--yes")


def _stop(*names: str) -> Callable[[Path], None]:
    def stop(folder: Path) -> None:
        for name in names:
            account = find(Release.made_in(folder).build / name / "account")
            if account:
                account.stop()

    return stop


def _know_ctrl_c() -> None:
    """What a shell starts in its background ignores it, and commands would inherit that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
