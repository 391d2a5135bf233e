"""Whatever happens to a deploy or a promotion: one command recovers, the same command goes on, nothing is done twice.

CAMPAIGN and CAMPAIGN_SEED as in test_fault_campaign.py. In the short form the faults of the API are spread over deploy,
promote and rollback (test_rollback_campaign.py); in the long form each of them has all. An emulated account runs no
task, so no migration runs here either: that a killed one is waited for and not started again is test_migration.py's.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.release.campaign import LONG, chance, kills, run
from tests.release.deploying.campaign import PROGRAM, Change, deploy_of, promotion_of, recovers
from tests.release.deploying.checkout import Deployable
from tests.release.deploying.verified import verify
from tests.release.faults import KINDS, Faults
from tests.release.kills import (
    HOW,
    Calls,
    kill,
    moment_of,
    planning,
    registering,
    wait_for_message,
    wait_for_moment,
)

pytestmark = pytest.mark.long

KILLS = kills(3)
DEPLOYED, NEXT = "sha256:" + "b" * 64, "sha256:" + "c" * 64
# As many writing calls as either of both makes at least before it is planned whether something is left.
WRITES = range(1, 9)

COMMANDS: dict[str, Callable[[Deployable], Change]] = {
    "deploy": lambda own: deploy_of(own, NEXT),
    "promote": promotion_of,
}
FIRST = {"deploy": registering, "promote": planning}
FAULTS = {
    "deploy": ("throttling", "lost answers", "expired token"),
    "promote": ("server errors", "access denied"),
}


@dataclass(frozen=True)
class Verified:
    """What each run begins with: an image deployed to the first environment and verified there.

    Args:
        own: repository and accounts, to be copied.
        seconds: how long the deploy took, to which nothing happened.
        calls: how many it made.
    """

    own: Deployable
    seconds: float
    calls: int


@pytest.fixture(scope="module")
def verified(applied: Deployable, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Verified]:
    calls = Calls()
    with applied.copy(tmp_path_factory.mktemp("verified"), calls) as own:
        change, began = deploy_of(own, DEPLOYED), time.monotonic()
        calls.armed = True
        run(own, *change.command)
        seconds, calls.armed = time.monotonic() - began, False
        own.commit("deployed")
        verify(own)
        yield Verified(own, seconds, calls.count)


@pytest.mark.parametrize("number", range(KILLS))
@pytest.mark.parametrize("command", COMMANDS)
def test_killed(verified: Verified, tmp_path: Path, command: str, number: int) -> None:
    """At a chosen call to the account, then at any; in the long form at any moment of time, too."""
    random, how = chance(f"{command} {number}"), HOW[number % len(HOW)]
    calls = moment_of(number, random, verified.calls, FIRST[command])
    with verified.own.copy(tmp_path, calls) as own:
        change = COMMANDS[command](own)
        calls.armed = True
        with own.start(*change.command, GATES="") as process:
            moment = wait_for_moment(number, random, verified.seconds, calls, process)
            kill(process, how)
        print(f"{how} after {moment} of {verified.calls}: {recovers(own, change)}")


def test_what_terraform_has_made_is_not_made_again(verified: Verified, tmp_path: Path) -> None:
    """Killed when Terraform is done and the services are followed, which takes longest on AWS."""
    with verified.own.copy(tmp_path) as own:
        change = deploy_of(own, NEXT)
        before = own.definition(PROGRAM)["revision"]
        with own.start(*change.command, GATES="") as process:
            wait_for_message("change_summary", own, process)
            kill(process, "everything")
        assert "Recovered: succeeded" in recovers(own, change)
        assert own.definition(PROGRAM)["revision"] == before + 1


@pytest.mark.parametrize(
    ("command", "kind"), [(command, kind) for command in COMMANDS for kind in (KINDS if LONG else FAULTS[command])]
)
def test_faults_of_the_api(verified: Verified, tmp_path: Path, command: str, kind: str) -> None:
    faults = Faults(kind, chance(f"{command}, {kind}"), WRITES)
    with verified.own.copy(tmp_path, faults) as own:
        change = COMMANDS[command](own)
        faults.armed = True
        result = own.infra(*change.command, GATES="")
        faults.armed = False
        assert faults.met, "no fault was injected"
        assert "Traceback" not in result.stderr, result.stderr
        assert result.stderr.count("ERROR ") == bool(result.returncode), result.stderr
        said = recovers(own, change)
        print(f"{faults.met} faults, it ended with {result.returncode}; {said}\n{result.stderr[-2000:]}")
