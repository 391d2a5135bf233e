"""The way of a change from a pull request into an account: real git, Terraform, provider and account; GitHub is a
double.

It is one test, since each moment of a pull request's life builds on the one before; the functions are the moments.
"""

import io
import json
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from infra.account.emulated import EmulatedAccount, find
from infra.environment import environment_names
from infra.review.approval import approval_line
from infra.review.reports.markdown_text import marker
from tests.delivery.checkout import ENVIRONMENT, Checkout
from tests.delivery.github_double import TOKEN, GitHubDouble, github_double

FAILED, DRIFTED, WAITS = 1, 2, 3


@dataclass
class PullRequest:
    """What the moments share.

    Args:
        checkout: the repository.
        github: the double.
        base: main before the merge.
        head: the proposed commit.
        key: private half of the key that plans are sealed with.
        digest: of the reviewed plan.
        merged: main after the merge.
    """

    checkout: Checkout
    github: GitHubDouble
    base: str
    head: str
    key: str
    digest: str = ""
    merged: str = ""

    def account(self) -> EmulatedAccount:
        account = find(self.checkout.build / ENVIRONMENT / "account")
        assert account
        return account

    def parameters(self) -> dict[str, str]:
        """What the account holds of what the stack makes."""
        pages = self.account().client("ssm").describe_parameters()["Parameters"]
        ssm = self.account().client("ssm")
        return {each["Name"]: ssm.get_parameter(Name=each["Name"])["Parameter"]["Value"] for each in pages}

    def approve(self, *, by: str = "ada-l", digest: str = "") -> None:
        """Somebody approves the plan in a review."""
        line = approval_line(ENVIRONMENT, digest or self.digest)
        self.github.review(by, f"Fine.\n\n{line}", at=datetime.now(UTC).isoformat(timespec="seconds"), commit=self.head)

    def deliver(self, *, commit: str = "", base: str = "", key: str = "") -> "subprocess.CompletedProcess[str]":
        """What apply.yml runs after the merge."""
        return self.checkout.infra(
            "delivery",
            "apply",
            "--env",
            ENVIRONMENT,
            "--commit",
            commit or self.merged,
            "--base",
            base or self.base,
            PLAN_KEY=key or self.key,
            **self.github.environment(),
        )


@pytest.fixture(scope="module")
def pull(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PullRequest]:
    """A pull request that adds a parameter, just opened."""
    checkout = Checkout.make(tmp_path_factory.mktemp("delivery"))
    made = checkout.infra("delivery", "key", "--env", ENVIRONMENT)
    assert made.returncode == 0, made.stderr
    base = checkout.commit("the platform")
    checkout.git("switch", "--quiet", "--create", "change")
    checkout.add_parameter("greeting", "hello")
    head = checkout.commit("greet")
    with github_double() as github:
        github.push(head)
        opened = PullRequest(checkout, github, base, head, made.stdout.strip())
        try:
            yield opened
        finally:
            account = find(checkout.build / ENVIRONMENT / "account")
            if account:
                account.stop()


def which_environments_it_touches(pull: PullRequest) -> None:
    listed = pull.checkout.infra("delivery", "touched", "--base", pull.base, "--head", pull.head)
    assert listed.returncode == 0, listed.stderr
    entries = json.loads(listed.stdout)
    assert [each["environment"] for each in entries] == environment_names()
    assert entries[0]["plan_role"] == "arn:aws:iam::111122223333:role/hokusai-plan-development"
    # What GitHub says of a branch that was not there before.
    refused = pull.checkout.infra("delivery", "touched", "--base", "0" * 40, "--head", pull.head)
    assert refused.returncode == FAILED
    assert "Traceback" not in refused.stderr


def it_is_planned_and_waits(pull: PullRequest) -> None:
    planned = pull.checkout.infra("plan", "--env", ENVIRONMENT, "--no-lock")
    assert planned.returncode == 0, planned.stderr
    gate = pull.checkout.infra("gate", "--env", ENVIRONMENT)
    assert gate.returncode == WAITS, gate.stdout + gate.stderr
    assert "needs 1 approval: ask Ada, Bob" in gate.stdout
    pull.digest = gate.stdout.partition(f"approve {ENVIRONMENT} ")[2][:64]
    assert len(pull.digest) == 64


