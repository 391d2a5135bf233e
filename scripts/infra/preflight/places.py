"""Lines of the configuration: of a block, of an attribute in it, of the entry that a key of `for_each` comes from.

`terraform fmt` puts blocks and their closing brackets where these expressions find them.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from infra.repository import ROOT, STACK
from infra.review.reports.sources import Place, read_sources

_LOCAL = re.compile(r"\blocal\.(\w+)")


@dataclass(frozen=True)
class Block:
    """A block of the configuration.

    Args:
        place: its first line.
        text: all of it.
    """

    place: Place
    text: str

    def line_of(self, attribute: str) -> Place:
        """The line on which an attribute is set; the block's own where it is not."""
        if attribute:
            name = re.escape(attribute)
            name = re.escape(attribute)
            found = re.search(rf'^\s*(?:dynamic\s+"{name}"|{name})\s*[={{]', self.text, re.MULTILINE)
            if found:
                return Place(self.place.file, self.place.line + self.text.count("\n", 0, found.end()))
        return self.place


def block_of(folder: Path, name: str) -> Block | None:
    """A block of a module.

    Args:
        folder: the module.
        name: as in `aws_lb.this` or `module.alb`.

    Returns:
        The block; None when it has none of that name.
    """
    place = read_sources(folder, ROOT).blocks.get(name)
    if place is None:
        return None
    return Block(place, _until_closed((ROOT / place.file).read_text(), place.line))


def _until_closed(text: str, line: int) -> str:
    """A block from its first line to the bracket at the left margin that closes it, where `terraform fmt` puts it."""
    lines = text.splitlines()[line - 1 :]
    margin = len(lines[0]) - len(lines[0].lstrip())
    closing = re.compile(rf"^\s{{{margin}}}[}}\])]")
    end = next((number for number, each in enumerate(lines[1:], 1) if closing.match(each)), len(lines) - 1)
    return "\n".join(lines[: end + 1])


def entry_of(call: Block, argument: str, key: str) -> list[Place]:
    """Where a key of an argument stands: in the call itself, or in a local value that the argument is made from.

    Args:
        call: the module's call.
        argument: of the call; "" looks through all of it.
        key: of the entry.

    Returns:
        The line, or none.
    """
    entry = re.compile(rf'^\s*"?{re.escape(key)}"?\s*=', re.MULTILINE)
    line, text = call.place.line, call.text
    given = re.search(rf"^  {argument}\s*=", text, re.MULTILINE) if argument else None
    if given:
        first = text.count("\n", 0, given.start())
        line, text = line + first, _until_closed(text, first + 1)
    if found := entry.search(text, text.find("\n") + 1 if given else 0):
        return [Place(call.place.file, line + text.count("\n", 0, found.end()))]
    for name in dict.fromkeys(_LOCAL.findall(text)):
        for path in sorted(STACK.glob("*.tf")):
            whole = path.read_text()
            for local in re.finditer(rf"^  {name}\s*=", whole, re.MULTILINE):
                line = whole.count("\n", 0, local.start()) + 1
                value = _until_closed(whole, line)
                if found := entry.search(value, value.find("\n") + 1):
                    place = path.relative_to(ROOT).as_posix()
                    return [Place(place, line + value.count("\n", 0, found.end()))]
    return []
