"""A platform that a person left running, and `infra verify` against it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import find
from infra.environment import Environment, load_environment
from infra.preflight.base.kept import BASE
from infra.preflight.kept_platforms import find_platform
from infra.preflight.registry_view import RegistryView
from infra.repository import ROOT
from tests.preflight.running import Preflights, process_environment

ENVIRONMENT = "development"
_PROGRAM = ("-m", "infra.cli")
_SECONDS = 600  # a hang ends here


@dataclass(frozen=True)
class Verified:
    """How a verification ended.

    Args:
        exit_code: of the command.
        output: stdout and stderr.
        document: its JSON report; empty where none was written.
        junit: its JUnit report.
    """

    exit_code: int
    output: str
    document: Mapping[str, Any]
    junit: str

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by step."""
        return {step["name"]: step["outcome"] for step in self.document.get("steps", [])}

    def finding(self, step: str) -> Mapping[str, Any]:
        """What was said of a step that failed."""
        [found] = [each["finding"] for each in self.document["steps"] if each["name"] == step]
        assert found, self.output
        return dict(found)


class LeftRunning:
    """A platform in a process of its own.

    Args:
        build: its build folder.
        environment: whose platform it is.
        view: what another process knows of it.
        pid: its process.
    """

    def __init__(self, build: Path, environment: Environment, view: RegistryView, pid: int) -> None:
        self.build, self.environment, self.view, self.pid = build, environment, view, pid

    @property
    def reports(self) -> Path:
        return self.build / self.environment.name / "verify"

    def start(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        program: tuple[str, ...] = ("-m", "infra.cli"),
    ) -> "subprocess.Popen[str]":
        """Start `infra verify` for its environment, with nothing but what is said here."""
        for file in self.reports.glob("*"):
            file.unlink()
        return subprocess.Popen(
            [sys.executable, *program, "verify", "--env", self.environment.name, *arguments],
            cwd=ROOT,
            env=process_environment(ROOT, self.build) | dict(variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def until(self, process: "subprocess.Popen[str]", words: str) -> str:
        """What it printed up to a line with these words, or to its end."""
        assert process.stdout is not None
        seen = ""
        for line in process.stdout:
            seen += line
            if words in line:
                break
        return seen

    def ended(self, process: "subprocess.Popen[str]", already: str = "") -> Verified:
        """Wait for its end and read what it left."""
        try:
            output, _ = process.communicate(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        written = sorted(self.reports.glob("*"))
        document = json.loads((self.reports / "verify.json").read_text()) if written else {}
        junit = (self.reports / "verify.junit.xml").read_text() if written else ""
        return Verified(process.returncode, already + output, document, junit)

    def verify(self, *arguments: str, variables: Mapping[str, str] | None = None) -> Verified:
        """Run `infra verify` to its end."""
        return self.ended(self.start(*arguments, variables=variables))


@pytest.fixture(scope="session")
def left_running(preflights: Preflights) -> Iterator[LeftRunning]:
    """The platform of `make demo`; tests that change something put it back."""
    process, build = preflights.start(ENVIRONMENT, command="demo")
    try:
        _wait_for(build / "output", "Ctrl-C ends it", process)
        environment = load_environment(ENVIRONMENT)
        view = _view(build, environment)
        yield LeftRunning(build, environment, view, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(120)
        kept = find(build / ENVIRONMENT / BASE)
        if kept:
            kept.stop()


def _view(build: Path, environment: Environment) -> RegistryView:
    before = os.environ.get("INFRA_BUILD")
    os.environ["INFRA_BUILD"] = str(build)
    try:
        view = find_platform(environment)
    finally:
        os.environ.pop("INFRA_BUILD")
        if before is not None:
            os.environ["INFRA_BUILD"] = before
    assert view is not None
    return view


def _wait_for(file: Path, words: str, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + _SECONDS
    while words not in file.read_text():
        assert process.poll() is None, file.read_text()
        assert time.monotonic() < deadline, file.read_text()
        time.sleep(0.2)
