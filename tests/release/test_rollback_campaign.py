"""Whatever happens to a rollback: one command recovers, the same command goes on, and what ran before runs.

CAMPAIGN and CAMPAIGN_SEED as in test_fault_campaign.py.
"""

import json
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
from tests.release.campaign import LONG, Base, agree, chance, kills, recovers, run
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.faults import KINDS, Decides, Faults
from tests.release.in_front import in_front_of
from tests.release.kills import HOW, Calls, kill, moment_of, planning, wait_for_message, wait_for_moment
from tests.release.rollback.deployed import ENV, deploy_broken, own_repository

pytestmark = pytest.mark.long

KILLS = kills(2)
# Those that test_deploy_campaign.py does not have in the short form.
FAULTS = ("timeouts", "conditional-write conflicts")
# As many writing calls as a rollback makes at least before it is planned whether something is left.
WRITES = range(1, 5)


@dataclass
class Deployed:
    """What each run begins with: the broken version applied.

    Args:
        release: repository and build folder.
        account: to be copied.
        seconds: how long a rollback takes here that nothing happens to.
        calls: how many it makes.
    """

    release: Release
    account: EmulatedAccount
    seconds: float = 0.0
    calls: int = 0

    @contextmanager
    def copy(self, folder: Path, decides: Decides) -> Iterator[tuple[Release, EmulatedAccount]]:
        """A copy of account and repository.

        Args:
            folder: where the repository and the build folder are made.
            decides: what happens to each call to the account.

        Yields:
            Commands in them, and the account.
        """
        account = self.account.fork()
        try:
            shutil.copytree(self.release.root, folder / "repository")
            with in_front_of(account, decides) as seen:
                beside = self.release.beside(folder / "build", seen)
                yield Release(folder / "repository", beside.build), account
        finally:
            account.stop()


@pytest.fixture(scope="module")
def deployed(base: Base, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    folder = tmp_path_factory.mktemp("deployed")
    with base.copy(folder / "build") as (there, account):
        release = own_repository(there, folder / "repository")
        deploy_broken(release)
        found, calls = Deployed(release, account), Calls()
        with found.copy(folder / "measured", calls) as (measured, _):
            calls.armed, began = True, time.monotonic()
            run(measured, "rollback", *ENV, "--yes")
            found.seconds, found.calls = time.monotonic() - began, calls.count
        yield found


@pytest.mark.parametrize("number", range(KILLS))
def test_killed(deployed: Deployed, tmp_path: Path, number: int) -> None:
    """In its plan, then at any call to the account; in the long form at any moment of time, too."""
    random, how = chance(f"rollback {number}"), HOW[number % len(HOW)]
    calls = moment_of(number, random, deployed.calls, planning)
    with deployed.copy(tmp_path, calls) as (release, account):
        calls.armed = True
        with release.start("rollback", *ENV, "--yes", GATES="") as process:
            moment = wait_for_moment(number, random, deployed.seconds, calls, process)
            kill(process, how)
        print(f"{how} after {moment} of {deployed.calls}: {mended(release, account)}")


def test_killed_when_terraform_is_done(deployed: Deployed, tmp_path: Path) -> None:
    """Nobody saw it run: the same command goes on from there, and not further back."""
    with deployed.copy(tmp_path, Calls()) as (release, account):
        with release.start("rollback", *ENV, "--yes", GATES="") as process:
            wait_for_message("change_summary", release, process)
            kill(process, "everything")
        said = mended(release, account)
        assert "Recovered: succeeded" in said
        assert "nobody saw it run: going on from there" in said
        assert entries(release)[-1]["kind"] == "rollback"


@pytest.mark.parametrize("kind", KINDS if LONG else FAULTS)
def test_faults_of_the_api(deployed: Deployed, tmp_path: Path, kind: str) -> None:
    faults = Faults(kind, chance(f"rollback, {kind}"), WRITES)
    with deployed.copy(tmp_path, faults) as (release, account):
        faults.armed = True
        result = release.infra("rollback", *ENV, "--yes", GATES="")
        faults.armed = False
        assert faults.met, "no fault was injected"
        assert "Traceback" not in result.stderr, result.stderr
        assert result.stderr.count("ERROR ") == bool(result.returncode), result.stderr
        said = mended(release, account)
        print(f"{faults.met} faults, it ended with {result.returncode}; {said}\n{result.stderr[-2000:]}")


def mended(release: Release, account: EmulatedAccount) -> str:
    """One command recovers, the same command goes on, and what ran before runs.

    Args:
        release: where the rollback was begun.
        account: its account.

    Returns:
        What both said.
    """
    said = recovers(release, account, go_on=False)
    told = goes_on(release)
    there = entries(release)
    assert there[-1]["images"] == there[2]["images"], said
    assert there[-1]["outcome"] == "succeeded", said
    back = [each for each in there if (each["kind"], each["outcome"]) == ("rollback", "succeeded")]
    assert len(back) <= 1, f"entered twice: {back}"
    agree(release, account, said)
    if "there is nothing to apply" not in told:
        run(release, "plan", *ENV)
        planned = json.loads((release.build / ENVIRONMENT / "plan.record.json").read_text())
        assert not planned["has_changes"], "what is checked out is what runs"
    return f"{said}\n{told}"


def goes_on(release: Release) -> str:
    """The same command until it is done or says that there is nothing to do any more; each refusal says what to do."""
    last = entries(release)[-1]
    # Once more after a success, it would go further back.
    to = ("--to", "3") if (last["kind"], last["outcome"]) == ("rollback", "succeeded") else ()
    for _ in range(2):
        result = release.infra("rollback", *ENV, "--yes", *to, GATES="")
        if result.returncode == 0 or "there is nothing to apply" in result.stderr:
            return result.stdout + result.stderr[-500:]
        switch = re.search(r"git switch (\S+)`, then the same command", result.stderr)
        assert switch, result.stderr
        release.git("switch", "--quiet", switch[1])
    raise AssertionError(f"it did not go on: {result.stderr}")


def entries(release: Release) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(release, "history", *ENV, "--json").stdout)
    return listed
