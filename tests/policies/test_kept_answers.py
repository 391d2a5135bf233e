"""What checkov said of a configuration is used again while nothing that could change it did, and judged anew."""

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.policies.checkov_settings import Settings
from infra.policies.kept_answers import KeptAnswers
from infra.policies.scanner import Scan
from tests.policies.conftest import GOOD

BAD = 'resource "aws_sns_topic" "open" {\n  name = "open"\n}\n'
Start = Callable[..., Scan]
MakeSettings = Callable[..., Settings]


@pytest.fixture
def aged(tmp_path: Path) -> Callable[[], None]:
    """`aged()` makes every file of the test one of yesterday, as a checkout's are."""

    def age() -> None:
        for path in tmp_path.rglob("*.tf"):
            os.utime(path, (time.time() - 86400,) * 2)

    return age


@pytest.fixture
def root(root_module: Callable[[str], Path], aged: Callable[[], None]) -> Path:
    """A root that calls a module beside it, whose topic is not encrypted."""
    folder = root_module('module "topic" {\n  source = "../topic"\n}\n' + GOOD)
    (folder.parent / "topic").mkdir()
    (folder.parent / "topic" / "main.tf").write_text(BAD)
    aged()
    return folder


def _scan(start: Start, settings_of: MakeSettings, root: Path, skips: str = "") -> tuple[set[str], int]:
    """Rules of the findings, and how many answers had been kept."""
    with start(settings_of(skips), root) as scan:
        known = sum(answer is not None for answer in scan._known.values())
        return {finding.rule for finding in scan.configuration().findings}, known


def test_the_same_is_not_asked_again_and_says_the_same(scan_of: Start, settings_of: MakeSettings, root: Path) -> None:
    first, none = _scan(scan_of, settings_of, root)
    again, kept = _scan(scan_of, settings_of, root)
    assert "CKV_AWS_26" in first
    assert (again, none, kept) == (first, 0, 1)


def test_a_skip_added_later_counts(scan_of: Start, settings_of: MakeSettings, root: Path) -> None:
    _scan(scan_of, settings_of, root)
    found, kept = _scan(scan_of, settings_of, root, "  # nothing secret is sent there\n  - CKV_AWS_26")
    assert kept == 1
    assert "CKV_AWS_26" not in found


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param("root/main.tf", marks=pytest.mark.long),
        pytest.param("topic/main.tf", marks=pytest.mark.long),
        "topic/new.tf",
        "root/terraform.tfvars",
    ],
)
def test_a_changed_file_is_read_again(
    scan_of: Start, settings_of: MakeSettings, root: Path, edited: str, aged: Callable[[], None]
) -> None:
    _scan(scan_of, settings_of, root)
    path = root.parent / edited
    path.write_text((path.read_text() if path.exists() else "") + "# edited\n")
    aged()
    assert _scan(scan_of, settings_of, root)[1] == 0


def test_what_was_written_while_it_was_read_is_not_kept(scan_of: Start, settings_of: MakeSettings, root: Path) -> None:
    (root / "main.tf").touch()
    os.utime(root / "main.tf", (time.time() + 60,) * 2)
    _scan(scan_of, settings_of, root)
    assert _scan(scan_of, settings_of, root)[1] == 0


@pytest.mark.parametrize("what", ["program", "environment", "checks/own.py"])
def test_other_checks_ask_again(tmp_path: Path, what: str) -> None:
    for name in ("program", "environment", "checks/own.py", "root/main.tf"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
        os.utime(tmp_path / name, (0, 0))

    def kept() -> KeptAnswers:
        environment = tmp_path / "environment"
        return KeptAnswers(tmp_path / "kept", tmp_path, tmp_path / "program", environment, [tmp_path / "checks"])

    answer = {"errors": [], "files": [str(tmp_path / "root/main.tf")]}
    kept().keep(tmp_path / "root", answer)
    assert kept().get(tmp_path / "root") == answer | {"failed": [], "skipped": []}
    (tmp_path / what).write_text("another")
    assert kept().get(tmp_path / "root") is None


def test_an_answer_with_an_error_or_cut_short_is_not_used(tmp_path: Path) -> None:
    (tmp_path / "environment").touch()
    kept = KeptAnswers(tmp_path / "kept", tmp_path, tmp_path / "environment", tmp_path / "environment", [])
    kept.keep(tmp_path, {"errors": ["a check crashed"], "files": []})
    assert kept.get(tmp_path) is None
    os.utime(tmp_path / "environment", (0, 0))
    kept = KeptAnswers(tmp_path / "kept", tmp_path, tmp_path / "environment", tmp_path / "environment", [])
    kept.keep(tmp_path, {"errors": [], "files": []})
    assert kept.get(tmp_path) is not None
    (file,) = (tmp_path / "kept").iterdir()
    file.write_text(file.read_text()[:-20])
    assert kept.get(tmp_path) is None


def test_a_copy_of_the_checkout_needs_no_scan_of_its_own(tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name / "root").mkdir(parents=True)
        (tmp_path / name / "root" / "main.tf").write_text(GOOD)
        os.utime(tmp_path / name / "root" / "main.tf", (0, 0))

    def kept(name: str) -> KeptAnswers:
        program = tmp_path / name / "root" / "main.tf"
        return KeptAnswers(tmp_path / "kept", tmp_path / name, program, program, [])

    def answer(name: str) -> dict[str, object]:
        file = str(tmp_path / name / "root" / "main.tf")
        return {"errors": [], "files": [file], "failed": [{"id": "CKV_X_1", "file": file, "line": 3}], "skipped": []}

    kept("one").keep(tmp_path / "one" / "root", answer("one"))
    assert kept("other").get(tmp_path / "other" / "root") == answer("other")
    (tmp_path / "other" / "root" / "main.tf").write_text(BAD)
    assert kept("other").get(tmp_path / "other" / "root") is None
