"""The comment and the job summary: within GitHub's limits, the dangerous part last to go, and text stays text."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from infra.review.gate import Verdict
from infra.review.model import Action, Review, Risk
from infra.review.reports.markdown import COMMENT_LIMIT, SUMMARY_LIMIT, Markdown
from infra.review.reports.markdown_text import code, fenced, marker, prose
from infra.review.reports.text import line
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
from tests.review.reports.strategies import TEXTS, VERDICTS, reviews

_WHOLE = "build/production/review/review.html"
# What this repository writes itself.
_OUR_HTML = re.compile(
    r"<!-- infra-review environment=[\w.%~-]* purpose=plan -->|<details>|</details>|<summary>|</summary>"
)
_OUR_HEADINGS = {
    "Dangerous changes",
    "Access",
    "Findings",
    "Conditions that did not pass",
    "Changed outside Terraform",
    "Other changes",
    "Outputs",
}
_CALLS = re.compile(r"@[A-Za-z0-9]|#\d|\bGH-\d|https?://\S|www\.\S", re.IGNORECASE)


def _parse(text: str) -> list[Token]:
    """As GitHub does it: CommonMark with tables and HTML."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(text)
    return [inner for token in tokens for inner in (token, *(token.children or ()))]


def _assert_only_our_markup(text: str) -> None:
    headings = []
    tokens = _parse(text)
    for number, token in enumerate(tokens):
        assert token.type not in {"link_open", "image", "table_open", "code_block", "hr", "lheading_open"}, token
        if token.type in {"html_inline", "html_block"}:
            assert not _without_ours(token.content), token.content
        if token.type == "text":
            assert not _CALLS.search(token.content), token.content
        if token.type == "heading_open":
            headings.append((token.tag, tokens[number + 1].content))
    assert [tag for tag, _ in headings] == ["h2"] + ["h3"] * (len(headings) - 1)
    assert {title for tag, title in headings if tag == "h3"} <= _OUR_HEADINGS


def _without_ours(html: str) -> str:
    """What is left of a block of HTML without our tags and the plain words in a summary."""
    rest = _OUR_HTML.sub("", html)
    return re.sub(r"[\d,]+ (attribute|change)s?|What this plan is", "", rest).strip()


def _both(of: Review, verdict: Verdict) -> tuple[str, str]:
    markdown = Markdown(of, verdict, _WHOLE)
    return markdown.comment("plan"), markdown.job_summary()


def test_a_hostile_plan_adds_no_markup() -> None:
    for text in _both(hostile(), HOSTILE_VERDICT):
        _assert_only_our_markup(text)


@pytest.mark.parametrize("text", HOSTILE)
def test_each_hostile_text_alone_adds_no_markup(text: str) -> None:
    for report in _both(hostile((text,)), WAITING):
        _assert_only_our_markup(report)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(reviews(), VERDICTS)
def test_any_plan_fits_and_adds_no_markup(of: Review, verdict: Verdict) -> None:
    comment, summary = _both(of, verdict)
    assert len(comment.encode()) <= COMMENT_LIMIT
    assert len(summary.encode()) <= SUMMARY_LIMIT
    _assert_only_our_markup(comment)


@settings(deadline=None)
@given(TEXTS)
def test_code_shows_the_text_and_nothing_else(text: str) -> None:
    tokens = [token for token in _parse(f"- {code(text)} end") if token.type in {"code_inline", "text"}]
    assert [token.type for token in tokens] == ["code_inline", "text"]
    assert tokens[1].content == " end"


@settings(deadline=None)
@given(TEXTS)
def test_prose_shows_the_text_and_nothing_else(text: str) -> None:
    tokens = [token for token in _parse(f"- a {prose(text)} z") if token.type in {"inline", "text", "text_special"}]
    kinds = {token.type for token in _parse(f"- a {prose(text)} z")}
    assert kinds <= {
        "bullet_list_open", "bullet_list_close", "list_item_open", "list_item_close", "paragraph_open",
        "paragraph_close", "inline", "text", "text_special",
    }  # fmt: skip
    assert tokens


