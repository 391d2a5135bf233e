"""The reports of a preflight: whole, harmless whatever a program printed, and saying what a person needs."""

from dataclasses import replace
from xml.etree import ElementTree

import pytest
from markdown_it import MarkdownIt

from infra.preflight.record import PreflightRecord
from infra.preflight.reports.html import html_report
from infra.preflight.reports.junit import junit_report
from infra.preflight.reports.markdown import markdown_report
from infra.review.reports.text import visible
from tests.html_page import Page
from tests.preflight.samples import FAILED, FINDING, HOSTILE, NOT_KNOWN, PASSED, hostile

RECORDS = {"passed": PASSED, "failed": FAILED, "could not run": NOT_KNOWN, "hostile": hostile(FAILED)}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_the_page_is_well_formed_and_needs_nothing_else(record: PreflightRecord) -> None:
    page = Page(html_report(record))
    tags = [tag for tag, _ in page.elements]
    assert (tags.count("script"), tags.count("style")) == (1, 1)
    assert not {name for _, attributes in page.elements for name in attributes} & {"src", "href", "style", "onclick"}
    assert "url(" not in "".join(page.raw["style"])


def test_a_hostile_text_is_shown_as_text() -> None:
    page = Page(html_report(hostile(FAILED)))
    assert sum(visible(HOSTILE) in shown for shown in page.texts) > 20


def test_the_page_says_what_is_wrong_where_and_what_to_do() -> None:
    page = html_report(FAILED)
    shown = " ".join(Page(page).texts)
    for words in (
        FINDING.message,
        FINDING.blamed,
        FINDING.places,
        FINDING.remedy,
        "Authorization: Bearer ***",
        "AUTH_SERVICE_ID=platform",
        "verify_api_proxy.py",
        "needs api-proxy",
        "2 of 4 steps passed",
        "answers 404",
        "s3:DeleteObject",
        "no egress rule",
        "out of memory",
        "memory limits",
        "0123456789abcdef with changes",
    ):
        assert words in shown, words
    assert page.count("<svg") == 2


def test_junit_has_a_case_a_step_and_a_run_that_could_not_be_is_no_pass() -> None:
    suite = ElementTree.fromstring(junit_report(FAILED)).find("testsuite")  # noqa: S314 - our own
    assert suite is not None
    assert {name: suite.attrib[name] for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    failure = suite.find("testcase[@name='api-proxy']/failure")
    assert failure is not None
    assert FINDING.blamed in str(failure.text)
    assert 'errors="1"' in junit_report(NOT_KNOWN)
    ElementTree.fromstring(junit_report(hostile(FAILED)))  # noqa: S314 - our own


def test_markdown_names_every_step_and_calls_nobody() -> None:
    report = markdown_report(FAILED)
    for result in FAILED.results:
        assert f"| {result.name} |" in report
    assert FINDING.places in report
    assert "No C compiler" in markdown_report(NOT_KNOWN)


def test_a_hostile_text_is_no_markup_in_markdown_either() -> None:
    report = markdown_report(hostile(FAILED))
    parsed = MarkdownIt("gfm-like", {"linkify": False}).parse(report)
    kinds = {token.type for block in parsed for token in (block, *(block.children or ()))}
    assert not kinds & {"html_block", "html_inline", "link_open", "image"}
    assert "\x1b" not in report


def test_a_clean_commit_is_said_to_be_one() -> None:
    assert "with changes" not in html_report(replace(FAILED, clean=True))
