"""Small wrong edits, applied one by one to a copy of the repository: each must be caught by the suite.

The list is edits.yaml. An edit names its replacements and what catches it: `refused` is a message with which the plan
itself must fail, `caught_by` a test that must fail on the edited copy. A table at the end of the run says which test
caught which edit.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.account.emulated import EmulatedAccount
from infra.repository import ROOT
from tests.environments.lifecycle import Lifecycles, shared_lifecycles

EDITS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "edits.yaml").read_text())
NAMES = [edit["name"] for edit in EDITS]
COPIED = ("environments", "modules", "scripts", "tests")


@pytest.fixture(scope="session")
def lifecycles(tmp_path_factory: pytest.TempPathFactory) -> Lifecycles:
    return shared_lifecycles(tmp_path_factory)


@pytest.fixture(scope="session")
def bare_accounts(lifecycles: Lifecycles) -> Iterator[dict[str, EmulatedAccount]]:
    """Copies of the accounts without a stack, of this test process alone: two plans would meet at the state lock."""
    accounts: dict[str, EmulatedAccount] = {}
    for name in sorted({name for edit in EDITS for name in edit.get("environments", ())}):
        accounts[name] = lifecycles.bare_account(name).fork(idle_seconds=1800)
    yield accounts
    for account in accounts.values():
        account.stop()


def test_the_list_is_long_enough_and_names_nothing_twice() -> None:
    assert len(EDITS) >= 25
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("edit", EDITS, ids=NAMES)
def test_edit_is_caught(
    edit: dict[str, Any], request: pytest.FixtureRequest, tmp_path: Path, record_property: Any
) -> None:
    copy = tmp_path / "copy"
    for name in COPIED:
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
        )
    shutil.copy(ROOT / "pyproject.toml", copy)
    for replacement in edit["replace"]:
        path = copy / replacement["file"]
        text = path.read_text()
        assert replacement["old"] in text, f"{replacement['file']} has no {replacement['old']!r}: mend edits.yaml"
        path.write_text(text.replace(replacement["old"], replacement["new"], 1))
    if edit.get("environments"):
        caught = _by_environments(edit, copy, tmp_path, request)
    else:
        caught = _failing(copy, edit["suite"], os.environ)
    record_property("caught", f"{edit['name']}: {', '.join(caught) or 'NOTHING'}")
    expected = edit.get("caught_by") or f"refused: {edit['refused']}"
    assert any(expected in each for each in caught), f"expected {expected}; caught by {caught or 'nothing'}"


def _by_environments(edit: dict[str, Any], copy: Path, folder: Path, request: pytest.FixtureRequest) -> list[str]:
    """Plan the edited environments as a person would, then judge the plans with the edited copy's own tests."""
    lifecycles: Lifecycles = request.getfixturevalue("lifecycles")
    accounts: dict[str, EmulatedAccount] = request.getfixturevalue("bare_accounts")
    plans = folder / "plans"
    plans.mkdir()
    for name in ("development", "staging", "production"):
        if name not in edit["environments"]:
            (plans / f"{name}.json").write_text(json.dumps(lifecycles.first_plan(name).document))
            continue
        build = folder / "build" / name
        (build / "account").mkdir(parents=True)
        (build / "account" / "account.json").write_text(json.dumps(asdict(accounts[name])))
        (build / "account" / "prepared").write_text(accounts[name].instance_id)
        variables = {key: value for key, value in os.environ.items() if not key.startswith("AWS_")}
        variables |= {"PYTHONPATH": str(copy / "scripts"), "INFRA_BUILD": str(folder / "build")}
        result = subprocess.run(
            [sys.executable, "-m", "infra.cli", "plan", "--env", name, "--account", "emulated"],
            cwd=copy,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if result.returncode != 0:
            message = " ".join(result.stderr[result.stderr.find("ERROR ") :].split())
            assert edit.get("refused", "\0") in message, message
            return [f"refused: {edit['refused']}"]
        shutil.copy(build / "plan.json", plans / f"{name}.json")
    return _failing(copy, "tests/environments", {**os.environ, "INFRA_TEST_PLANS": str(plans)})


def _failing(copy: Path, suite: str, environment: Any) -> list[str]:
    """The tests of the copy that fail; that none could run is a failure of this test, not a catch."""
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", suite, "-k", "not lifecycle"],
        cwd=copy,
        env={**environment, "PYTHONPATH": str(copy / "scripts"), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert not re.search(r"^ERROR ", result.stdout, re.MULTILINE), result.stdout
    return re.findall(r"^FAILED \S+::(\S+)", result.stdout, re.MULTILINE)
