"""An examination as files: JSON for programs, Markdown for an issue and a job's summary, JUnit for a CI system."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from infra.environment import Environment
from infra.release.drift.finding import TITLES, DriftFinding, DriftReport, Rule
from infra.review.model import Severity
from infra.review.reports.fitting import Piece, fit, fixed
from infra.review.reports.folder import replace_reports
from infra.review.reports.junit_document import document, new_case, suite
from infra.review.reports.markdown import COMMENT_LIMIT
from infra.review.reports.markdown_text import code, marker, prose
from infra.review.reports.text import line, value
from infra.review.reports.words import how_many

_TEXT: Final = 2_000
_VALUE: Final = 120
# For the line that says what is left out.
_FOOTER: Final = 512
_MARKS = {Severity.CRITICAL: "🟥", Severity.HIGH: "🟧", Severity.MEDIUM: "🟨", Severity.LOW: "🟦", Severity.INFO: "⬜"}


@dataclass(frozen=True)
class DriftFiles:
    """The places of the reports.

    Args:
        folder: build/<env>/drift.
    """

    folder: Path

    @classmethod
    def of(cls, environment: Environment) -> "DriftFiles":
        """Those of an environment."""
        return cls(environment.build / "drift")

    @property
    def document(self) -> Path:
        """Everything, for programs."""
        return self.folder / "drift.json"

    @property
    def issue(self) -> Path:
        """The text of the issue, its marker in the first line; also a job's summary."""
        return self.folder / "drift.md"

    @property
    def junit(self) -> Path:
        """Parts and findings as test cases."""
        return self.folder / "drift.junit.xml"

    def discard(self) -> None:
        """Remove the reports; those of an older examination must not stand for a new one."""
        shutil.rmtree(self.folder, ignore_errors=True)


def write_reports(report: DriftReport, files: DriftFiles) -> None:
    """Write every report; those of an earlier examination are replaced as a whole.

    Args:
        report: what was found.
        files: where to.

    Raises:
        InfraError: they could not be written.
    """
    texts = {
        files.document.name: json_report(report),
        files.issue.name: markdown_report(report),
        files.junit.name: junit_report(report),
    }
    replace_reports(files.folder, texts, "the examination")


def headline(report: DriftReport) -> str:
    """The result in a sentence.

    Args:
        report: what was found.
    """
    if report.failures:
        found = f"; {how_many(len(report.findings), 'finding')} elsewhere" if report.findings else ""
        return f"{report.environment} could not be examined: {how_many(len(report.failures), 'part')} failed{found}."
    if report.findings:
        return f"{report.environment} has drifted: {how_many(len(report.findings), 'finding')}."
    return f"{report.environment} has not drifted: the account is what state and ledger say."


def json_report(report: DriftReport) -> str:
    """Everything, for programs.

    Args:
        report: what was found.

    Returns:
        JSON.
    """
    return json.dumps({"exit_code": report.exit_code, **asdict(report)}, indent=2) + "\n"


def junit_report(report: DriftReport) -> str:
    """The parts of the examination and the findings as test cases.

    Args:
        report: what was found.

    Returns:
        XML. A part that could not be examined is an error, a finding a failure.
    """
    root = Element("testsuites", name=f"drift of {line(report.environment)}")
    suite(root, "examination", list(_examined(report)), timestamp=line(report.examined))
    suite(root, "findings", [_found(each) for each in report.findings], timestamp=line(report.examined))
    return document(root)


def _examined(report: DriftReport) -> Iterator[Element]:
    failed = {failure.part: failure.message for failure in report.failures}
    for part in report.parts:
        made = new_case("drift", part)
        if part in failed:
            SubElement(made, "error", message=line(failed[part], _TEXT))
        yield made


def _found(finding: DriftFinding) -> Element:
    made = new_case(f"drift.{finding.rule}", f"{TITLES[finding.rule]}: {finding.where}")
    failure = SubElement(made, "failure", type=finding.severity, message=line(finding.what, _TEXT))
    failure.text = line(f"{finding.what} {finding.todo} {facts(finding)}", _TEXT)
    return made


def facts(finding: DriftFinding) -> str:
    """Where something is, since when, and who did it, as far as that is known.

    Args:
        finding: any.

    Returns:
        As in "arn:..., module.a.aws_lb.this, since 2026-01-01T00:00:00+00:00, by arn:...".
    """
    since, by = (f"since {finding.since}" if finding.since else ""), (f"by {finding.by}" if finding.by else "")
    return ", ".join(dict.fromkeys(each for each in (finding.where, finding.address, since, by) if each))


def markdown_report(report: DriftReport) -> str:
    """The text of the issue.

    Args:
        report: what was found.

    Returns:
        Markdown of at most 65,536 bytes, the marker by which the issue is found again in its first line.
    """
    mark = "⛔" if report.failures else "⚠️" if report.findings else "✅"
    head = (
        f"{marker(report.environment, 'drift')}\n## {mark} {prose(headline(report))}\n\n"
        f"{prose(report.account)}. Examined {code(report.examined)} by {code(f'make drift ENV={report.environment}')}; "
        "docs/drift.md says what each finding means.\n"
    )
    texts, left_out = fit(list(_pieces(report)), COMMENT_LIMIT - len(head.encode()) - _FOOTER)
    counted = ", ".join(f"{noun} ({count:,})" for noun, count in sorted(left_out.items()))
    return head + "".join(texts) + (f"\n**Left out here**: {counted}. drift.json has them.\n" if counted else "")


def _pieces(report: DriftReport) -> Iterator[Piece]:
    for number, failure in enumerate(report.failures):
        heading = "" if number else "\n### Could not be examined\n\n"
        text = f"{heading}- {prose(failure.part)}: {prose(failure.message, _TEXT)}\n"
        yield fixed(text, "parts that could not be examined")
    for rule in Rule:
        for number, finding in enumerate(each for each in report.findings if each.rule is rule):
            heading = "" if number else f"\n### {TITLES[rule]}\n\n"
            yield fixed(heading + _item(finding), "findings")


def _item(finding: DriftFinding) -> str:
    since = f", since {code(finding.since)}" if finding.since else ""
    by = f", by {code(finding.by)}" if finding.by else ""
    address = f", {code(finding.address)}" if finding.address and finding.address != finding.where else ""
    values = "".join(
        f"  - {code(each.path)}: {code(value(each.before, _VALUE))} → {code(value(each.after, _VALUE))}\n"
        for each in finding.attributes
    )
    return (
        f"- {_MARKS[finding.severity]} {finding.severity}: {prose(finding.what, _TEXT)} "
        f"({code(finding.where)}{address}{since}{by})\n{values}  - {prose(finding.todo, _TEXT)}\n"
    )
