"""Platforms that were left running: the youngest is found, and never one that has ended."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from infra.account.emulated import EmulatedAccount
from infra.environment import Environment
from infra.preflight.kept_platforms import find_platform, noted
from infra.preflight.registry_view import RegistryView
from infra.verification.api_keys import Keys
from infra.verification.target import Door

VIEW = RegistryView(
    account=EmulatedAccount(1, 2, "111122223333", "us-east-1", "one", "2026-11-22T00:00:00"),
    tasks=Path("/run/tasks"),
    doors={"registry.x.hokus.ai": Door("127.1.0.1", 443, 80, "arn:lb")},
    ca_file=Path("/run/ca.pem"),
    keys=Keys("writing", "reading", "legacy", "foreign"),
    network={"LD_PRELOAD": "/hook.so"},
    started=1.5,
)


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    return cast(Environment, SimpleNamespace(name="x", build=tmp_path / "build"))


@pytest.fixture
def alive(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The accounts that answer."""
    running: set[str] = {"one", "two"}
    monkeypatch.setattr(EmulatedAccount, "alive", lambda account: account.instance_id in running)
    return running


def notes(environment: Environment) -> list[Path]:
    return list((environment.build / "platforms").glob("*"))


@pytest.mark.usefixtures("alive")
def test_what_is_noted_is_found_as_it_was_until_it_ends(environment: Environment, tmp_path: Path) -> None:
    assert find_platform(environment) is None
    file = tmp_path / "platform.json"
    with noted(environment, VIEW, file):
        assert find_platform(environment) == VIEW
        assert file.stat().st_mode & 0o777 == 0o600
        assert not [note for note in notes(environment) if "writing" in note.read_text()]  # keys are in the file alone
    assert find_platform(environment) is None
    assert notes(environment) == []


@pytest.mark.usefixtures("alive")
def test_the_youngest_is_taken(environment: Environment, tmp_path: Path) -> None:
    young = replace(VIEW, account=replace(VIEW.account, instance_id="two"))
    with noted(environment, VIEW, tmp_path / "1"):
        time.sleep(0.001)
        with noted(environment, young, tmp_path / "2"):
            assert find_platform(environment) == young
        assert find_platform(environment) == VIEW


@pytest.mark.parametrize("what", ["account", "folder"])
def test_what_was_killed_is_no_platform_and_its_note_is_removed(
    environment: Environment, tmp_path: Path, alive: set[str], what: str
) -> None:
    with noted(environment, VIEW, tmp_path / "platform.json"):
        if what == "account":
            alive.clear()
        else:
            (tmp_path / "platform.json").unlink()
        assert find_platform(environment) is None
        assert notes(environment) == []


def test_logs_are_those_of_services(tmp_path: Path) -> None:
    for task in ("hokusai-gateway-x-01234567", "hokusai-mlflow-migration-x-89abcdef"):
        (tmp_path / task).mkdir()
        (tmp_path / task / "log").touch()
    (tmp_path / "hokusai-auth-x-fedcba98").mkdir()  # has printed nothing yet
    found = replace(VIEW, tasks=tmp_path).logs("x")
    assert sorted(found.values()) == ["hokusai-gateway", "hokusai-mlflow-migration"]
