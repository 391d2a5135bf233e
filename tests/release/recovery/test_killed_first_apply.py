"""The real stack's first apply, killed: one command recovers, and the environment can be finished.

The small stack of the campaign is killed hundreds of times and leaves out what the real one has: validations of what a
module gets, lists made of what the network makes. With a part of that in the state, they end a plan of everything.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.repository import ROOT
from tests.release.campaign import run
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.kills import kill, wait_for_message
from tests.shared_tools import share_tools

ENV = ("--env", ENVIRONMENT)


@pytest.fixture
def planned(tmp_path: Path) -> Iterator[Release]:
    """The repository itself, with a plan of everything in an account of its own."""
    release = Release(ROOT, tmp_path / "build")
    share_tools(release.build)
    run(release, "plan", *ENV)
    yield release
    release.account().stop()


@pytest.mark.long
@pytest.mark.parametrize("objects", [12, 40, 110])
def test_killed(planned: Release, objects: int) -> None:
    """When so many of its objects are made; what is being made beside them is unknown."""
    with planned.start("apply", "--yes", GATES="") as process:
        wait_for_message("apply_complete", planned, process, objects)
        kill(process, "everything")
    refused = planned.infra("plan", *ENV)
    assert refused.returncode != 0
    assert f"make recover ENV={ENVIRONMENT}" in refused.stderr
    said = run(planned, "recover", *ENV).stdout
    assert "Recovered: partial" in said
    assert "to be looked for by hand" not in said
    run(planned, "plan", *ENV)
    run(planned, "apply", "--yes")
    assert "nothing changes" in run(planned, "plan", *ENV).stdout, said
    # Whatever was made twice is a stranger to the state.
    run(planned, "drift", *ENV)
    run(planned, "history", *ENV, "--verify")
