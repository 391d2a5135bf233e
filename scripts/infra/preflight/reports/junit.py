"""A preflight as JUnit XML: one case a step."""

from xml.etree.ElementTree import Element, SubElement

from infra.preflight.record import PreflightRecord, Verdict
from infra.review.reports.junit_document import document, suite
from infra.review.reports.text import line
from infra.verification.junit import error_case, step_cases

_TEXT = 4_000


def junit_report(record: PreflightRecord) -> str:
    """The steps as test cases.

    Args:
        record: a finished preflight.

    Returns:
        XML. A step that was not run is an error where nobody says why it failed: never a pass.
    """
    name = f"preflight of {line(record.environment)}"
    cases = list(step_cases("preflight", record.results, record.findings))
    if record.verdict is Verdict.NOT_KNOWN:
        cases.append(error_case("preflight", "could run", record.reason))
    root = Element("testsuites", name=name)
    made = suite(root, name, cases, time=f"{record.seconds:.3f}")
    if record.drills:
        told = SubElement(made, "system-out")
        told.text = "\n".join(f"{line(drill.name)}: {line(drill.words, _TEXT)}" for drill in record.drills)
    return document(root)
