"""One scan process for the tests that do not break it, and small root modules to scan."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.policies.checkov_settings import Settings, read_settings
from infra.policies.judgement import POLICIES
from infra.policies.scanner import Scan, Scope
from infra.repository import REQUIREMENTS
from infra.tool_environment import tool_environment

GOOD = """
resource "aws_sns_topic" "alarms" {
  name              = "alarms"
  kms_master_key_id = "alias/alarms"
}
"""


@pytest.fixture(scope="session")
def scan_python() -> Path:
    """The Python that has checkov and parliament."""
    return tool_environment("scan", REQUIREMENTS / "scan.lock")


@pytest.fixture
def root_module(tmp_path: Path) -> Callable[[str], Path]:
    """`root_module(hcl)` writes a root module."""

    def write(hcl: str) -> Path:
        folder = tmp_path / "root"
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(hcl)
        return folder

    return write


@pytest.fixture
def settings_of(tmp_path: Path) -> Callable[..., Settings]:
    """`settings_of(skips, checks=folder)` reads a .checkov.yaml made of these."""

    def write(skips: str = "", *, checks: Path = POLICIES / "checkov") -> Settings:
        path = tmp_path / ".checkov.yaml"
        path.write_text(f"skip-check:\n{skips}\nexternal-checks-dir:\n  - {checks}\n")
        return read_settings(path)

    return write


@pytest.fixture
def scan_of(scan_python: Path, tmp_path: Path) -> Callable[..., Scan]:
    """`scan_of(settings, folder)` starts a scan of one root module."""

    def start(settings: Settings, *folders: Path, canary: Path = POLICIES / "canary", patience: float = 300) -> Scan:
        return Scan(
            scan_python, settings, Scope(folders, folders, canary, folders[0].parent), tmp_path / "kept", patience
        )

    return start


@pytest.fixture(scope="session")
def good_scan(scan_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scan]:
    """A scan of a root module without fault, for every test that asks it about plans and policies."""
    folder = tmp_path_factory.mktemp("good") / "root"
    folder.mkdir()
    (folder / "main.tf").write_text(GOOD)
    settings = folder / ".checkov.yaml"
    settings.write_text(f"external-checks-dir:\n  - {POLICIES / 'checkov'}\n")
    scope = Scope((folder,), (folder,), POLICIES / "canary", folder)
    with Scan(scan_python, read_settings(settings), scope, folder / "kept") as scan:
        yield scan


@pytest.fixture
def plan_file(tmp_path: Path) -> Callable[..., Path]:
    """`plan_file(document)` writes a plan's JSON."""

    def write(document: object) -> Path:
        path = tmp_path / "plan.json"
        path.write_text(document if isinstance(document, str) else json.dumps(document))
        return path

    return write
