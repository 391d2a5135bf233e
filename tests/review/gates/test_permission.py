"""Permission to apply: what is checked once more, right before Terraform."""

import hashlib
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.environment import load_environment
from infra.errors import InfraError
from infra.repository import ROOT, Revision
from infra.review import permission
from infra.review.approval import PullRequestReview, approval_line
from infra.review.gates import Requirement
from infra.review.github import GitHub, PullRequest
from infra.review.model import Risk
from infra.review.permission import Delivery, gates_hold, gates_of, verdict_on
from infra.terraform.saved_plan import PlanFiles
from tests.review.gates.conftest import PLAN, Scene, Store, emulated
from tests.review.gates.making import (
    ADA,
    BOB,
    COMMIT,
    DIGEST,
    GATES,
    NOW,
    a_change,
    approval_by,
)


def test_it_is_given(scene: Scene) -> None:
    scene.ask()


def test_without_an_approval_it_waits(scene: Scene) -> None:
    scene.approvals = []
    scene.refused("needs 1 approval", exit_code=3)


def test_an_approval_that_was_taken_back_meanwhile(scene: Scene) -> None:
    """The gate allowed it; apply reads anew."""
    scene.ask()
    scene.approvals = []
    scene.refused("waits; nothing was changed", exit_code=3)


def test_the_plans_maker_cannot_approve_it(scene: Scene) -> None:
    scene.record = replace(scene.record, caller=ADA.aws_arn)
    scene.refused("who makes a change cannot approve it", exit_code=3)


def test_the_commits_author_cannot_approve_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permission, "written_by", lambda _: ADA.emails)
    scene.refused("who makes a change cannot approve it", exit_code=3)


def test_an_edited_plan_file(scene: Scene) -> None:
    PlanFiles(scene.environment.build).plan.write_bytes(PLAN + b"!")
    scene.refused("not the one that was reviewed")


def test_a_plan_file_edited_together_with_its_record(scene: Scene) -> None:
    """Then Terraform says something else about it, and what it says was approved by nobody."""
    edited = hashlib.sha256(PLAN + b"!").hexdigest()
    PlanFiles(scene.environment.build).plan.write_bytes(PLAN + b"!")
    scene.record = replace(scene.record, plan_sha256=edited)
    scene.refused("not the one that was reviewed")
    changed = replace(scene.review.provenance, plan_sha256=edited, digest="e" * 64)
    scene.review = replace(scene.review, provenance=changed)
    scene.refused("for another plan, dddddddddddd", exit_code=3)


@pytest.mark.parametrize(
    "different",
    [
        {"environment": "staging"},
        {"account_id": "999999999999"},
        {"account_kind": "emulated"},
        {"account_instance": "another"},
        {"commit": "b" * 40},
        {"plan_sha256": "b" * 64},
    ],
)
def test_a_record_of_something_else(scene: Scene, different: dict[str, Any]) -> None:
    scene.record = replace(scene.record, **different)
    scene.refused("not the one that was reviewed")


def test_another_account(scene: Scene) -> None:
    scene.account = replace(scene.account, account_id="999999999999")
    scene.refused("not the one that was reviewed")


@pytest.mark.parametrize(
    "here", [Revision("b" * 40, clean=True), Revision(COMMIT, clean=False), Revision(None, clean=False)]
)
def test_another_commit_is_checked_out(scene: Scene, here: Revision) -> None:
    scene.here = here
    scene.refused("something else is checked out")


def test_what_is_forbidden_stays_forbidden_with_approvals(scene: Scene) -> None:
    scene.gates = replace(GATES, risks={**GATES.risks, Risk.ACCESS: Requirement.FORBIDDEN})
    scene.refused("is forbidden; nothing was changed")


def test_an_address_cannot_write_to_the_terminal(scene: Scene) -> None:
    hostile = 'aws_s3_bucket.this["\x1b[2K\x1b[1A\nALLOWED"]' + "x" * 70_000
    scene.review = replace(scene.review, changes=(a_change(Risk.PLAIN, address=hostile, acknowledge=True),))
    with pytest.raises(InfraError) as failure:
        scene.ask()
    message = str(failure.value)
    assert "\x1b" not in message
    assert "\nALLOWED" not in message
    assert DIGEST in message
    assert len(message) < 3_000


