"""The review as JUnit XML, for the test reports that most CI systems show: one case a condition, finding and gate."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, SubElement

from infra.review.gate import Decision, Verdict
from infra.review.model import Review
from infra.review.reports.junit_document import document, new_case, suite
from infra.review.reports.text import line
from infra.review.reports.words import decision

_TEXT = 2_000


def junit_report(review: Review, verdict: Verdict) -> str:
    """The conditions, the findings and the gate's verdict as test cases.

    Args:
        review: the review.
        verdict: what the gate says.

    Returns:
        XML. What waits for a person is a failure, like all that is not allowed.
    """
    root = Element("testsuites", name=f"plan of {line(review.provenance.environment)}")
    suites = {
        "conditions": list(_conditions(review)),
        "findings": list(_findings(review)),
        "gate": list(_gate(verdict)),
    }
    for name, cases in suites.items():
        suite(root, name, cases, timestamp=line(review.provenance.created))
    return document(root)


def _conditions(review: Review) -> Iterator[Element]:
    for check in review.checks:
        case = new_case(check.kind, check.address)
        text = line("; ".join(check.messages) or f"status {check.status}", _TEXT)
        if check.status == "unknown":
            SubElement(case, "skipped", message="decided only during apply")
        elif check.status == "fail":
            SubElement(case, "failure", message=text)
        elif check.status != "pass":
            SubElement(case, "error", message=text)
        yield case


def _findings(review: Review) -> Iterator[Element]:
    for finding in review.findings:
        case = new_case(f"{finding.source}.{finding.rule}", f"{finding.title}: {finding.where}")
        failure = SubElement(case, "failure", type=finding.severity, message=line(finding.message, _TEXT))
        failure.text = line(f"{finding.where}: {finding.message} {finding.remedy}", _TEXT)
        yield case


def _gate(verdict: Verdict) -> Iterator[Element]:
    """A case for the verdict itself, so that the suite of an allowed plan is not empty, and one for each reason."""
    case = new_case("gate", "the plan may be applied")
    if verdict.decision is not Decision.ALLOWED:
        SubElement(case, "failure", type=verdict.decision, message=decision(verdict))
    yield case
    for reason in verdict.reasons:
        case = new_case("gate", reason)
        SubElement(case, "failure", type=verdict.decision, message=line(reason, _TEXT))
        yield case
