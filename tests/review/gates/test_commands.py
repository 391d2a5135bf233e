"""What the commands refuse before they touch anything."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.environment import Environment
from infra.errors import InfraError
from infra.review import commands as review_commands
from infra.review.approval_store import Caller
from infra.review.commands import plan_exit_code, register
from infra.review.delivery import touched_matrix
from infra.review.delivery_commands import register_delivery
from infra.review.gate import Decision, Verdict
from infra.review.history import changed_files, file_at, written_by
from infra.review.model import Finding
from tests.review.gates.conftest import Scene, emulated
from tests.review.gates.making import ADA, GATES


@click.group()
def infra() -> None:
    """The group that the commands are put into."""


def no_checks(_environment: Environment, _document: str) -> Sequence[Finding]:
    return ()


register(infra, no_checks, lambda *_: None)
register_delivery(infra, lambda *_: None)


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (["gate", "--env", "staging"], {"PULL_REQUEST": "12"}, "say both"),
        (["gate", "--env", "staging"], {"BASE": "a" * 40}, "say both"),
        (["gate", "--env", "staging"], {"BASE": "a" * 40, "PULL_REQUEST": "12"}, "GITHUB_REPOSITORY"),
        (["gate", "--env", "prod"], {}, "ENV=prod is no environment"),
        (["gate", "--env", "staging"], {}, "no saved plan"),
        (["review", "--env", "staging"], {}, "no saved plan"),
        (["approve", "--env", "staging"], {}, "no saved plan"),
        (["review"], {}, "Nothing has been planned yet"),
        (["delivery", "seal", "--env", "staging"], {}, "no saved plan"),
        (["delivery", "comment", "--env", "staging", "--pull-request", "1"], {}, "GITHUB_REPOSITORY"),
        (["delivery", "touched", "--base", "main", "--head", "a" * 40], {}, "'main' is no full commit hash"),
        (["delivery", "touched", "--base", "--output=x", "--head", "a" * 40], {}, "is no full commit hash"),
    ],
)
def test_one_clear_error(
    build_folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], variables: dict[str, str], message: str
) -> None:
    for name in ("ENV", "BASE", "PULL_REQUEST", "GITHUB_REPOSITORY", "GITHUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    result = CliRunner().invoke(infra, arguments, env=variables)
    assert isinstance(result.exception, InfraError), result.output
    assert message in str(result.exception)
    assert result.exception.exit_code == 1


def test_plan_ends_with_1_only_where_a_forbidden_plan_could_be_applied(scene: Scene) -> None:
    for decision, code in ((Decision.ALLOWED, 0), (Decision.WAITS, 0), (Decision.FORBIDDEN, 1)):
        assert plan_exit_code(Verdict(decision), scene.account) == code
    assert plan_exit_code(Verdict(Decision.FORBIDDEN), emulated(scene).account) == 0


# Approving ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def written_by_carol(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_commands, "written_by", lambda _: frozenset({"carol@x.org"}))


@pytest.mark.usefixtures("written_by_carol")
def test_an_approver_may_approve(scene: Scene) -> None:
    review_commands._require_approver(scene.record, GATES, Caller(ADA.aws_user_id, ADA.aws_arn))


@pytest.mark.usefixtures("written_by_carol")
@pytest.mark.parametrize(
    "caller",
    [
        Caller("AROAEVE:eve", "arn:aws:sts::123456789012:assumed-role/admin/eve"),
        Caller("AROANEW:ada", ADA.aws_arn),
        Caller(ADA.aws_user_id, "arn:aws:sts::123456789012:assumed-role/other/ada"),
        Caller("", ""),
    ],
)
def test_nobody_else_may(scene: Scene, caller: Caller) -> None:
    with pytest.raises(InfraError, match="is no approver of production"):
        review_commands._require_approver(scene.record, GATES, caller)


def test_ones_own_commit_is_refused_at_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_commands, "written_by", lambda _: ADA.emails)
    with pytest.raises(InfraError, match="nobody approves their own change"):
        review_commands._require_approver(scene.record, GATES, Caller(ADA.aws_user_id, ADA.aws_arn))


# Git ------------------------------------------------------------------------------------------------------------------


def test_what_a_branch_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files with odd names, both names of a renamed one, and not what others did to main meanwhile."""
    monkeypatch.setattr("infra.review.history.ROOT", tmp_path)

    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=Carol", "-c", "user.email=carol@x.org"]
        command = ["git", *identity, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def commit(**files: str) -> str:
        for name, text in files.items():
            path = tmp_path / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git("add", "--all")
        git("commit", "--quiet", "--message", "x")
        return git("rev-parse", "HEAD")

    git("init", "--quiet", "--initial-branch=main")
    commit(modules__old="the same text, long enough to be found again\n" * 5)
    git("switch", "--quiet", "--create", "change")
    git("mv", "modules/old", "environments")
    odd = 'environments/staging/a "quoted"\tnäme\n.tf'
    (tmp_path / "environments").rename(tmp_path / "moved")
    head = commit(**{odd: "x"})
    git("switch", "--quiet", "main")
    base = commit(others="x")
    assert sorted(changed_files(base, head)) == sorted(["modules/old", "moved", odd])
    assert changed_files(base, base) == []
    assert touched_matrix(base, base) == "[]"
    assert file_at(head, "moved").startswith("the same text")
    assert written_by(head) == {"carol@x.org"}
    with pytest.raises(InfraError, match="fetch-depth: 0"):
        changed_files("0" * 40, head)
