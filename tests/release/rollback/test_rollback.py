"""A rollback from the command line: an emulated account, a real repository, real plans."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.release.campaign import Base, run
from tests.release.checkout import ENVIRONMENT, Release
from tests.release.rollback.deployed import ENV, deploy_broken, own_repository


@pytest.fixture
def release(base: Base, tmp_path: Path) -> Iterator[Release]:
    """A repository of its own, since a rollback checks out a branch; in a copied account generation 1, which ran."""
    with base.copy(tmp_path / "build") as (there, _):
        yield own_repository(there, tmp_path / "repository")


def entries(release: Release) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(release, "history", *ENV, "--json").stdout)
    return listed


def refused(release: Release, *arguments: str, code: int = 1, **variables: str) -> str:
    result = release.infra("rollback", *ENV, *arguments, **({"GATES": ""} | variables))
    assert result.returncode == code, result.stdout + result.stderr
    assert result.stderr.count("ERROR ") == 1, result.stderr
    return result.stderr[result.stderr.index("ERROR ") :]


@pytest.mark.long
def test_back_and_further_back(release: Release) -> None:
    ran = entries(release)[-1]["images"]
    assert "no success before entry 3" in refused(release, "--yes")
    deploy_broken(release)
    assert entries(release)[-1]["images"] != ran

    stray = release.root / "environments" / "stray"
    stray.touch()
    assert "Something here is not committed" in refused(release, "--yes")
    stray.unlink()
    assert "TO=4: that entry of development is a plan" in refused(release, "--yes", "--to", "4")
    assert "no reason that anybody understands" in refused(release, "--reason", "broken")
    assert release.git("rev-parse", "--abbrev-ref", "HEAD") == "main", "nothing was checked out"

    assert "There is no terminal to ask on" in refused(release)
    branch = f"rollback/{ENVIRONMENT}-from-6-to-3"
    assert release.git("rev-parse", "--abbrev-ref", "HEAD") == branch
    result = run(release, "rollback", *ENV, "--yes", "--reason", "clients get 404 for artifacts")
    assert "Rolled back" in result.stdout
    last = entries(release)[-1]
    assert (last["kind"], last["outcome"], last["images"]) == ("rollback", "succeeded", ran)
    assert last["note"].startswith("from entry 6 to entry 3; clients get 404 for artifacts")
    assert last["details"]["went_to"] == 3
    assert release.git("diff", "--stat", "main~1", "--", "environments", "modules") == ""
    assert (
        "(no changes)" in run(release, "plan", *ENV).stdout
        or not json.loads((release.build / ENVIRONMENT / "plan.record.json").read_text())["has_changes"]
    )
    run(release, "history", *ENV, "--verify")

    assert "no success before entry" in refused(release, "--yes"), "what was left on purpose is not gone back to"
    run(release, "rollback", *ENV, "--yes", "--to", "6")
    assert entries(release)[-1]["images"] != ran, "said outright, it is"


@pytest.mark.long
def test_the_branch_of_an_earlier_attempt_is_kept(release: Release) -> None:
    deploy_broken(release)
    refused(release)
    release.git("switch", "--quiet", "main")
    assert f"git branch -D rollback/{ENVIRONMENT}-from-6-to-3" in refused(release, "--yes")
    release.git("switch", "--quiet", f"rollback/{ENVIRONMENT}-from-6-to-3")
    run(release, "rollback", *ENV, "--yes")


@pytest.mark.long
def test_what_would_lose_data_is_refused(release: Release) -> None:
    """The second generation has a log group more, with what was logged in it."""
    release.turn(2)
    release.commit("second generation")
    run(release, "plan", *ENV)
    run(release, "apply", "--yes")
    before = entries(release)
    said = refused(release, "--yes", "--reason", "it cannot wait for anybody")
    assert "Going back would lose data" in said
    assert 'aws_cloudwatch_log_group.service["mlflow"]' in said
    assert "git switch -" in said
    assert entries(release) == before


@pytest.mark.long
def test_where_the_gates_hold_somebody_agrees_first(release: Release) -> None:
    deploy_broken(release)
    said = refused(release, "--yes", GATES="enforced", code=3)
    assert "it needs 1 approval" in said
    assert "REASON=" in said
    assert "make approve" in said
    assert entries(release)[-1]["kind"] == "apply", "nothing was begun"
    gates = release.root / "environments" / ENVIRONMENT / "gates.yaml"
    gates.write_text(gates.read_text().replace("emergency_rollback: one-approval", "emergency_rollback: none"))
    release.commit("an emergency needs nobody")
    because = ("--reason", "clients get 404 for artifacts")
    result = release.infra("rollback", *ENV, "--yes", *because, GATES="enforced")
    assert result.returncode == 0, result.stderr
    assert entries(release)[-1]["kind"] == "rollback"


@pytest.mark.long
def test_a_commit_that_is_not_here(release: Release) -> None:
    deploy_broken(release)
    shallow = release.root.parent / "shallow"
    release.git("clone", "--quiet", "--depth", "1", f"file://{release.root}", str(shallow))
    elsewhere = Release(shallow, release.build)
    assert "git fetch --unshallow" in refused(elsewhere, "--yes")
