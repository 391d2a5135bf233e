"""Small wrong edits, applied one by one to a copy of the repository: each must be caught by the suite.

The list is edits.yaml. An edit names its replacements and what catches it: `refused` is a message with which the plan
itself must fail, `caught_by` a test that must fail on the edited copy. A table at the end of the run says which test
caught which edit.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tftest
import yaml

from infra.account.emulated import EmulatedAccount
from infra.account.seed import seed
from infra.environment import environment_names, load_environment
from infra.repository import build_folder
from tests.edited_copy import EditedCopy
from tests.environments.lifecycle import Lifecycles
from tests.resident_terraform import ResidentTerraform, error_text

EDITS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text())
NAMES = [edit["name"] for edit in EDITS]
# The environment that is planned: its account id is that of the test account.
PLANNED = "production"


class Copy(EditedCopy):
    """A copy of the repository whose stack can be planned without a state: what would be made from nothing."""

    def __init__(self, folder: Path, terraform: ResidentTerraform) -> None:
        super().__init__(folder)
        (folder / "environments/stack/local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
        self.stack = terraform.root(folder / "environments/stack")


@pytest.fixture(scope="session")
def copy(resident: ResidentTerraform, account: EmulatedAccount, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    seed(account, load_environment(PLANNED).domain)
    return Copy(tmp_path_factory.mktemp("copy") / "checkout", resident)


def test_the_list_is_long_enough_and_names_nothing_twice() -> None:
    assert len(EDITS) >= 25
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("edit", EDITS, ids=NAMES)
def test_edit_is_caught(
    edit: dict[str, Any], copy: Copy, lifecycles: Lifecycles, tmp_path: Path, record_property: Any
) -> None:
    with copy.edited(edit["replace"]):
        if "suite" in edit:
            caught = failing(copy.folder, edit["suite"], os.environ)
        else:
            caught = judged_plan(edit, copy, lifecycles, tmp_path)
    record_property("caught", f"{edit['name']}: {', '.join(caught) or 'NOTHING'}")
    expected = edit.get("caught_by") or f"refused: {edit['refused']}"
    assert any(expected in each for each in caught), f"expected {expected}; caught by {caught or 'nothing'}"


def judged_plan(edit: dict[str, Any], copy: Copy, lifecycles: Lifecycles, folder: Path) -> list[str]:
    """Plan the edited stack; where the plan is not refused, the tests of tests/environments judge it."""
    environments = copy.folder / "environments"
    files = [environments / "common.tfvars"]
    files += [environments / PLANNED / name for name in ("terraform.tfvars", "images.tfvars")]
    try:
        plan = copy.stack.plan(output=True, color=False, tf_var_file=[str(file) for file in files])
    except tftest.TerraformTestError as error:
        text = error_text(error)
        if "refused" not in edit or " ".join(edit["refused"].split()) not in text:
            pytest.fail(f"refused, but not as expected: {text}")
        return [f"refused: {edit['refused']}"]
    plans = folder / "plans"
    plans.mkdir()
    for name in environment_names():
        document = dict(plan) if name == PLANNED else lifecycles.first_plan(name).document
        (plans / f"{name}.json").write_text(json.dumps(document))
    return failing(copy.folder, "tests/environments", {**os.environ, "INFRA_TEST_PLANS": str(plans)})


def failing(folder: Path, suite: str, environment: Mapping[str, str]) -> list[str]:
    """The tests of the copy that fail; that none could run is a failure of this test, not a catch."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", suite, "-k", "not lifecycle"],
        cwd=folder,
        env={
            **environment,
            "INFRA_BUILD": str(build_folder()),
            "PYTHONPATH": str(folder / "scripts"),
            "PYTEST_ADDOPTS": "",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert not re.search(r"^ERROR ", result.stdout, re.MULTILINE), result.stdout
    return re.findall(r"^FAILED \S+::(\S+)", result.stdout, re.MULTILINE)
