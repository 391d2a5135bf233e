"""checkov says "success" in each of these cases; the scan does not. Each test breaks exactly one thing."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.policies.checkov_report import judge_configuration, stale_skips
from infra.policies.checkov_settings import Settings, read_settings
from infra.policies.fixtures import plan_of
from infra.policies.judgement import POLICIES
from infra.policies.scanner import Scan, Scope
from infra.review.model import Finding
from tests.policies.conftest import GOOD

StartScan = Callable[..., Scan]
MakeSettings = Callable[..., Settings]
MakeRoot = Callable[[str], Path]


def rules(findings: list[Finding]) -> set[str]:
    return {finding.rule for finding in findings}


def said(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.rule} {finding.where} {finding.message}" for finding in findings)


@pytest.fixture(scope="module")
def judged(scan_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    """Findings for several root modules, one of them without fault, from one scan process."""
    folder = tmp_path_factory.mktemp("roots")
    roots = {
        name: folder / name for name in ("good", "broken", "empty", "nothing", "missing", "unexplained", "explained")
    }
    for name, root in roots.items():
        if name != "missing":
            root.mkdir()
    (roots["good"] / "main.tf").write_text(GOOD)
    (roots["broken"] / "main.tf").write_text(GOOD)
    (roots["broken"] / "other.tf").write_text('resource "aws_sns_topic" "x" {\n')
    (roots["nothing"] / "main.tf").write_text("locals {\n  a = 1\n}\n")
    topic = 'resource "aws_sns_topic" "open" {\n  #checkov:skip=CKV_AWS_26REASON\n  name = "open"\n}\n'
    (roots["unexplained"] / "main.tf").write_text(topic.replace("REASON", ""))
    (roots["explained"] / "main.tf").write_text(topic.replace("REASON", ":nothing secret is sent there"))
    settings = folder / ".checkov.yaml"
    settings.write_text(f"external-checks-dir:\n  - {POLICIES / 'checkov'}\n")
    scope = Scope(tuple(roots.values()), (), POLICIES / "canary", folder)
    with Scan(scan_python, read_settings(settings), scope, folder / "kept") as scan:
        findings = scan.configuration().findings
    return {name: [each for each in findings if each.where.split("/")[0].split(":")[0] == name] for name in roots} | {
        "all": findings
    }


def test_good_configuration_has_no_finding(judged: dict[str, list[Finding]]) -> None:
    assert judged["good"] == []
    assert judged["explained"] == []


@pytest.mark.parametrize(
    ("root", "rule", "message"),
    [
        ("broken", "HOK_SCAN_ERROR", "cannot parse"),
        ("empty", "HOK_SCAN_COVERAGE", "no Terraform file"),
        ("missing", "HOK_SCAN_COVERAGE", "no Terraform file"),
        ("nothing", "HOK_SCAN_COVERAGE", "saw no resource"),
        ("unexplained", "HOK_SCAN_SKIP", "without a reason"),
    ],
)
def test_configuration_that_cannot_be_judged(
    judged: dict[str, list[Finding]], root: str, rule: str, message: str
) -> None:
    assert rules(judged[root]) == {rule}, said(judged["all"])
    assert message in said(judged[root])


def test_a_file_that_no_root_reads(scan_python: Path, settings_of: MakeSettings, tmp_path: Path) -> None:
    for name in ("read", "unread"):
        (tmp_path / "tree" / name).mkdir(parents=True)
        (tmp_path / "tree" / name / "main.tf").write_text(GOOD)
    scope = Scope((tmp_path / "tree/read",), (tmp_path / "tree",), POLICIES / "canary", tmp_path)
    with Scan(scan_python, settings_of(), scope, tmp_path / "kept") as scan:
        findings = scan.configuration().findings
    assert [(finding.rule, finding.where) for finding in findings] == [("HOK_SCAN_COVERAGE", "tree/unread/main.tf")]


def test_plans(good_scan: Scan, plan_file: Callable[..., Path]) -> None:
    """Broken JSON, a plan with less or more than it says: one process, one answer each."""
    plan = dict(plan_of({"aws_sns_topic.alarms": {"name": "alarms", "kms_master_key_id": "alias/alarms"}}).document)
    good, _, _ = good_scan.plan(plan_file(plan), ["aws_sns_topic.alarms"])
    assert good == []
    more, _, _ = good_scan.plan(plan_file(plan), ["aws_sns_topic.alarms", "aws_sns_topic.unseen"])
    assert rules(more) == {"HOK_SCAN_COVERAGE"}
    assert "aws_sns_topic.unseen" in said(more)
    less, _, _ = good_scan.plan(plan_file(plan), ["aws_sns_topic.other"])
    assert {finding.where for finding in less} == {"aws_sns_topic.alarms", "aws_sns_topic.other"}
    broken, _, _ = good_scan.plan(plan_file('{"format_version": "1.2", '), ["aws_sns_topic.alarms"])
    assert rules(broken) <= {"HOK_SCAN_COVERAGE", "HOK_SCAN_ERROR"}
    assert broken
    bad = plan_of({"aws_sns_topic.alarms": {"name": "alarms"}}).document
    found, _, _ = good_scan.plan(plan_file(dict(bad)), ["aws_sns_topic.alarms"])
    assert rules(found) == {"CKV_AWS_26"}


_CRASHES = """
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck
{before}
class Broken(BaseResourceCheck):
    def __init__(self):
        super().__init__(name="broken", id="CKV_HOK_99", categories=[CheckCategories.IAM], supported_resources=["*"])
    def scan_resource_conf(self, conf):
        {body}
