"""Whatever happens to an apply: one command recovers, nothing is applied twice or lost.

The short form is a part of every test run. `CAMPAIGN=200 pytest tests/release/test_fault_campaign.py` kills 200 times;
CAMPAIGN_SEED, which each failure prints, repeats one.
"""

import re
from pathlib import Path

import pytest

from tests.release.campaign import (
    LONG,
    SECOND_GENERATION,
    Base,
    chance,
    kills,
    objects,
    recovers,
    run,
)
from tests.release.checkout import ENVIRONMENT
from tests.release.faults import KINDS, Faults
from tests.release.full_disk import apply_until_full
from tests.release.kills import Calls, kill, wait, wait_for_call, wait_for_messages

KILLS = kills(4)
HOW = ("everything", "command", "everything", "ctrl-c", "everything")
# As many as are in the journal when Terraform has applied generation 2.
MESSAGES = 53


def test_killed_before_something_is_made_that_others_name_by_key(base: Base, tmp_path: Path) -> None:
    """Such an expression ends a plan of what is there by then."""
    calls = Calls(lambda _, call: call.action == "CreateLogGroup")
    with base.copy(tmp_path / "build", calls) as (release, account):
        calls.armed = True
        with release.start("apply", "--yes", GATES="") as process:
            wait_for_call(calls, process)
            kill(process, "everything")
        assert calls.there.is_set(), "no log group was made"
        print(recovers(release, account, go_on=LONG))


@pytest.mark.long
@pytest.mark.parametrize("number", range(KILLS))
def test_killed(base: Base, tmp_path: Path, number: int) -> None:
    """At any moment of the command; three times out of four at any moment of Terraform's."""
    random = chance(number)
    how = HOW[number % len(HOW)]
    with base.copy(tmp_path / "build") as (release, account):
        with release.start("apply", "--yes", GATES="") as process:
            if number % 4 == 0:
                moment = wait(random.uniform(0, 1.1 * base.seconds), process)
            else:
                moment = wait_for_messages(random.randrange(1, MESSAGES + 5), release, process)  # or the end
            kill(process, how)
        print(f"{how} after {moment}: {recovers(release, account, go_on=LONG or number % 3 == 1)}")


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_faults_of_the_api(base: Base, tmp_path: Path, kind: str) -> None:
    random = chance(kind)
    faults = Faults(kind, random)
    with base.copy(tmp_path / "build", faults) as (release, account):
        faults.armed = True
        result = release.infra("apply", "--yes", GATES="")
        faults.armed = False
        assert faults.met, "no fault was injected"
        assert "Traceback" not in result.stderr, result.stderr
        if result.returncode:
            assert result.stderr.count("ERROR ") == 1, result.stderr
        said = recovers(release, account, go_on=LONG)
    print(f"{kind}: {faults.met} faults, apply ended with {result.returncode}; {said}\n{result.stderr[-2000:]}")


@pytest.mark.long
@pytest.mark.parametrize("number", range(max(1, KILLS // 10)))
def test_full_disk(base: Base, tmp_path: Path, number: int) -> None:
    """The journal, the plan file and Terraform's data are on it; state and ledger are not."""
    messages = chance(f"disk {number}").randrange(1, MESSAGES)
    with base.copy(tmp_path / "build") as (release, account):
        result = apply_until_full(release, messages)
        assert "FILLED" in result.stdout, f"it was over before {messages} messages: {result.stdout}{result.stderr}"
        assert "Traceback" not in result.stderr, result.stderr
        if result.returncode:
            assert result.stderr.count("ERROR ") == 1, result.stderr
        said = recovers(release, account, go_on=True)
        print(f"full after {messages} messages, apply ended with {result.returncode}; {said}\n{result.stderr[-2000:]}")


@pytest.mark.long
def test_ten_applies_at_once(base: Base, tmp_path: Path) -> None:
    """From ten checkouts: one wins, nine are told that it does, or has."""
    with base.copy(tmp_path / "build-0") as (first, account):
        others = [base.in_front(tmp_path / f"build-{number}", account) for number in range(1, 10)]
        processes = [release.start("apply", "--yes", GATES="") for release in (first, *others)]
        said = [process.communicate(timeout=900) for process in processes]
        winners = [process for process in processes if process.returncode == 0]
        assert len(winners) == 1, "\n".join(err for _, err in said)
        for process, (_, err) in zip(processes, said, strict=True):
            if process not in winners:
                assert re.search(r"ERROR (The outcome of the apply .* is unknown: it is under way|.* stale)", err), err
        assert {kind: len(ids) for kind, ids in objects(account).items()} == SECOND_GENERATION
        run(first, "history", "--env", ENVIRONMENT, "--verify")
