"""A copy of the repository that is edited, judged and put back: for suites that try wrong edits one by one."""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.repository import ROOT
from infra.terraform.root_copy import keep_state_beside
from tests.resident_terraform import ResidentTerraform

FOLDERS = ("docs", "environments", "modules", "policies", "requirements", "scripts", "services", "tests")
FILES = (".checkov.yaml", ".gitignore", "pyproject.toml")
Replacement = dict[str, str]


class EditedCopy:
    """A copy of the repository.

    Args:
        folder: where to.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in FOLDERS:
            ignored = shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in FILES:
            shutil.copy(ROOT / name, folder)

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


class PlannedCopy(EditedCopy):
    """A copy of the repository whose stack can be planned without a state: what would be made from nothing.

    Args:
        folder: where to.
        terraform: that plans it.
    """

    def __init__(self, folder: Path, terraform: ResidentTerraform) -> None:
        super().__init__(folder)
        keep_state_beside(folder / "environments/stack")
        self.stack = terraform.root(folder / "environments/stack")

    def plan(self, environment: str, **variables: str) -> dict[str, Any]:
        """Plan an environment of the copy.

        Args:
            environment: name of its folder.
            variables: that win over its files.

        Returns:
            The plan's JSON.

        Raises:
            tftest.TerraformTestError: Terraform refuses it.
        """
        environments = self.folder / "environments"
        files = [environments / "common.tfvars"]
        files += [environments / environment / name for name in ("terraform.tfvars", "images.tfvars")]
        if variables:
            files.append(self.folder / "over.tfvars.json")  # later files win, also over `-var`, which tftest puts first
            files[-1].write_text(json.dumps(variables))
        return dict(self.stack.plan(output=True, color=False, tf_var_file=[str(file) for file in files]))
