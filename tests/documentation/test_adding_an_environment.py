"""docs/adding-an-environment.md, followed on a copy: the folder is made, is planned, and holds what all hold."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from infra.account.seed import seed
from infra.repository import ROOT
from tests.conftest import ACCOUNT_ID
from tests.copied_suite import failing
from tests.edited_copy import PlannedCopy
from tests.resident_terraform import ResidentTerraform

PAGE = (ROOT / "docs" / "adding-an-environment.md").read_text()
FOLDER = PAGE[PAGE.index("## 1. The folder") : PAGE.index("## 2. ")]
COMMANDS = re.findall(r"^```sh\n(.*?)^```", FOLDER, re.MULTILINE | re.DOTALL)


def test_the_page_makes_an_environment(
    resident: ResidentTerraform, planned_account: EmulatedAccount, tmp_path: Path
) -> None:
    copy = PlannedCopy(tmp_path / "checkout", resident)
    for command in COMMANDS:
        subprocess.run(["bash", "-euc", command], cwd=copy.folder, check=True)
    folder = copy.folder / "environments" / "qa"
    named = re.findall(r"^\| `([\w.]+)` \|", FOLDER, re.MULTILINE)
    assert {file.name for file in folder.iterdir()} == set(named)
    text = "".join((folder / name).read_text() for name in ("terraform.tfvars", "images.tfvars", "backend.hcl"))
    assert "development" not in text.replace("# Development", "")
    assert "111122223333" not in text
    assert 'account_id  = "777788889999"' in text
    assert '"hokusai-terraform-state-qa"' in text
    assert "10.10." not in text

    seed(planned_account, "qa.hokus.ai")
    plan = copy.plan("qa", account_id=ACCOUNT_ID)  # the account of these tests
    (tmp_path / "plans").mkdir()
    (tmp_path / "plans" / "qa.json").write_text(json.dumps(plan))
    environment = {**os.environ, "INFRA_TEST_PLANS": str(tmp_path / "plans")}
    assert failing(copy.folder, "tests/environments", environment, "qa and not lifecycle and not inventory") == []


@pytest.mark.parametrize(
    "word", ["terraform.tfvars", "images.tfvars", "backend.hcl", "gates.yaml", "acknowledgements.yaml"]
)
def test_every_file_of_an_environment_is_explained(word: str) -> None:
    assert f"| `{word}` |" in FOLDER
    assert (ROOT / "environments" / "development" / word).is_file()