def it_is_not_applied_by_hand_either(pull: PullRequest) -> None:
    applied = pull.checkout.infra("apply", "--env", ENVIRONMENT, "--yes")
    assert applied.returncode == WAITS, applied.stdout + applied.stderr
    assert "nothing was changed" in applied.stderr
    assert pull.parameters() == {}


def one_comment_tells_it(pull: PullRequest) -> None:
    report = pull.checkout.build / ENVIRONMENT / "review" / "comment.md"
    report.parent.mkdir(exist_ok=True)
    report.write_text(f"{marker(ENVIRONMENT, 'plan')}\nplanned {pull.digest}\n")
    for made in (True, False):
        if not made:
            report.unlink()
        variables = {"PULL_REQUEST": str(pull.github.number), **pull.github.environment()}
        said = pull.checkout.infra("delivery", "comment", "--env", ENVIRONMENT, **variables)
        assert said.returncode == (0 if made else FAILED), said.stderr
        (comment,) = pull.github.comments
        assert (pull.digest in comment["body"]) is made
        assert ("planning failed" in comment["body"]) is not made


def an_approver_approves_with_credentials(pull: PullRequest) -> None:
    approved = pull.checkout.infra("approve", "--env", ENVIRONMENT, "--yes")
    assert approved.returncode == 0, approved.stdout + approved.stderr
    s3, bucket = pull.account().client("s3"), f"hokusai-terraform-state-{ENVIRONMENT}"
    (given,) = s3.list_objects_v2(Bucket=bucket, Prefix="approvals/")["Contents"]
    assert given["Key"] == f"approvals/AKIAIOSFODNN7EXAMPLE/{ENVIRONMENT}/{pull.digest}/{pull.head}"
    gate = pull.checkout.infra("gate", "--env", ENVIRONMENT)
    assert gate.returncode == 0, gate.stdout + gate.stderr
    s3.delete_object(Bucket=bucket, Key=given["Key"])


def the_gate_reads_the_reviews(pull: PullRequest) -> None:
    """What gate.yml runs when somebody has reviewed."""
    variables = {"PULL_REQUEST": str(pull.github.number), "BASE": pull.base, **pull.github.environment()}
    pull.approve()
    allowed = pull.checkout.infra("gate", "--env", ENVIRONMENT, **variables)
    assert allowed.returncode == 0, allowed.stdout + allowed.stderr
    assert "may be applied" in allowed.stdout
    pull.github.reviews.clear()
    unread = pull.checkout.infra("gate", "--env", ENVIRONMENT, **(variables | {"GITHUB_TOKEN": "wrong"}))
    assert unread.returncode == FAILED
    assert "401" in unread.stderr


def the_plan_is_kept_sealed(pull: PullRequest) -> None:
    kept = pull.checkout.infra("delivery", "seal", "--env", ENVIRONMENT)
    assert kept.returncode == 0, kept.stderr
    sealed = pull.checkout.build / ENVIRONMENT / "plan.sealed"
    assert b"greeting" not in sealed.read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.write(sealed, sealed.name)
    pull.github.keep_artifact(f"plan-{ENVIRONMENT}", archive.getvalue())


def merged_without_an_approval_that_counts_it_waits(pull: PullRequest) -> None:
    """Carol's own, Ada's of another plan, one that Ada took back; and a commit that says that none is needed."""
    pull.checkout.git("switch", "--quiet", "main")
    pull.checkout.git("merge", "--quiet", "--no-ff", "--message", "Merge pull request 12", "change")
    pull.merged = pull.checkout.git("rev-parse", "HEAD")
    pull.approve(by="carol")
    pull.approve(digest="e" * 64)
    pull.approve()
    pull.github.reviews[-1]["state"] = "DISMISSED"
    pull.checkout.git("switch", "--quiet", "--create", "lowered")
    gates = pull.checkout.root / "environments" / ENVIRONMENT / "gates.yaml"
    gates.write_text(gates.read_text().replace("one-approval", "none"))
    pull.github.merge_commit = pull.checkout.commit("no approvals needed")
    delivered = pull.deliver(commit=pull.github.merge_commit)
    assert delivered.returncode == WAITS, delivered.stdout + delivered.stderr
    for reason in ("nobody of that name", "another plan, eeeeeeeeeeee", "it was dismissed"):
        assert reason in delivered.stderr
    assert pull.parameters() == {}
    pull.github.reviews.clear()
    pull.checkout.git("switch", "--quiet", "main")
    pull.github.merge_commit = pull.merged


