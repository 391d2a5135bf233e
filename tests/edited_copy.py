"""A copy of the repository that is edited, judged and put back: for suites that try wrong edits one by one."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.repository import ROOT

COPIED = ("docs", "environments", "modules", "policies", "requirements", "scripts", "services", "tests")
Replacement = dict[str, str]


class EditedCopy:
    """A copy of the repository.

    Args:
        folder: where to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            ignored = shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", folder)

    @contextmanager
    def edited(self, replacements: Sequence[Replacement]) -> Iterator[None]:
        """Edit it; it is as before at the end of the block.

        Args:
            replacements: `file`, `old` text (its first occurrence), `new` text each.
        """
        try:
            for replacement in replacements:
                path = self.folder / replacement["file"]
                text = path.read_text()
                assert replacement["old"] in text, f"{replacement['file']} has no {replacement['old']!r}: mend the edit"
                path.write_text(text.replace(replacement["old"], replacement["new"], 1))
            yield
        finally:
            for replacement in replacements:
                shutil.copy(ROOT / replacement["file"], self.folder / replacement["file"])
