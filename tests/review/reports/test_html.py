"""The page: nothing of a plan becomes markup, and its policy allows its own style and script only."""

import base64
import hashlib
import re

import pytest
from hypothesis import HealthCheck, given, settings

from infra.review.gate import Verdict
from infra.review.model import AttributeChange, Review
from infra.review.reports.html import html_report
from infra.review.reports.text import visible
from tests.html_page import Page
from tests.review.reports.samples import (
    ALLOWED,
    HOSTILE,
    HOSTILE_VERDICT,
    WAITING,
    change,
    hostile,
    large,
    review,
    typical,
)
from tests.review.reports.strategies import VERDICTS, reviews

_TAGS = set(
    re.findall(
        r"\w+",
        "html head meta title style body header section h1 h2 p ul li details summary div span code table thead tbody"
        " tr th td b br dl dt dd input button svg path g rect text script",
    )
)
_ATTRIBUTES = set(
    re.findall(
        r"[\w-]+",
        "lang charset name content http-equiv class role aria-label aria-pressed tabindex hidden type placeholder title"
        " autocomplete spellcheck colspan data-risk data-module data-filter data-open data-close data-all"
        " xmlns width height viewbox d x y rx",
    )
)


def _assert_only_our_markup(page: str) -> Page:
    parsed = Page(page)
    assert {tag for tag, _ in parsed.elements} <= _TAGS
    assert {name for _, attributes in parsed.elements for name in attributes} <= _ATTRIBUTES
    assert [tag for tag, _ in parsed.elements].count("script") == 1
    assert [tag for tag, _ in parsed.elements].count("style") == 1
    return parsed


@pytest.mark.parametrize(
    ("of", "verdict"),
    [(typical(), WAITING), (hostile(), HOSTILE_VERDICT), (review(), ALLOWED), (large(200), WAITING)],
    ids=["typical", "hostile", "empty", "large"],
)
def test_the_page_holds_our_markup_only(of: Review, verdict: Verdict) -> None:
    _assert_only_our_markup(html_report(of, verdict))


@pytest.mark.parametrize("text", [text for text in HOSTILE if text and len(text) < 1_000])
def test_a_hostile_text_is_shown_as_text(text: str) -> None:
    page = _assert_only_our_markup(html_report(hostile((text,)), HOSTILE_VERDICT))
    # Once at least in the reasons, the access, the changes and the findings.
    assert sum(visible(text) in shown for shown in page.texts) > 10


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reviews(), VERDICTS)
def test_any_plan_adds_no_markup(of: Review, verdict: Verdict) -> None:
    page = html_report(of, verdict)
    page.encode()
    _assert_only_our_markup(page)


def test_the_policy_allows_this_style_and_this_script_and_nothing_else() -> None:
    page = Page(html_report(typical(), WAITING))
    policy = next(attributes["content"] for _, attributes in page.elements if "http-equiv" in attributes)
    hashes = {
        tag: base64.b64encode(hashlib.sha256("".join(parts).encode()).digest()).decode()
        for tag, parts in page.raw.items()
    }
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'; "
        "base-uri 'none'; form-action 'none'"
    )


def test_the_page_needs_no_network_and_builds_no_markup_from_text() -> None:
    page = Page(html_report(typical(), WAITING))
    style, script = ("".join(page.raw[tag]) for tag in ("style", "script"))
    assert "url(" not in style
    assert "@import" not in style
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|fetch|https?:", script)
    assert not {name for _, attributes in page.elements for name in attributes} & {"src", "href", "style"}


def test_every_change_can_be_searched_and_filtered() -> None:
    page = Page(html_report(typical(), WAITING))
    changes = [attributes for tag, attributes in page.elements if tag == "details" and "data-risk" in attributes]
    filters = {attributes["data-filter"] for _, attributes in page.elements if "data-filter" in attributes}
    modules = {
        attributes["data-module"] for tag, attributes in page.elements if tag == "g" and "data-module" in attributes
    }
    assert len(changes) == len(typical().changes)
    assert {change["data-risk"] for change in changes} == filters
    assert {change["data-module"] for change in changes} == modules


def test_what_a_reviewer_must_see_is_there() -> None:
    page = html_report(typical(), WAITING)
    for words in (
        "waits, 2 reasons",
        "must be acknowledged",
        "forces the replacement",
        "+ Write added",
        "- DenyInsecure removed",
        "<div class=go>- Action = &quot;s3:Get*&quot;</div>",
        "(known after apply)",
        "nobody can review it",
        "CKV_AWS_18",
        "d1" * 32,
        "2 values redacted",
    ):
        assert words in page


def test_what_forces_a_replacement_is_the_first_attribute() -> None:
    attributes = (AttributeChange("a", 1, 2), AttributeChange("z", 1, 2, forces_replacement=True))
    page = html_report(review(change(attributes=attributes)), WAITING)
    assert page.index("<th>z ") < page.index("<th>a<")
