"""Parts of a page that are made from the code, between two marks; the rest is written by hand."""

import re
from pathlib import Path

from infra.errors import InfraError


def with_part(page: Path, name: str, content: str) -> str:
    """The text of a page with one of its generated parts made anew.

    Args:
        page: a Markdown file that has `<!-- generated: <name> -->` and, below, `<!-- end of <name> -->`.
        name: which part.
        content: Markdown, as it must stand between the marks.

    Returns:
        The whole page.

    Raises:
        InfraError: the page has no such part, or has it twice.
    """
    begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
    text, count = re.subn(
        f"{re.escape(begin)}\n.*?{re.escape(end)}",
        lambda _: f"{begin}\n{content.strip()}\n{end}",
        page.read_text(),
        flags=re.DOTALL,
    )
    if count != 1:
        raise InfraError(f"{page.name} must have the lines {begin} and {end} once, and has them {count} times.")
    return text