@settings(deadline=None)
@example("```", "`````")
@given(TEXTS, TEXTS)
def test_a_fence_holds_what_is_in_it(one: str, other: str) -> None:
    lines = [line(one), line(other)]
    tokens = _parse(fenced(lines, "diff") + "\n\nafter")
    assert [token.type for token in tokens if token.type in {"fence", "inline"}] == ["fence", "inline"]
    assert tokens[0].content == "\n".join(lines) + "\n"


def test_the_marker_is_stable_and_github_finds_it_again() -> None:
    comment = Markdown(typical(), WAITING, _WHOLE).comment("drift")
    assert comment.startswith("<!-- infra-review environment=production purpose=drift -->\n")
    assert marker("a", "plan") != marker("a", "drift") != marker("b", "drift")
    assert re.fullmatch(r"<!-- [^<>]+ -->", marker("--><b>", "\n"))


@pytest.mark.parametrize("risk", [Risk.PLAIN, Risk.DATA_LOSS])
def test_a_large_plan_fits_and_says_what_is_left_out(risk: Risk) -> None:
    comment, summary = _both(large(risk=risk), WAITING)
    for text, limit in ((comment, COMMENT_LIMIT), (summary, SUMMARY_LIMIT)):
        assert limit * 0.95 < len(text.encode()) <= limit
        assert "Left out here" in text.splitlines()[-1]
        assert _WHOLE in text.splitlines()[-1]


def test_the_dangerous_part_is_the_last_to_go() -> None:
    comment, _ = _both(large(), WAITING)
    dangerous = [each.address for each in large().changes if each.risk is Risk.OUTAGE]
    assert len(dangerous) == 500
    # Each of them is there, whereas the harmless ones are counted, by module, as far as there is room.
    assert all(f"`{address}`" in comment for address in dangerous)
    modules = len(re.findall(r"^- `part\[\"\d+\"\]`: 125 ", comment, re.MULTILINE))
    assert modules > 30
    assert f"changes only counted ({modules * 125:,})" in comment
    assert f"changes not shown ({4_500 - modules * 125})" in comment


def test_every_dangerous_change_is_shown_or_counted() -> None:
    comment, _ = _both(large(risk=Risk.DATA_LOSS), WAITING)
    left_out = re.search(r"changes with the risk of data loss \(([\d,]+)\)", comment)
    assert left_out
    shown = comment.count("🟥 `")
    assert shown + int(left_out[1].replace(",", "")) == 5_000


def test_a_replacement_among_a_hundred_updates_comes_first() -> None:
    updates = [change(f"aws_x.y[{number}]") for number in range(100)]
    replaced = change("aws_db_instance.z", Action.REPLACE_DELETE_FIRST, Risk.DATA_LOSS, "deletes the data",
                      replace_paths=("identifier",))  # fmt: skip
    comment, _ = _both(review(*updates, replaced), WAITING)
    first = comment.index("aws_db_instance.z")
    assert first < comment.index("aws_x.y")
    assert "forced by `identifier`" in comment[first : comment.index("\n", first)]


def test_a_small_plan_leaves_nothing_out() -> None:
    comment, summary = _both(typical(), ALLOWED)
    for text in (comment, summary):
        assert "Left out" not in text
        assert _WHOLE in text
    for words in (
        'module.artifact_bucket["main"].aws_s3_bucket.this',
        "must be acknowledged",
        "moved from `module.network.aws_vpc.old`",
        "imported as `Z0123456789`",
        "`role hokusai-gateway` may `s3:PutObject`, `s3:DeleteObject`",
        "no longer: `role hokusai-gateway` may `s3:Get*`",
        "`aws_kms_key.this`: `policy` is known only after apply",
        "`CKV_AWS_18`",
        "The certificate ends in 3 days.",
        '+   Action = "s3:PutObject"',
        "2 secret values were redacted",
        "`url`",
    ):
        assert words in comment


def test_the_line_to_approve_with_can_be_copied() -> None:
    comment, _ = _both(typical(), WAITING)
    assert f"\n```\napprove production {'d1' * 32}\n```\n" in comment
    assert "approve production" not in _both(typical(), ALLOWED)[0]


def test_an_https_address_of_the_whole_is_a_link() -> None:
    comment = Markdown(typical(), ALLOWED, "https://github.com/a/b/actions/runs/1").comment("plan")
    assert comment.endswith("[the whole report](https://github.com/a/b/actions/runs/1)\n")
