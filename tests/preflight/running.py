"""Preflights as a person runs them, of checkouts that a test or a benchmark may have edited."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from infra.account.emulated import find
from infra.preflight.base.kept import BASE, KeptBase, note_base
from infra.repository import ROOT
from tests.shared_tools import share_tools

SECONDS = 2700  # a hang ends here; all drills take a quarter of an hour on a busy machine


@dataclass(frozen=True)
class Report:
    """How a preflight ended.

    Args:
        exit_code: of the command.
        output: stdout and stderr.
        outcomes: "passed", "failed", "error" or "skipped" by step.
        findings: text of the finding by failed step.
        seconds: how long each step took.
        folder: its build folder.
    """

    exit_code: int
    output: str
    outcomes: dict[str, str]
    findings: dict[str, str]
    seconds: dict[str, float]
    folder: Path

    @property
    def failed(self) -> list[str]:
        """The steps that failed."""
        return [name for name, outcome in self.outcomes.items() if outcome == "failed"]


Bases = Callable[[str], KeptBase]


class Preflights:
    """Runs `infra preflight`; each in a build folder of its own, in which a base is kept."""

    def __init__(self, bases: Bases, folder: Path) -> None:
        self._bases = bases
        self._folder = folder

    def start(
        self, environment: str, *arguments: str, root: Path = ROOT, command: str = "preflight"
    ) -> tuple["subprocess.Popen[str]", Path]:
        """Start one; its output goes to `output` in the build folder.

        Args:
            environment: its name.
            arguments: further ones of the command.
            root: the checkout.
            command: "demo" starts the platform and leaves it running, without checks.

        Returns:
            The process and its build folder.
        """
        build = Path(self._folder) / f"{environment}-{len(list(self._folder.iterdir()))}"
        share_tools(build)
        base = self._bases(environment)
        # A copy of its own: what is kept is replaced when a preflight passes.
        copy = base.account.fork(parent_pid=os.getpid(), outlive=True)
        note_base(build / environment / BASE, copy, base.made_from)
        with (build / "output").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.cli", command, "--env", environment, *arguments],
                cwd=root,
                env=process_environment(root, build),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )
        return process, build

    def run(self, environment: str, *arguments: str, root: Path = ROOT) -> Report:
        """Run one to its end.

        Args:
            environment: its name.
            arguments: further ones of the command.
            root: the checkout.

        Returns:
            How it ended.
        """
        process, build = self.start(environment, *arguments, root=root)
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
            process.wait()
            raise
        finally:
            kept = find(build / environment / BASE)
            if kept:
                kept.stop()
        return report(process.returncode, build, environment)


def report(exit_code: int, build: Path, environment: str) -> Report:
    """Read what a preflight left.

    Args:
        exit_code: of the command.
        build: its build folder.
        environment: its name.

    Returns:
        How it ended.
    """
    output = (build / "output").read_text()
    file = report_file(build, environment)
    assert file.exists(), output
    outcomes, findings = {}, {}
    for case in ElementTree.parse(file).getroot().iter("testcase"):  # noqa: S314 - written by ourselves
        kinds = {"failure": "failed", "error": "error", "skipped": "skipped"}
        [outcome] = [kinds[child.tag] for child in case] or ["passed"]
        outcomes[case.attrib["name"]] = outcome
        failure = case.find("failure")
        if failure is not None:
            findings[case.attrib["name"]] = failure.text or ""
    return Report(exit_code, output, outcomes, findings, step_seconds(file), build)


def report_file(build: Path, environment: str) -> Path:
    """Where a preflight in a build folder leaves its JUnit report."""
    return build / environment / "preflight" / "preflight.junit.xml"


def step_seconds(file: Path) -> dict[str, float]:
    """How long each step took, by a JUnit report."""
    cases = ElementTree.parse(file).getroot().iter("testcase")  # noqa: S314 - written by ourselves
    return {case.attrib["name"]: float(case.attrib.get("time", 0)) for case in cases}


def process_environment(root: Path, build: Path) -> dict[str, str]:
    """The process environment of a command of a checkout, in a build folder of its own.

    Args:
        root: the checkout.
        build: INFRA_BUILD.

    Returns:
        The whole environment, without AWS credentials.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "COLUMNS": "200",
        "INFRA_ACCOUNT_IDLE_SECONDS": "300",
        "INFRA_BUILD": str(build),
        "PYTHONPATH": str(root / "scripts"),
    }
