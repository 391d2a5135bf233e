"""The scan process as seen from here: started while Terraform plans, asked for the plan when there is one."""

import json
import queue
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import yaml

from infra.errors import InfraError
from infra.policies.checkov_report import (
    Answer,
    judge_canary,
    judge_configuration,
    judge_plan,
    judge_start,
    missed,
)
from infra.policies.checkov_settings import Settings
from infra.policies.iam.lint import Document, judge_lint
from infra.policies.kept_answers import KeptAnswers
from infra.policies.outcome import not_judged
from infra.review.model import Finding

_PROGRAM = Path(__file__).with_name("scan_process.py")
# Thirty times of what the slowest request takes on a machine that does three other things.
_PATIENCE_SECONDS = 300.0


@dataclass(frozen=True)
class Scope:
    """What is scanned before there is a plan.

    Args:
        folders: root modules, each scanned with the modules that it calls.
        trees: every Terraform file below these must have been read through one of the roots.
        canary: folder with `configuration/`, `plan.json` and `expected.yaml`.
        root: what paths are shown relative to.
    """

    folders: tuple[Path, ...]
    trees: tuple[Path, ...]
    canary: Path
    root: Path


class ScanError(InfraError):
    """The scan process ended, or did not answer."""


class Scan:
    """A running scan; a context manager that ends its process.

    Args:
        python: of the environment that has checkov and parliament.
        settings: .checkov.yaml.
        scope: what to scan while there is no plan yet.
        kept: folder for what checkov says about a configuration, until that changes.
        patience: seconds that one answer may take.
    """

    def __init__(
        self, python: Path, settings: Settings, scope: Scope, kept: Path, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self.settings = settings
        self.scope = scope
        installed_from = python.parents[1] / "installed-from"
        self._kept = KeptAnswers(kept, scope.root, _PROGRAM, installed_from, settings.external_checks)
        self._known = {folder: self._kept.get(folder) for folder in scope.folders}
        self._patience = patience
        self._answers: queue.Queue[Answer | None] = queue.Queue()
        self._said: IO[str] = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed with the process
        self.started = time.monotonic()
        # -P, -s and this environment: nothing of this folder or of the person's is imported. Hash seed: what checkov
        # makes of a variable depends on the order of its sets, so that now and then it sees two resources less.
        self._process = subprocess.Popen(
            [str(python), "-P", "-s", str(_PROGRAM)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "PYTHONHASHSEED": "0"},
        )
        threading.Thread(target=self._read, daemon=True).start()
        self._configuration: _Configuration | None = None
        self._ask("start", external_checks=[str(folder) for folder in settings.external_checks])
        self._ask("configuration", folder=str(scope.canary / "configuration"))
        for folder, known in self._known.items():
            if known is None:
                self._ask("configuration", folder=str(folder))
        self._ask("plan", file=str(scope.canary / "plan.json"))
        self._ask("lint", documents=[each["document"] for each in self._expected["lint"]])

    def __enter__(self) -> "Scan":
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._said.close()

    @property
    def pid(self) -> int:
        """The scan process."""
        return self._process.pid

    def configuration(self) -> "_Configuration":
        """What the scan of the configuration found; waits for it when asked for the first time.

        Returns:
            Findings and numbers.
        """
        if self._configuration is None:
            self._configuration = self._collect()
        return self._configuration

    def plan(self, document: Path, addresses: Sequence[str]) -> tuple[list[Finding], frozenset[str], int]:
        """Scan a plan.

        Args:
            document: the plan's JSON.
            addresses: of every managed resource that exists after the plan.

        Returns:
            Findings, the skips that matched, and how many failures they left out.
        """
        self.configuration()
        if not addresses:
            return [], frozenset(), 0  # a plan that destroys everything leaves nothing to scan
        with self._told() as problems:
            self._ask("plan", file=str(document))
            judged = judge_plan(self._answer(), document.name, addresses, self.settings)
            return judged.findings, judged.matched, judged.skipped
        return problems, frozenset(), 0

    def lint(self, documents: Sequence[Document]) -> list[Finding]:
        """Lint policy documents.

        Args:
            documents: as they stand in the plan.

        Returns:
            The findings.
        """
        self.configuration()
        with self._told() as problems:
            self._ask("lint", documents=[document.text for document in documents])
            return judge_lint(self._answer(), documents)
        return problems

    def _collect(self) -> "_Configuration":
        findings: list[Finding] = []
        matched: set[str] = set()
        files: set[str] = set()
        checks = resources = skipped = 0
        expected = self._expected
        with self._told() as problems:
            start = self._answer()
            findings += judge_start(start, self.settings)
            checks = len(start.get("checks", []))
            findings += judge_canary(self._answer(), "configuration", expected["configuration"])
            for folder, known in self._known.items():
                answer = known or self._answer()
                if known is None:
                    self._kept.keep(folder, answer)
                judged = judge_configuration(answer, folder, self.settings, self.scope.root)
                findings += judged.findings
                matched |= judged.matched
                skipped += judged.skipped
                files |= set(answer.get("files", []))
                resources += len(answer.get("resources", []))
            findings += judge_canary(self._answer(), "plan", expected["plan"])
            lint = self._answer()
            for number, each in enumerate(expected["lint"]):
                issues = [found["issue"] for found in lint.get("documents", [[]])[number]]
                findings += [] if each["issue"] in issues else [missed("lint", f"parliament's {each['issue']}")]
            findings += _unread(self.scope, files)
        canaries = len(expected["configuration"]) + len(expected["plan"]) + len(expected["lint"])
        canaries -= sum(finding.rule.endswith("CANARY") for finding in findings)
        return _Configuration(
            [*problems, *findings],
            frozenset(matched),
            len(files),
            resources,
            checks,
            0 if problems else canaries,
            skipped,
        )

    @property
    def _expected(self) -> Any:  # noqa: ANN401 - expected.yaml, a file of this repository
        return yaml.safe_load((self.scope.canary / "expected.yaml").read_text())

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - a pipe, see Popen above
        for line in self._process.stdout:
            self._answers.put(json.loads(line))
        self._answers.put(None)

    def _ask(self, what: str, **request: Any) -> None:  # noqa: ANN401 - becomes JSON
        assert self._process.stdin is not None  # noqa: S101 - a pipe, see Popen above
        try:
            self._process.stdin.write(json.dumps({"do": what, **request}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return  # it ended; whoever waits for the answer is told

    def _answer(self) -> Answer:
        try:
            answer = self._answers.get(timeout=self._patience)
        except queue.Empty:
            raise ScanError(f"gave no answer within {self._patience:.0f} s") from None
        if answer is None:
            self._answers.put(None)
            self._said.seek(0)
            raise ScanError(
                f"ended with {self._process.wait()}: {self._said.read().strip()[-500:] or 'it said nothing'}"
            )
        return answer

    @contextmanager
    def _told(self) -> Iterator[list[Finding]]:
        """A scan that died is a finding, which ends up in the list."""
        problems: list[Finding] = []
        try:
            yield problems
        except ScanError as error:
            remedy = "Run the command again; if it stays, remove build/tools/scan, so that it is installed anew."
            problems.append(not_judged("PROCESS", "checkov", f"The scan process {error}", remedy))


@dataclass(frozen=True)
class _Configuration:
    findings: list[Finding]
    matched: frozenset[str]
    files: int
    resources: int
    checks: int
    canaries: int
    skipped: int


def _unread(scope: Scope, read: set[str]) -> list[Finding]:
    every = {path.resolve() for tree in scope.trees for path in tree.rglob("*.tf") if ".terraform" not in path.parts}
    remedy = "A module that no example and no root calls is not scanned: give it an example."
    return [
        not_judged("COVERAGE", str(path.relative_to(scope.root.resolve())), "no scanned root module reads it", remedy)
        for path in sorted(every)
        if str(path) not in read
    ]
