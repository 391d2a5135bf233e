"""Every own policy passes and fails what it must; a policy or a fixture without the other is an error."""

import shutil
from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.policies.fixtures import Fixture, differs, fixtures_of, judge_canaries, load_fixtures
from infra.policies.judgement import POLICIES
from infra.policies.policy import load_policies

_POLICIES = load_policies(POLICIES)
_CASES = [
    pytest.param(name, fixture, id=f"{name}-{fixture.name}")
    for name, fixtures in fixtures_of(_POLICIES, POLICIES / "fixtures").items()
    for fixture in fixtures
]


@pytest.mark.parametrize(("name", "fixture"), _CASES)
def test_fixture(name: str, fixture: Fixture) -> None:
    assert differs(_POLICIES[name], fixture) == ""


def test_no_message_holds_the_secret_that_it_is_about() -> None:
    for fixture in load_fixtures(POLICIES / "fixtures/no_secret_in_environment.yaml"):
        for finding in _POLICIES["no_secret_in_environment"].findings(fixture.plan):
            assert "fixture" not in finding.message
            assert "AKIA" not in finding.message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of policies/ to break."""
    return Path(shutil.copytree(POLICIES, tmp_path / "policies"))


def test_a_policy_without_fixtures_fails(folder: Path) -> None:
    (folder / "fixtures/account_guard.yaml").unlink()
    with pytest.raises(InfraError, match=r"account_guard\.yaml: a policy needs fixtures"):
        fixtures_of(load_policies(folder), folder / "fixtures")


def test_a_fixture_without_a_policy_fails(folder: Path) -> None:
    (folder / "account_guard.py").unlink()
    with pytest.raises(InfraError, match=r"account_guard\.yaml belongs to no policy"):
        fixtures_of(load_policies(folder), folder / "fixtures")


def test_fixtures_of_one_kind_only_fail(folder: Path) -> None:
    path = folder / "fixtures/iam_known.yaml"
    passes, fails = path.read_text().split("fails:")
    for text in (f"{passes}fails: {{}}\n", f"passes: {{}}\nfails:{fails}"):
        path.write_text(text)
        with pytest.raises(InfraError, match="at least one fixture must pass"):
            load_fixtures(path)


def test_a_policy_that_finds_nothing_any_more_is_noticed_in_every_run(folder: Path) -> None:
    path = folder / "log_retention.py"
    path.write_text(path.read_text().replace("check=_check", "check=lambda plan: ()"))
    findings, _ = judge_canaries(load_policies(folder), folder / "fixtures")
    assert {finding.where for finding in findings} == {"policies/log_retention.py"}
    assert {finding.rule for finding in findings} == {"HOK_SCAN_CANARY"}


def test_a_policy_that_cannot_be_imported_fails(folder: Path) -> None:
    (folder / "account_guard.py").write_text("import nothing_of_this_name\n")
    with pytest.raises(InfraError, match=r"account_guard\.py cannot be imported"):
        load_policies(folder)


def test_a_file_without_a_policy_fails(folder: Path) -> None:
    (folder / "account_guard.py").write_text('"""Nothing."""\n')
    with pytest.raises(InfraError, match="has no POLICY"):
        load_policies(folder)


def test_an_id_belongs_to_one_policy(folder: Path) -> None:
    shutil.copy(folder / "account_guard.py", folder / "account_guard_again.py")
    with pytest.raises(InfraError, match="several policies have the ID HOK_ACCOUNT"):
        load_policies(folder)


def test_no_policy_at_all_fails(tmp_path: Path) -> None:
    with pytest.raises(InfraError, match="there is no policy"):
        load_policies(tmp_path)
