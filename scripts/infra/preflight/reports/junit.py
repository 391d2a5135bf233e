"""A preflight as JUnit XML: one case a step."""

from xml.etree.ElementTree import Element, SubElement, tostring

from infra.preflight.live import finding_lines
from infra.preflight.record import PreflightRecord, Verdict
from infra.review.reports.text import line
from infra.verification.steps import Outcome

_TEXT = 4_000


def junit_report(record: PreflightRecord) -> str:
    """The steps as test cases.

    Args:
        record: a finished preflight.

    Returns:
        XML. A step that was not run is an error where nobody says why it failed: never a pass.
    """
    name = f"preflight of {line(record.environment)}"
    findings = {finding.step: finding for finding in record.findings}
    cases = []
    for result in record.results:
        case = Element("testcase", classname="preflight", name=line(result.name), time=f"{result.seconds:.3f}")
        if result.outcome is Outcome.FAILED:
            finding = findings[result.name]
            failure = SubElement(case, "failure", message=line(finding.message, _TEXT))
            failure.text = "\n".join(line(each, _TEXT) for each in finding_lines(finding))
        elif result.outcome is Outcome.NOT_RUN:
            SubElement(case, "skipped", message=line(result.seen))
        cases.append(case)
    if record.verdict is Verdict.NOT_KNOWN:
        case = Element("testcase", classname="preflight", name="could run")
        SubElement(case, "error", message=line(record.reason, _TEXT))
        cases.append(case)
    root = Element("testsuites", name=name)
    counts = {kind: sum(case.find(kind) is not None for case in cases) for kind in ("failure", "error", "skipped")}
    suite = SubElement(
        root,
        "testsuite",
        name=name,
        tests=str(len(cases)),
        failures=str(counts["failure"]),
        errors=str(counts["error"]),
        skipped=str(counts["skipped"]),
        time=f"{record.seconds:.3f}",
    )
    suite.extend(cases)
    if record.drills:
        told = SubElement(suite, "system-out")
        told.text = "\n".join(f"{line(drill.name)}: {line(drill.words, _TEXT)}" for drill in record.drills)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