def test_approvals_that_cannot_be_read(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise InfraError("the bucket does not answer")

    monkeypatch.setattr(Store, "read", fail)
    scene.refused("the bucket does not answer")


def test_acknowledgements_that_cannot_be_read(scene: Scene) -> None:
    (scene.environment.folder / "acknowledgements.yaml").unlink()
    scene.refused(r"acknowledgements\.yaml cannot be read")


def test_an_empty_plan_needs_nothing(scene: Scene) -> None:
    scene.review = replace(scene.review, changes=())
    scene.approvals = []
    scene.ask()


# Emulated accounts ----------------------------------------------------------------------------------------------------


def test_gates_hold_for_aws_whatever_is_said() -> None:
    assert gates_hold("aws", {})
    assert gates_hold("aws", {"GATES": "enforced"})
    assert not gates_hold("emulated", {})
    assert gates_hold("emulated", {"GATES": "enforced"})
    for wrong in ("off", "no", "0", "Enforced"):
        for kind in ("aws", "emulated"):
            with pytest.raises(InfraError, match=f"GATES={wrong} is unknown"):
                gates_hold(kind, {"GATES": wrong})


def test_an_emulated_account_asks_nobody(scene: Scene) -> None:
    emulated(scene).approvals = []
    scene.here = Revision(COMMIT, clean=False)
    scene.ask()


def test_but_still_applies_only_the_plan_that_was_saved(scene: Scene) -> None:
    PlanFiles(emulated(scene).environment.build).plan.write_bytes(b"other")
    scene.refused("not the one that was reviewed")


def test_and_asks_when_it_is_told_to(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATES", "enforced")
    emulated(scene).approvals = []
    scene.refused("needs 1 approval", exit_code=3)


# Pull requests --------------------------------------------------------------------------------------------------------


class _GitHub(GitHub):
    """GitHub with one pull request, by Carol, approved by Bob."""

    def makers(self, pull: PullRequest) -> permission.Makers:
        return permission.Makers(logins=frozenset({"carol"}))

    def reviews(self, number: int) -> list[PullRequestReview]:
        return [PullRequestReview("bob", "APPROVED", approval_line("production", DIGEST), COMMIT, NOW, edited=False)]


@pytest.fixture
def delivered(scene: Scene) -> Scene:
    github = _GitHub("a/b", "http://127.0.0.1:9", "http://127.0.0.1:9", "x")
    scene.approvals = []
    scene.here = Revision("f" * 40, clean=True)
    scene.delivery = Delivery(github, PullRequest(12, "carol", COMMIT, "main", "f" * 40), "a" * 40, fresh_digest=DIGEST)
    return scene


def test_a_merged_pull_request(delivered: Scene) -> None:
    delivered.ask()


def test_reviews_and_the_bucket_count_together(delivered: Scene) -> None:
    delivered.review = replace(delivered.review, changes=(a_change(Risk.OUTAGE),))
    delivered.refused("needs 2 approvals", exit_code=3)
    delivered.approvals = [approval_by(BOB, source="aws", identity=BOB.aws_user_id)]
    delivered.refused("needs 2 approvals", exit_code=3)
    delivered.approvals = [approval_by(ADA, source="aws", identity=ADA.aws_user_id)]
    delivered.ask()


def test_what_was_merged_plans_something_else(delivered: Scene) -> None:
    assert delivered.delivery
    delivered.delivery = replace(delivered.delivery, fresh_digest="e" * 64)
    delivered.refused("plans something else")


def test_what_was_merged_is_not_what_is_checked_out(delivered: Scene) -> None:
    delivered.here = Revision("f" * 40, clean=False)
    delivered.refused("plans something else")


def test_before_the_merge_the_proposed_commit_is_checked_out(delivered: Scene) -> None:
    assert delivered.delivery
    delivered.delivery = replace(delivered.delivery, fresh_digest="")
    delivered.refused("something else is checked out")
    delivered.here = Revision(COMMIT, clean=True)
    delivered.ask()


def test_gates_are_read_from_the_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = load_environment("production")
    monkeypatch.setattr("infra.review.history.ROOT", tmp_path)
    there = tmp_path / "environments" / "production" / "gates.yaml"
    there.parent.mkdir(parents=True)
    strict = (ROOT / "environments" / "production" / "gates.yaml").read_text()
    light = strict.replace("two-approvals ", "none ")

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=x", "-c", "user.email=x@x.org"]
        command = ["git", *identity, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    git("init", "--quiet")
    commits = []
    for text in (strict, light):
        there.write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--message", "gates")
        commits.append(git("rev-parse", "HEAD"))
    assert gates_of(environment, commits[0]).risks[Risk.OUTAGE] is Requirement.TWO_APPROVALS
    assert gates_of(environment, commits[1]).risks[Risk.OUTAGE] is Requirement.NONE
    git("rm", "--quiet", "environments/production/gates.yaml")
    git("commit", "--quiet", "--message", "none")
    with pytest.raises(InfraError, match=r"gates\.yaml"):
        gates_of(environment, git("rev-parse", "HEAD"))


def test_the_verdict_names_who_approved(scene: Scene) -> None:
    judged = verdict_on(scene.review, scene.record, scene.environment, scene.account, now=NOW)
    assert judged.approved_by == ("Ada",)
