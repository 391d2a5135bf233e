"""A whole judgement: own policies that crash, plans that are none, the command for other repositories."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.policies.__main__ import main
from infra.policies.fixtures import plan_of
from infra.policies.judgement import POLICIES, Subject, judge, other_configuration, own_repository
from infra.policies.outcome import Outcome
from infra.policies.scanner import Scan
from infra.repository import ROOT
from tests.policies.conftest import GOOD

_PLAN = {
    "variables": {"environment": "test"},
    "aws_sns_topic.alarms": {"name": "a", "kms_master_key_id": "alias/alarms"},
}


@pytest.fixture
def judged(good_scan: Scan) -> Callable[..., Outcome]:
    def run(document: Path, **changes: Path) -> Outcome:
        subject: Subject = replace(other_configuration(good_scan.scope.root), **changes)  # type: ignore[arg-type]
        return judge(subject, good_scan, document)

    return run


def test_a_good_plan(judged: Callable[..., Outcome], plan_file: Callable[..., Path]) -> None:
    outcome = judged(plan_file(dict(plan_of(_PLAN).document)))
    assert outcome.findings == ()
    assert outcome.judged
    ran = outcome.ran
    assert (ran.plan_resources, ran.configuration_resources) == (1, 1)
    assert ran.own_policies == len(list(POLICIES.glob("*.py")))
    assert ran.checkov_checks > 1000
    assert ran.canaries > 50


def test_a_policy_that_crashes(judged: Callable[..., Outcome], plan_file: Callable[..., Path], tmp_path: Path) -> None:
    """On this plan only: its fixtures pass, so nothing but the crash tells."""
    folder = Path(shutil.copytree(POLICIES, tmp_path / "policies"))
    path = folder / "log_retention.py"
    crash = 'def _check(plan: Plan) -> Iterator[Violation]:\n    if "aws_sns_topic.alarms" in plan.resources:\n'
    crash += '        raise ValueError("hunter2")\n'
    path.write_text(path.read_text().replace("def _check(plan: Plan) -> Iterator[Violation]:\n", crash))
    outcome = judged(plan_file(dict(plan_of(_PLAN).document)), policies=folder)
    [finding] = outcome.findings
    assert finding.rule == "HOK_SCAN_ERROR"
    assert finding.where == "policies/log_retention.py"
    assert "ValueError" in finding.message
    assert "hunter2" not in finding.message
    assert not outcome.judged


def test_policies_that_cannot_be_loaded(
    judged: Callable[..., Outcome], plan_file: Callable[..., Path], tmp_path: Path
) -> None:
    outcome = judged(plan_file(dict(plan_of(_PLAN).document)), policies=tmp_path)
    assert [finding.rule for finding in outcome.findings] == ["HOK_SCAN_ERROR"]
    assert outcome.ran.own_policies == 0


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"format_version": "9.0"})])
def test_what_is_no_plan(judged: Callable[..., Outcome], plan_file: Callable[..., Path], text: str) -> None:
    outcome = judged(plan_file(text))
    assert [finding.rule for finding in outcome.findings] == ["HOK_SCAN_ERROR"]


def test_another_repository(root_module: Callable[[str], Path], plan_file: Callable[..., Path]) -> None:
    folder = root_module(GOOD)
    good = CliRunner().invoke(main, [str(plan_file(dict(plan_of(_PLAN).document))), "--configuration", str(folder)])
    assert good.exit_code == 0, good.output
    bad = plan_of(_PLAN | {"aws_cloudwatch_log_group.app": {"name": "app"}}).document
    refused = CliRunner().invoke(main, [str(plan_file(dict(bad))), "--configuration", str(folder)])
    assert refused.exit_code == 1
    assert "HOK_LOGS aws_cloudwatch_log_group.app" in refused.output


def test_every_example_and_root_of_this_repository_is_scanned() -> None:
    folders = {str(folder.relative_to(ROOT)) for folder in own_repository().scope.folders}
    assert {"environments/stack", "environments/bootstrap"} < folders
    modules = {path.parent.name for path in ROOT.glob("modules/*/variables.tf")}
    assert {folder.split("/")[1] for folder in folders if folder.startswith("modules/")} == modules
