"""The same in every report, in order, complete, and harmless whatever the account holds."""

import io
import json
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from infra.release.drift.finding import DriftReport, Failure, Rule, in_order
from infra.release.drift.reports import headline, json_report, junit_report, markdown_report
from infra.release.drift.terminal import print_drift
from infra.review.model import Severity
from infra.review.reports.markdown import COMMENT_LIMIT
from tests.release.drift.samples import CHANGED, CLEAN, DRIFTED, FAILED, RULE, report


def terminal(of: DriftReport) -> str:
    out = io.StringIO()
    print_drift(of, "build/staging/drift/drift.md", Console(file=out, width=400))
    return out.getvalue()


@pytest.mark.parametrize(
    ("of", "code", "said"),
    [
        (CLEAN, 0, "staging has not drifted"),
        (DRIFTED, 2, "staging has drifted: 2 findings"),
        (FAILED, 1, "staging could not be examined: 1 part failed"),
        (replace(FAILED, findings=DRIFTED.findings), 1, "1 part failed; 2 findings elsewhere"),
    ],
)
def test_exit_code_and_result(of: DriftReport, code: int, said: str) -> None:
    assert of.exit_code == code
    assert said in headline(of)
    for text in (terminal(of), MarkdownIt().render(markdown_report(of))):
        assert said in text
    assert json.loads(json_report(of))["exit_code"] == code


def test_each_finding_is_told_with_all_that_is_known() -> None:
    for text in (terminal(DRIFTED), markdown_report(DRIFTED), json_report(DRIFTED)):
        for known in (RULE.where, RULE.since, RULE.by, CHANGED.where, "retention_in_days", "Remove it by hand"):
            assert known in text
        assert "listener rule priority 7" in text
    assert "90 → 1" in terminal(DRIFTED)


def test_junit_counts_parts_and_findings() -> None:
    root = ElementTree.fromstring(junit_report(replace(FAILED, findings=DRIFTED.findings)))  # noqa: S314 - our own
    suites = {suite.get("name"): suite for suite in root}
    assert (suites["examination"].get("tests"), suites["examination"].get("errors")) == ("2", "1")
    assert (suites["findings"].get("tests"), suites["findings"].get("failures")) == ("2", "2")
    clean = ElementTree.fromstring(junit_report(CLEAN))  # noqa: S314 - our own
    assert [suite.get("tests") for suite in clean] == ["2", "0"]
    assert not clean.findall(".//failure") + clean.findall(".//error")


def test_the_worst_comes_first() -> None:
    critical = replace(CHANGED, severity=Severity.CRITICAL, rule=Rule.VERSION)
    assert in_order([CHANGED, RULE, critical, RULE]) == (critical, RULE, CHANGED)


def test_names_from_the_account_do_no_harm() -> None:
    bad = "a`b\n\x1b[31m | <script>alert(1)</script> @everyone #1 [x](https://evil) \u202e"
    hostile = report(
        [replace(RULE, what=bad, where=bad, by=bad, todo=bad, address=bad)], (Failure("a part", f"no: {bad}"),)
    )
    rendered = MarkdownIt().render(markdown_report(hostile))
    assert "<script>" not in rendered
    assert 'href="https://evil"' not in rendered
    assert "\x1b" not in terminal(hostile) + rendered
    ElementTree.fromstring(junit_report(hostile))  # noqa: S314 - our own


def test_an_issue_takes_no_more_than_github_does() -> None:
    many = report([replace(RULE, where=f"{RULE.where}{number}") for number in range(2_000)])
    text = markdown_report(many)
    assert len(text.encode()) <= COMMENT_LIMIT
    assert "**Left out here**: findings (" in text
    assert "2,000 findings" in text or "2000 findings" in text
