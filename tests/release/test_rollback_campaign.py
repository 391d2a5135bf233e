"""A rollback that is killed at any moment: one command recovers, the same command goes on, and what ran before runs.

CAMPAIGN and CAMPAIGN_SEED as in test_fault_campaign.py.
"""

import json
import os
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from tests.release.campaign import Base, beyond, chance, kill, recovers, run, wait
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.rollback.deployed import ENV, deploy_broken, own_repository

KILLS = int(os.environ.get("CAMPAIGN", "3"))
HOW = ("everything", "ctrl-c", "command")


@dataclass
class Deployed:
    """What each run begins with: the broken version applied.

    Args:
        release: repository and build folder.
        account: to be copied.
        seconds: how long a rollback takes here that nothing happens to.
    """

    release: Release
    account: EmulatedAccount
    seconds: float

    @contextmanager
    def copy(self, folder: Path) -> Iterator[tuple[Release, EmulatedAccount]]:
        """A copy of account and repository.

        Args:
            folder: where the repository and the build folder are made.

        Yields:
            Commands in them, and the account.
        """
        account = self.account.fork()
        try:
            shutil.copytree(self.release.root, folder / "repository")
            beside = self.release.beside(folder / "build", account)
            yield Release(folder / "repository", beside.build), account
        finally:
            account.stop()


@pytest.fixture(scope="module")
def deployed(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    with base.copy(folder / "build") as (there, account):
        release = own_repository(there, folder / "repository")
        deploy_broken(release)
        found = Deployed(release, account, 0.0)
        with found.copy(folder / "measured") as (measured, _):
            began = time.monotonic()
            run(measured, "rollback", *ENV, "--yes")
            found.seconds = time.monotonic() - began
        yield found


@pytest.mark.parametrize("number", beyond(1, range(KILLS)))
def test_killed(deployed: Deployed, tmp_path: Path, number: int) -> None:
    random, how = chance(f"rollback {number}"), HOW[number % len(HOW)]
    with deployed.copy(tmp_path) as (release, account):
        ran = entries(release)[2]["images"]
        with release.start("rollback", *ENV, "--yes", GATES="") as process:
            moment = wait(random.uniform(0, 1.1 * deployed.seconds), process)
            kill(process, how)
        said = recovers(release, account, go_on=False)
        told = goes_on(release)
        last = entries(release)[-1]
        assert last["images"] == ran, said
        assert last["outcome"] == "succeeded", said
        assert recovers(release, account, go_on=False)
        run(release, "plan", *ENV)
        planned = json.loads((release.build / ENVIRONMENT / "plan.record.json").read_text())
        assert not planned["has_changes"], "what is checked out is what runs"
        print(f"{how} after {moment}: {said}\n{told}")


def goes_on(release: Release) -> str:
    """The same command until it says that there is nothing to do any more; each refusal says what to do."""
    for _ in range(2):
        result = release.infra("rollback", *ENV, "--yes", "--to", "3", GATES="")
        if result.returncode == 0 or "there is nothing to apply" in result.stderr:
            return result.stdout[-500:] + result.stderr[-500:]
        switch = re.search(r"git switch (\S+)`, then the same command", result.stderr)
        assert switch, result.stderr
        release.git("switch", "--quiet", switch[1])
    raise AssertionError(f"it did not go on: {result.stderr}")


def entries(release: Release) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(release, "history", *ENV, "--json").stdout)
    return listed
