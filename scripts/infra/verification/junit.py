"""Steps as test cases of JUnit."""

from collections.abc import Iterable, Iterator
from xml.etree.ElementTree import Element, SubElement

from infra.review.reports.junit_document import new_case
from infra.review.reports.text import line
from infra.verification.finding import Finding, finding_lines
from infra.verification.steps import Outcome, StepResult

_TEXT = 4_000


def step_cases(group: str, results: Iterable[StepResult], findings: Iterable[Finding]) -> Iterator[Element]:
    """A case for each step.

    Args:
        group: what the steps belong to.
        results: how they ended.
        findings: one for each that failed.

    Yields:
        The cases; a step that was not run is never a pass.
    """
    found = {finding.step: finding for finding in findings}
    for result in results:
        made = new_case(group, result.name, result.seconds)
        if result.outcome is Outcome.FAILED:
            finding = found[result.name]
            failure = SubElement(made, "failure", message=line(finding.message, _TEXT))
            failure.text = "\n".join(line(each, _TEXT) for each in finding_lines(finding))
        elif result.outcome is Outcome.NOT_RUN:
            SubElement(made, "skipped", message=line(result.seen))
        yield made


def error_case(group: str, name: str, reason: str) -> Element:
    """A case for what could not be done at all.

    Args:
        group: what it belongs to.
        name: what was to be done.
        reason: why it could not.

    Returns:
        The case, an error.
    """
    made = new_case(group, name)
    SubElement(made, "error", message=line(reason, _TEXT))
    return made