def a_branch_that_moved_is_refused(pull: PullRequest) -> None:
    """Somebody else merged between the plan and this merge: what is merged now plans more than was approved."""
    pull.approve()
    pull.checkout.git("switch", "--quiet", "--create", "moved", pull.merged)
    pull.checkout.add_parameter("other", "unseen")
    moved = pull.checkout.commit("something else, merged as one")
    pull.github.merge_commit = moved
    delivered = pull.deliver(commit=moved)
    assert delivered.returncode == FAILED, delivered.stdout + delivered.stderr
    assert "plans something else" in delivered.stderr
    assert pull.parameters() == {}
    pull.checkout.git("switch", "--quiet", "main")
    pull.github.merge_commit = pull.merged


def without_the_key_or_a_pull_request_nothing_is_planned(pull: PullRequest) -> None:
    no_key = pull.deliver(key="no-key")
    assert no_key.returncode == FAILED
    assert "PLAN_KEY is no private key" in no_key.stderr
    pushed = pull.deliver(commit=pull.base)
    assert pushed.returncode == FAILED
    assert "was not made by merging a pull request" in pushed.stderr


def approved_it_is_applied(pull: PullRequest) -> None:
    delivered = pull.deliver()
    assert delivered.returncode == 0, delivered.stdout + delivered.stderr
    assert pull.parameters() == {"/greeting": "hello"}
    assert TOKEN not in delivered.stdout + delivered.stderr


def applied_twice_it_is_refused(pull: PullRequest) -> None:
    """The run is started again: the state has moved on, and the approval with it."""
    delivered = pull.deliver()
    assert delivered.returncode == FAILED, delivered.stdout + delivered.stderr
    assert "another state" in delivered.stderr


def then_there_is_no_drift(pull: PullRequest) -> None:
    """What drift.yml runs: first the examination, then, in a job without credentials, what tells it."""
    same = pull.checkout.infra("drift", "--env", ENVIRONMENT)
    assert same.returncode == 0, same.stdout + same.stderr
    told = pull.checkout.infra("drift-issue", "--env", ENVIRONMENT, **pull.github.environment())
    assert told.returncode == 0, told.stdout + told.stderr
    assert pull.github.issues == []


def what_somebody_changes_by_hand_is_told_until_it_is_gone(pull: PullRequest) -> None:
    ssm = pull.account().client("ssm")
    ssm.put_parameter(Name="/greeting", Value="by hand", Type="String", Overwrite=True)
    for opened in ("opened", "updated"):
        drifted = pull.checkout.infra("drift", "--env", ENVIRONMENT)
        assert drifted.returncode == DRIFTED, drifted.stdout + drifted.stderr
        assert "aws_ssm_parameter.greeting" in drifted.stdout
        told = pull.checkout.infra("drift-issue", "--env", ENVIRONMENT, **pull.github.environment())
        assert opened in told.stdout, told.stdout + told.stderr
    [issue] = pull.github.issues
    assert "aws_ssm_parameter.greeting" in issue["body"]
    assert TOKEN not in issue["body"] + told.stdout + told.stderr
    ssm.put_parameter(Name="/greeting", Value="hello", Type="String", Overwrite=True)
    assert pull.checkout.infra("drift", "--env", ENVIRONMENT).returncode == 0
    pull.checkout.infra("drift-issue", "--env", ENVIRONMENT, **pull.github.environment())
    assert [each["state"] for each in pull.github.issues] == ["closed"]


@pytest.mark.long
def test_a_change_goes_its_whole_way(pull: PullRequest) -> None:
    which_environments_it_touches(pull)
    it_is_planned_and_waits(pull)
    it_is_not_applied_by_hand_either(pull)
    one_comment_tells_it(pull)
    an_approver_approves_with_credentials(pull)
    the_gate_reads_the_reviews(pull)
    the_plan_is_kept_sealed(pull)
    merged_without_an_approval_that_counts_it_waits(pull)
    a_branch_that_moved_is_refused(pull)
    without_the_key_or_a_pull_request_nothing_is_planned(pull)
    approved_it_is_applied(pull)
    applied_twice_it_is_refused(pull)
    then_there_is_no_drift(pull)
    what_somebody_changes_by_hand_is_told_until_it_is_gone(pull)
