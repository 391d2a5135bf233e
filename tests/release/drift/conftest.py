"""Applied environments, copied for each examination."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from infra.account.emulated import EmulatedAccount
from infra.account.selection import Account
from infra.environment import Environment, load_environment
from infra.release.drift.examine import examine
from infra.release.drift.finding import DriftReport
from tests.environments.lifecycle import Lifecycles
from tests.release.selected import selected


@dataclass(frozen=True)
class Applied:
    """A copy of an environment's account, right after its apply; it is the test's own."""

    environment: Environment
    account: Account

    @property
    def emulated(self) -> EmulatedAccount:
        assert self.account.emulated
        return self.account.emulated

    def examine(self, now: datetime | None = None, days: int = 30) -> DriftReport:
        """Examine it now; the promise to old clients ends at a day of its own (test_expiry.py)."""
        self.environment.build.mkdir(parents=True, exist_ok=True)
        report = examine(self.environment, self.account, now or datetime.now(UTC), days)
        kept = tuple(each for each in report.findings if each.where != "legacy_service_id_until")
        return DriftReport(report.environment, report.account, report.examined, report.parts, kept, report.failures)


Copies = Callable[[str], AbstractContextManager[Applied]]


@pytest.fixture(scope="session")
def copies(lifecycles: Lifecycles, tmp_path_factory: pytest.TempPathFactory) -> Copies:
    """`with copies("staging") as applied:` - the account of an applied environment, and a build folder."""

    @contextmanager
    def copy(name: str) -> Iterator[Applied]:
        forked = lifecycles.applied_account(name).fork(parent_pid=os.getpid(), outlive=True)
        before = os.environ.get("INFRA_BUILD")
        os.environ["INFRA_BUILD"] = str(tmp_path_factory.mktemp("drift"))
        try:
            yield Applied(load_environment(name), selected(forked))
        finally:
            forked.stop()
            if before is None:
                del os.environ["INFRA_BUILD"]
            else:
                os.environ["INFRA_BUILD"] = before

    return copy
