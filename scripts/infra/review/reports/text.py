"""Text from a plan, made harmless and short enough to stand in a report.

A name or a value in a plan may hold anything: escape sequences that move a terminal's cursor, marks that turn the
direction of writing, half of a surrogate pair that no encoding takes. Reports show those characters as `\\x1b` or
`\\u202e`; what each format needs besides (HTML, Markdown, XML) is done where that format is written.
"""

import json
import re

from infra.review.model import Json

# Letters and marks by their category that nobody can see: joiners, fillers, variation selectors, the blank of braille.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
_SHORT_NAMES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str) -> str:
    """Show every character that would act instead of being seen.

    Args:
        text: anything.

    Returns:
        The text on one line, with `\\n`, `\\x1b`, `\\u202e` in the place of such characters: control characters, marks
        for the direction of writing (Trojan Source, CVE-2021-42574), halves of surrogate pairs, what has no width,
        every space but the plain one, and what is no character at all.
    """
    if text.isprintable() and (text.isascii() or not _INVISIBLE.search(text)):
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    if character in _SHORT_NAMES:
        return _SHORT_NAMES[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def line(text: str, limit: int = 300) -> str:
    """A name or a sentence for one line of a report.

    Args:
        text: anything.
        limit: how many of its characters may stay.

    Returns:
        It on one line, harmless and shortened; with what is escaped in it at most twice as long as the limit.
    """
    return _cut(visible(text[:limit]), 2 * limit, text, limit)


def value(of: Json, limit: int) -> str:
    """A value of a plan on one line, as JSON writes it; "none" where there is no value.

    Args:
        of: the value.
        limit: how many characters may stay.

    Returns:
        It on one line, harmless and shortened; with what is escaped in it at most twice as long as the limit.
    """
    if of is None:
        return "none"
    if isinstance(of, str):
        if len(of) <= limit and of.isalnum() and of.isascii():  # as most are; quoting takes its time
            return f'"{of}"'
        # A long text is cut before it is quoted, so that the quotes stay.
        return _cut(visible(json.dumps(of[:limit], ensure_ascii=False)), 2 * limit + 2, of, limit)
    return line(json.dumps(of, ensure_ascii=False), limit)


def _cut(shown: str, bound: int, whole: str, limit: int) -> str:
    """A beginning that says how long the whole is, if it is a beginning."""
    if len(whole) <= limit and len(shown) <= bound:
        return shown
    return f"{shown[:bound]}… ({len(whole):,} characters)"
