"""The reports of a verification: JUnit for CI, JSON for programs."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from infra.environment import Environment
from infra.review.reports.folder import replace_reports
from infra.review.reports.junit_document import document, suite
from infra.review.reports.text import line
from infra.verification.junit import error_case, step_cases
from infra.verification.steps import StepResult
from infra.verify.record import VerificationRecord

# The first number changes when a reader must change, the second when something is added.
FORMAT_VERSION = "1.0"


@dataclass(frozen=True)
class VerificationFiles:
    """The places of a verification's reports.

    Args:
        folder: build/<env>/verify.
    """

    folder: Path

    @property
    def junit(self) -> Path:
        """JUnit XML."""
        return self.folder / "verify.junit.xml"

    @property
    def document(self) -> Path:
        """JSON."""
        return self.folder / "verify.json"


def write_reports(record: VerificationRecord, environment: Environment) -> VerificationFiles:
    """Write every report; those of an earlier run are replaced as a whole.

    Args:
        record: a verification that has ended.
        environment: its environment.

    Returns:
        Where they are.

    Raises:
        InfraError: they could not be written.
    """
    files = VerificationFiles(environment.build / "verify")
    texts = {files.junit.name: junit_report(record), files.document.name: json_report(record)}
    replace_reports(files.folder, texts, "the verification")
    return files


def junit_report(record: VerificationRecord) -> str:
    """The steps as test cases.

    Args:
        record: a verification that has ended.

    Returns:
        XML; one that was interrupted is an error.
    """
    name = f"verification of {line(record.environment)}"
    cases = list(step_cases("verify", record.results, record.findings))
    if record.interrupted:
        cases.append(error_case("verify", "ran to its end", record.headline))
    root = Element("testsuites", name=name)
    suite(root, name, cases, time=f"{record.seconds:.3f}", timestamp=_time(record.started))
    return document(root)


def json_report(record: VerificationRecord) -> str:
    """Everything, for programs.

    Args:
        record: a verification that has ended.

    Returns:
        JSON in ASCII.
    """
    findings = {finding.step: asdict(finding) for finding in record.findings}
    told = {
        "format_version": FORMAT_VERSION,
        "environment": record.environment,
        "account": record.account,
        "emulated": record.emulated,
        "outcome": "interrupted" if record.interrupted else "passed" if record.passed else "failed",
        "whole": record.whole,
        "name": record.name,
        "commit": record.commit,
        "clean": record.clean,
        "started": _time(record.started),
        "seconds": round(record.seconds, 3),
        "images": dict(record.images),
        "task_definitions": dict(record.task_definitions),
        "steps": [{**_step(result), "finding": findings.get(result.name)} for result in record.results],
        "left_out": dict(record.left_out),
    }
    return json.dumps(told, allow_nan=False, indent=2) + "\n"


def _step(result: StepResult) -> Mapping[str, Any]:
    return {
        "name": result.name,
        "about": result.about,
        "outcome": str(result.outcome),
        "started": _time(result.started),
        "seconds": round(result.seconds, 3),
        "seen": result.seen,
        "formerly": result.formerly,
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
