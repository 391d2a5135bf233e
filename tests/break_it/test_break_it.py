"""Small wrong edits, applied one by one to a copy of the repository: each must be caught by the suite.

The list is edits.yaml. An edit names its replacements and what catches it: `refused` is a message with which the plan
itself must fail, `caught_by` a test that must fail on the edited copy. A table at the end of the run says which test
caught which edit.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest
import tftest
import yaml

from infra.environment import environment_names
from tests.copied_suite import failing
from tests.edited_copy import PlannedCopy
from tests.environments.lifecycle import Lifecycles
from tests.resident_terraform import ResidentTerraform, error_text

EDITS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text())
NAMES = [edit["name"] for edit in EDITS]
# The environment that is planned: its account id is that of the test account.
PLANNED = "production"


@pytest.fixture(scope="session")
def copy(resident: ResidentTerraform, tmp_path_factory: pytest.TempPathFactory) -> PlannedCopy:
    return PlannedCopy(tmp_path_factory.mktemp("copy") / "checkout", resident)


def test_the_list_is_long_enough_and_names_nothing_twice() -> None:
    assert len(EDITS) >= 25
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.long
@pytest.mark.parametrize("edit", EDITS, ids=NAMES)
def test_edit_is_caught(
    edit: dict[str, Any], copy: PlannedCopy, lifecycles: Lifecycles, tmp_path: Path, record_property: Any
) -> None:
    with copy.edited(edit["replace"]):
        if "suite" in edit:
            caught = failing(copy.folder, edit["suite"], os.environ)
        else:
            caught = judged_plan(edit, copy, lifecycles, tmp_path)
    record_property("caught", f"{edit['name']}: {', '.join(caught) or 'NOTHING'}")
    expected = edit.get("caught_by") or f"refused: {edit['refused']}"
    assert any(expected in each for each in caught), f"expected {expected}; caught by {caught or 'nothing'}"


def judged_plan(edit: dict[str, Any], copy: PlannedCopy, lifecycles: Lifecycles, folder: Path) -> list[str]:
    """Plan the edited stack; where the plan is not refused, the test that must catch it judges it."""
    try:
        plan = copy.plan(PLANNED)
    except tftest.TerraformTestError as error:
        text = error_text(error)
        if "refused" not in edit or " ".join(edit["refused"].split()) not in text:
            pytest.fail(f"refused, but not as expected: {text}")
        return [f"refused: {edit['refused']}"]
    if "caught_by" not in edit:
        return []  # the plan should have been refused
    plans = folder / "plans"
    plans.mkdir()
    for name in environment_names():
        document = plan if name == PLANNED else lifecycles.first_plan(name).document
        (plans / f"{name}.json").write_text(json.dumps(document))
    expected = edit["caught_by"].partition("[")[0]
    environment = {**os.environ, "INFRA_TEST_PLANS": str(plans)}
    return failing(copy.folder, "tests/environments", environment, f"{expected} and not lifecycle")
