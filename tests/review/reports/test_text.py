"""Text from a plan is harmless and short before any report shows it."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.reports.text import line, value, visible
from tests.review.reports.samples import HOSTILE
from tests.review.reports.strategies import TEXTS, VALUES

_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"),
        ("\x1b[2J", "\\x1b[2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u0600\u00a0\u3164\ufe0f", "\\u0600\\xa0\\u3164\\ufe0f"),
        ("Grüße, 東京", "Grüße, 東京"),
    ],
)
def test_what_acts_is_shown(text: str, shown: str) -> None:
    assert visible(text) == shown


@settings(deadline=None)
@given(TEXTS)
def test_nothing_acts(text: str) -> None:
    shown = visible(text)
    assert not {unicodedata.category(character) for character in shown} & _ACTING
    shown.encode()


@settings(deadline=None)
@given(TEXTS, st.integers(0, 50))
def test_a_line_is_one_and_bounded(text: str, limit: int) -> None:
    shown = line(text, limit)
    assert len(shown.splitlines()) <= 1
    assert len(shown) <= 2 * limit + 25


@settings(deadline=None)
@given(VALUES, st.integers(0, 50))
def test_a_value_is_one_line_and_bounded(of: object, limit: int) -> None:
    shown = value(of, limit)
    assert len(shown.splitlines()) == 1
    assert len(shown) <= 4 * limit + 50


@settings(deadline=None)
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126)))
def test_a_harmless_value_is_json(text: str) -> None:
    assert json.loads(value(text, 1_000)) == text


def test_what_is_cut_says_how_long_it_is() -> None:
    assert line("x" * 500, 10) == "xxxxxxxxxx… (500 characters)"
    assert value("x" * 65_536, 3) == '"xxx"… (65,536 characters)'
    assert value(None, 10) == "none"


@pytest.mark.parametrize("text", HOSTILE)
def test_the_quick_way_and_the_thorough_way_agree(text: str) -> None:
    """Plain ASCII takes a short cut; with one character more it cannot."""
    assert visible(text + "é") == visible(text) + "é"
