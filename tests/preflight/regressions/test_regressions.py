"""Mistakes, applied one by one to a copy of the repository: preflight fails at the right step, naming the resource."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.edited_copy import EditedCopy
from tests.preflight.running import Preflights

EDITS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text())
NAMES = [edit["name"] for edit in EDITS]
# Half a minute each.
TRIED = [
    pytest.param(edit, id=edit["name"], marks=() if edit.get("every_time") else pytest.mark.long) for edit in EDITS
]


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> EditedCopy:
    return EditedCopy(tmp_path_factory.mktemp("copy") / "checkout")


def test_the_list_is_long_enough_and_names_nothing_twice() -> None:
    assert len(EDITS) >= 25
    assert len(set(NAMES)) == len(NAMES)
    assert sum("first_version" in edit for edit in EDITS) >= 7
    assert any("every_time" in edit for edit in EDITS)


@pytest.mark.parametrize("edit", TRIED)
def test_mistake_is_caught(
    edit: dict[str, Any], copy: EditedCopy, preflights: Preflights, record_property: Any
) -> None:
    with copy.edited(edit["replace"]):
        report = preflights.run(edit.get("environment", "development"), "--fail-fast", root=copy.folder)
    record_property("caught", f"{edit['name']}: {', '.join(report.failed) or 'NOTHING'}")
    assert report.exit_code == 1, report.output
    assert report.failed, report.output
    assert report.failed[0] == edit["step"], report.output
    finding = report.findings[edit["step"]]
    missing = [name for name in edit["names"] if name not in finding]
    assert not missing, f"{missing} not named in:\n{finding}"
