"""Parts of a page that are made from the code, between two marks; the rest is written by hand."""

import re
from collections.abc import Mapping
from pathlib import Path

from infra.errors import InfraError


def with_parts(page: Path, parts: Mapping[str, str]) -> str:
    """The text of a page with its generated parts made anew.

    Args:
        page: a Markdown file that has `<!-- generated: <name> -->` and, below, `<!-- end of <name> -->` for each.
        parts: Markdown, as it must stand between the marks, by name.

    Returns:
        The whole page.

    Raises:
        InfraError: the page does not have a part, or has it twice.
    """
    text = page.read_text()
    for name, content in parts.items():
        begin, end = f"<!-- generated: {name} -->", f"<!-- end of {name} -->"
        whole = f"{begin}\n{content.strip()}\n{end}"
        pattern = re.compile(f"{re.escape(begin)}\n.*?{re.escape(end)}", re.DOTALL)
        if (count := len(pattern.findall(text))) != 1:
            raise InfraError(f"{page.name} must have the lines {begin} and {end} once, and has them {count} times.")
        text = pattern.sub(whole.replace("\\", r"\\"), text)
    return text
