"""What the documents tell a person to run, open and look at is there."""

import re
from pathlib import Path

import pytest

from infra.repository import ROOT

DOCUMENTS = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
EXPORTED = set(re.search(r"^export (.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1].split())  # type: ignore[index]
_FENCED = re.compile(r"^```.*?\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`]+)`")
_VALUE = r"(?:'[^']*'|[^\s#']*)"
_MAKE = re.compile(rf"^make((?:\s+(?:[a-z][a-z-]*|[A-Z_]+={_VALUE}))+)", re.MULTILINE)
_WORD = re.compile(rf"[a-z][a-z-]*|[A-Z_]+={_VALUE}")
# Pages say that this is refused: a key is never said to make.
REFUSED = {"VERIFY_API_KEY"}
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
_ANCHOR = re.compile(r"\]\(([^)#\s:]*\.md)?#([^)\s]+)\)")


def _name(document: Path) -> str:
    return str(document.relative_to(ROOT))


def _words(text: str) -> list[str]:
    """The words after `make`, wherever a document shows a command."""
    text = re.sub(r"<[^<>\n]*>", "x", text)  # what a person fills in
    lines = [line for block in _FENCED.findall(text) for line in block.splitlines()]
    spans = _INLINE.findall(_FENCED.sub("", text))
    return [word for shown in [*lines, *spans] for found in _MAKE.findall(shown) for word in _WORD.findall(found)]


def test_commands_are_found_in_documents() -> None:
    words = _words((ROOT / "docs" / "plan-review.md").read_text())
    assert {"plan", "review", "gate", "approve", "apply", "destroy", "ENV=production", "DESTROY=1"} <= set(words)


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_command_is_a_target(document: Path) -> None:
    words = _words(document.read_text())
    assert {word for word in words if "=" not in word} <= TARGETS
    makefile = (ROOT / "Makefile").read_text()
    variables = {word.partition("=")[0] for word in words if "=" in word}
    assert {name for name in variables if name not in EXPORTED | REFUSED and f"$({name})" not in makefile} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = [link for link in _LINK.findall(document.read_text()) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def _headings(document: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    lines = re.findall(r"^#+ (.+)$", _FENCED.sub("", document.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


@pytest.mark.parametrize("document", DOCUMENTS, ids=_name)
def test_every_link_into_a_page_meets_a_heading(document: Path) -> None:
    found = _ANCHOR.findall(document.read_text())
    targets = [(document.parent / page if page else document, anchor) for page, anchor in found]
    assert [f"{page.name}#{anchor}" for page, anchor in targets if anchor not in _headings(page)] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen = {ROOT / "README.md"}
    left = list(seen)
    while left:
        document = left.pop()
        linked = {(document.parent / link).resolve() for link in _LINK.findall(document.read_text())}
        fresh = {path for path in linked if path.suffix == ".md" and path.is_file()} - seen
        seen |= fresh
        left += fresh
    pages = [path for path in DOCUMENTS if path.parent == ROOT / "docs"]
    assert [_name(path) for path in pages if path not in seen] == []


def test_pictures_are_small() -> None:
    pictures = [path for path in (ROOT / "docs" / "images").iterdir() if path.is_file()]
    assert pictures
    assert max(path.stat().st_size for path in pictures) <= 150 * 1024