check = Broken()
"""
_GRAPH = """
metadata: {{id: CKV2_HOK_99, name: broken, category: IAM}}
definition: {{cond_type: attribute, resource_types: [aws_sns_topic], attribute: name, operator: {operator}, value: x}}
"""


@pytest.mark.parametrize(
    "broken",
    [
        ("crashes.py", _CRASHES.format(before="", body="raise ValueError(conf)"), "Failed to run check CKV_HOK_99"),
        (
            "no_import.py",
            _CRASHES.format(before="import nothing_of_this_name", body="pass"),
            "Cannot load external check",
        ),
        (
            "logs.py",
            _CRASHES.format(before="import logging", body="logging.error('lost'); return CheckResult.PASSED"),
            "lost",
        ),
        ("registers_nothing.py", "a = 1\n", "registers no check"),
        ("operator.yaml", _GRAPH.format(operator="eqals"), "operator.yaml"),
        # checkov runs these in threads and never looks at their exceptions.
        (
            "crashes.yaml",
            _GRAPH.format(operator="subset").replace("value: x", "value: 5"),
            "SubsetAttributeSolver crashed",
        ),
        ("fields.yaml", "metadata: {id: CKV2_HOK_99}\n", "missing required fields"),
        ("same_id.yaml", _GRAPH.format(operator="equals").replace("CKV2_HOK_99", "CKV2_AWS_6"), "registers no check"),
        ("syntax.yaml", "metadata: [\n", "failed"),
    ],
    ids=lambda broken: broken[0],
)
def test_a_check_that_does_not_work(
    scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot, tmp_path: Path, broken: tuple[str, str, str]
) -> None:
    file, content, message = broken
    ignored = shutil.ignore_patterns("__pycache__")
    checks = Path(shutil.copytree(POLICIES / "checkov", tmp_path / "checks", ignore=ignored))
    (checks / file).write_text(content)
    with scan_of(settings_of(checks=checks), root_module(GOOD)) as scan:
        findings = scan.configuration().findings
    errors = [finding for finding in findings if finding.rule == "HOK_SCAN_ERROR"]
    assert message in said(errors), said(findings)
    assert "alias/alarms" not in said(findings)


def test_a_folder_of_checks_that_is_not_there(
    scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot, tmp_path: Path
) -> None:
    with scan_of(settings_of(checks=tmp_path / "nowhere"), root_module(GOOD)) as scan:
        assert "has no checks" in said(scan.configuration().findings)


def test_skips(scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot) -> None:
    """A mistyped ID, no reason, nothing left to skip; and one that does what it should."""
    settings = settings_of(
        "  - CKV_AWS_26\n  # Mistyped.\n  - CKV_AWS_2666\n  # Plan only: later.\n  - CKV_AWS_18\n"
        "  # Applied only: later still.\n  - CKV_AWS_21\n"
    )
    with scan_of(settings, root_module(GOOD.replace("kms_master_key_id", "display_name"))) as scan:
        configuration = scan.configuration()
    assert rules(configuration.findings) == {"HOK_SCAN_SKIP"}
    assert "CKV_AWS_2666 is no check" in said(configuration.findings)
    assert "CKV_AWS_26 is skipped without a reason" in said(configuration.findings)
    assert len(configuration.findings) == 2
    assert configuration.matched == {"CKV_AWS_26"}
    stale = stale_skips(settings, configuration.matched, plans_too=False)
    assert "CKV_AWS_2666 matches nothing" in said(stale)
    assert len(stale) == 1
    assert len(stale_skips(settings, configuration.matched, plans_too=True)) == 2
    assert len(stale_skips(settings, configuration.matched, plans_too=True, applied_too=True)) == 3


def test_a_file_that_checkov_left_out(settings_of: MakeSettings, tmp_path: Path) -> None:
    for name in ("main.tf", "other.tf"):
        (tmp_path / name).write_text(GOOD)
    answer = {"errors": [], "files": [str(tmp_path / "main.tf")], "resources": ["aws_sns_topic.a"]}
    said_of = judge_configuration(answer, tmp_path, settings_of(), tmp_path).findings
    assert [(each.rule, each.where) for each in said_of] == [("HOK_SCAN_COVERAGE", "other.tf")]


def test_a_canary_that_passes(
    scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot, tmp_path: Path
) -> None:
    canary = Path(shutil.copytree(POLICIES / "canary", tmp_path / "canary"))
    (canary / "configuration/main.tf").write_text(GOOD)
    expected = canary / "expected.yaml"
    expected.write_text(expected.read_text().replace("GetObjekt", "GetObject"))
    with scan_of(settings_of(), root_module(GOOD), canary=canary) as scan:
        findings = scan.configuration().findings
        found = scan.configuration().canaries
    assert rules(findings) == {"HOK_SCAN_CANARY"}
    assert [finding.where for finding in findings].count("canary: configuration") == 4
    assert "parliament's UNKNOWN_ACTION" in said(findings)
    assert found == 2


def test_a_process_that_dies(
    scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot, plan_file: Callable[..., Path]
) -> None:
    with scan_of(settings_of(), root_module(GOOD)) as scan:
        os.kill(scan.pid, signal.SIGKILL)
        assert rules(scan.configuration().findings) == {"HOK_SCAN_PROCESS"}
        assert scan.configuration().canaries == 0
        assert rules(scan.plan(plan_file({}), ["aws_sns_topic.x"])[0]) == {"HOK_SCAN_PROCESS"}
        assert rules(scan.lint([])) == {"HOK_SCAN_PROCESS"}


def test_a_process_that_does_not_answer(scan_of: StartScan, settings_of: MakeSettings, root_module: MakeRoot) -> None:
    with scan_of(settings_of(), root_module(GOOD), patience=0.01) as scan:
        findings = scan.configuration().findings
    assert "gave no answer" in said(findings)
    with pytest.raises(ProcessLookupError):
        os.kill(scan.pid, 0)
