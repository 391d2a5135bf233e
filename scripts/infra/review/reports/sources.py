"""Where in the configuration a thing of a plan is written: a plan has addresses and no lines."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.review.addresses import without_keys

# The head of a block at the left margin, where `terraform fmt` puts it.
_BLOCK = re.compile(r'^(module|resource|data|check|output|variable)\s+"([^"]+)"(?:\s+"([^"]+)")?\s*\{', re.MULTILINE)
_FILE_AND_LINE = re.compile(r"(?P<file>[^:\n]+\.[A-Za-z]+):(?P<line>[1-9]\d{0,8})(?:-\d+)?\Z")


@dataclass(frozen=True)
class Place:
    """A line of a file.

    Args:
        file: relative to the repository, with forward slashes.
        line: the first is 1.
    """

    file: str
    line: int


@dataclass(frozen=True)
class Sources:
    """Where the blocks of a root module are.

    Args:
        blocks: `module.alb`, `aws_lb.this`, `data.aws_region.current`, `check.certificate` ... -> its place.
        otherwise: the place of what is not found.
    """

    blocks: Mapping[str, Place]
    otherwise: Place

    def place(self, where: str) -> Place:
        """Where to show something.

        Args:
            where: `file:line`, or an address; one in a module is shown where the root calls that module.

        Returns:
            The place, or that of what is not found.
        """
        written = _FILE_AND_LINE.match(where)
        if written and not Path(written["file"]).is_absolute():
            return Place(written["file"], int(written["line"]))
        parts = without_keys(where).split(".")
        length = 3 if parts[0] == "data" else 2
        return self.blocks.get(".".join(parts[:length]), self.otherwise)


def read_sources(root: Path, repository: Path) -> Sources:
    """Find the blocks of a root module.

    Args:
        root: folder of the root module.
        repository: folder that places are relative to.

    Returns:
        The places of its blocks.

    Raises:
        OSError: a file of it cannot be read.
        UnicodeDecodeError: a file of it is no UTF-8.
    """
    blocks: dict[str, Place] = {}
    files = sorted(root.glob("*.tf"))
    for path in files:
        text = path.read_text(encoding="utf-8")
        shown = path.relative_to(repository).as_posix()
        for block in _BLOCK.finditer(text):
            kind, first, second = block.groups()
            names = {"module": f"module.{first}", "resource": f"{first}.{second}", "data": f"data.{first}.{second}"}
            place = Place(shown, text.count("\n", 0, block.start()) + 1)
            blocks[names.get(kind, f"{'var' if kind == 'variable' else kind}.{first}")] = place
    main = files[0].relative_to(repository).as_posix() if files else root.relative_to(repository).as_posix()
    return Sources(blocks, Place(main, 1))
