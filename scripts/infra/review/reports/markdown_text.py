"""Text from a plan inside GitHub's Markdown, where it must stay text.

Nothing of it may become HTML, a link, a mention of a person, a reference to an issue, or the end of the block that it
stands in. GitHub finds mentions and references after it has parsed the Markdown, so that an escaped `@` would still
call somebody: a zero-width space behind it does not (as Dependabot and Renovate do it). In code nothing is looked for.
"""

import re
from collections.abc import Iterable
from urllib.parse import quote

from infra.review.reports.text import line

# What means something inside a line; no text stands at the beginning of one.
_PUNCTUATION = re.compile(r"[\\`*_\[\]<>&~|!#@$]")
_BACKTICKS = re.compile("`+")
_CALLS = re.compile(r"@|#|:(?=//)|\bwww(?=\.)|\bgh-", re.IGNORECASE)
_NOTHING_WIDE = "\u200b"


def code(text: str, limit: int = 200) -> str:
    """A name or a value, as code.

    Args:
        text: anything.
        limit: how many of its characters may stay.

    Returns:
        A code span that the text cannot close.
    """
    shown = line(text, limit) or '""'
    fence = "`" * (_longest_run(shown) + 1)
    padding = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{padding}{shown}{padding}{fence}"


def prose(text: str, limit: int = 400) -> str:
    """A sentence with parts that come from a plan.

    Args:
        text: anything.
        limit: how many of its characters may stay.

    Returns:
        Markdown that shows exactly this text.
    """
    parted = _CALLS.sub(lambda match: match.group() + _NOTHING_WIDE, line(text, limit))
    escaped = _PUNCTUATION.sub(lambda match: "\\" + match.group(), parted)
    return escaped.replace(_NOTHING_WIDE, "&#8203;")


def fenced(lines: Iterable[str], language: str) -> str:
    """A block of code.

    Args:
        lines: each harmless and without a line break, as `line` and `value` return them.
        language: for the colours.

    Returns:
        A fenced block that no line can close.
    """
    text = "\n".join(lines)
    fence = "`" * max(3, _longest_run(text) + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def marker(environment: str, purpose: str) -> str:
    """The hidden first line by which a comment is found again, to be updated in place.

    Args:
        environment: name of the environment.
        purpose: what the comment is for, as in "plan" or "drift".

    Returns:
        An HTML comment; the same for the same arguments, for ever.
    """
    return (
        f"<!-- infra-review environment={quote(line(environment), safe='')} purpose={quote(line(purpose), safe='')} -->"
    )


def _longest_run(text: str) -> int:
    return max((len(run) for run in _BACKTICKS.findall(text)), default=0)
