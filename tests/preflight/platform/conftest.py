"""One small platform for the tests that only look, and copies of its account for those that break something."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from tests.preflight.platform.small import Running, Small, make_small


@pytest.fixture(scope="session")
def small_base(account: EmulatedAccount) -> Iterator[Small]:
    """The small platform, applied in an account of its own."""
    copy = account.fork()
    yield make_small(copy)
    copy.stop()


@pytest.fixture
def small(small_base: Small) -> Iterator[Small]:
    """A copy for this test alone."""
    copy = small_base.fork()
    yield copy
    copy.account.stop()


@pytest.fixture(scope="session")
def running(small_base: Small, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The small platform, running and steady; who changes it uses `small`."""
    copy = small_base.fork()
    with copy.running(tmp_path_factory.mktemp("platform")) as platform:
        yield platform
    copy.account.stop()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """For a platform of the test's own."""
    return tmp_path
