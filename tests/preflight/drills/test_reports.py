"""Drills in the reports: what clients saw, in each of them, and harmless whatever a text says."""

from dataclasses import replace
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from infra.preflight.drills.acknowledged import AcknowledgedArtifact, Loss
from infra.preflight.drills.report import DrillReport
from infra.preflight.drills.view import View
from infra.preflight.reports.drills import HEADS, drill_rows
from infra.preflight.reports.html import html_report
from infra.preflight.reports.junit import junit_report
from infra.preflight.reports.markdown import markdown_report
from infra.review.reports.text import visible
from tests.html_page import Page
from tests.preflight.samples import FAILED, HOSTILE, START, hostile

VIEW = View(120, {"502": 3, "no answer": 1}, 4.25, 6.5, (0.5, 1.0, 1.5, 5.0), 9, (), None)
KILLED = DrillReport("kill-gateway", "task x is killed", "arn", START + 20, 0.2, 7.5, VIEW, 40, ())
LOST = Loss(AcknowledgedArtifact("1/model.bin", "00"), "reading it back answers 404")
QUIET = replace(
    KILLED,
    name="deploy-mlflow",
    did="a new revision",
    steady=3.0,
    view=View(50, {}, 0.3, 0.0, (), 2, (), None),
    losses=(LOST,),
)
RECORD = replace(FAILED, drills=(KILLED, QUIET))


def test_every_drill_is_a_row() -> None:
    assert [dict(zip(HEADS, row, strict=True)) for row in drill_rows(RECORD)] == [
        {
            "drill": "kill-gateway",
            "what was done": "task x is killed",
            "requests": "120",
            "failed": "3x 502, 1x no answer",
            "longest wait": "4.2 s",
            "whole again": "after 6.5 s",
            "steady again": "after 7.5 s",
            "read back": "40 of 40",
        },
        {
            "drill": "deploy-mlflow",
            "what was done": "a new revision",
            "requests": "50",
            "failed": "none",
            "longest wait": "0.3 s",
            "whole again": "always",
            "steady again": "after 3.0 s",
            "read back": "39 of 40",
        },
    ]


def test_a_platform_that_is_not_steady_has_not_lost_anything_yet() -> None:
    [row] = drill_rows(replace(RECORD, drills=(replace(KILLED, steady=None),)))
    assert dict(zip(HEADS, row, strict=True))["steady again"] == "never"
    assert dict(zip(HEADS, row, strict=True))["read back"] == "40 at the end"


def test_the_page_has_a_table_and_lines_of_time() -> None:
    page = html_report(RECORD)
    shown = " ".join(Page(page).texts)
    assert "3x 502, 1x no answer" in shown
    assert "steady after 7.5 s" in shown
    assert page.count("<svg") == 3
    assert page.count('class="lost"') == 4
    assert "Drills" not in " ".join(Page(html_report(FAILED)).texts)


def test_markdown_has_a_table_of_them() -> None:
    report = markdown_report(RECORD)
    assert "| kill-gateway | task x is killed | 120 | 3x 502, 1x no answer |" in report
    assert "### Drills" not in markdown_report(FAILED)


def test_junit_tells_them_beside_its_cases() -> None:
    suite = ElementTree.fromstring(junit_report(RECORD)).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    told = (suite.findtext("system-out") or "").splitlines()
    assert told == [f"{each.name}: {each.words}" for each in RECORD.drills]


def test_a_hostile_text_is_text_everywhere() -> None:
    record = hostile(RECORD)
    page = Page(html_report(record))
    assert "alert(1)" not in "".join(page.raw["script"])
    assert sum(visible(HOSTILE)[:20] in shown for shown in page.texts) > 20
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(markdown_report(record))
    kinds = {token.type for block in parsed for token in (block, *(block.children or ()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}
    ElementTree.fromstring(junit_report(record))  # noqa: S314 - our own
