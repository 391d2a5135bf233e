"""What the JUnit files of this project have in common: cases, the counts of a suite, the document around them."""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from infra.review.reports.text import line

_KINDS = {"failure": "failures", "error": "errors", "skipped": "skipped"}


def new_case(group: str, name: str, seconds: float | None = None) -> Element:
    """A test case.

    Args:
        group: what it belongs to.
        name: of the case.
        seconds: how long it took; None where that says nothing.

    Returns:
        The element, which is a pass as long as nothing is in it.
    """
    time = {} if seconds is None else {"time": f"{seconds:.3f}"}
    return Element("testcase", {"classname": line(group), "name": line(name), **time})


def suite(parent: Element, name: str, cases: Sequence[Element], **facts: str) -> Element:
    """Add a suite with its counts.

    Args:
        parent: the document's root.
        name: of the suite.
        cases: its cases.
        facts: further attributes, as `time` or `timestamp`.

    Returns:
        The suite.
    """
    counts = {word: str(sum(each.find(kind) is not None for each in cases)) for kind, word in _KINDS.items()}
    made = SubElement(parent, "testsuite", {"name": name, "tests": str(len(cases)), **counts, **facts})
    made.extend(cases)
    return made


def document(root: Element) -> str:
    """The whole file.

    Args:
        root: the element `testsuites`.

    Returns:
        XML.
    """
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
