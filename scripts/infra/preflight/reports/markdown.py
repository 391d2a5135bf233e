"""A preflight as Markdown, for a job's summary and for a person who reads files."""

from collections.abc import Iterator

from infra.preflight.record import PreflightRecord
from infra.preflight.reports.drills import HEADS, drill_rows
from infra.preflight.reports.words import account_words, headline, made_from
from infra.review.reports.markdown_text import code, fenced, prose
from infra.review.reports.text import line
from infra.verification.finding import finding_lines
from infra.verification.live_steps import MARKS

_FINDING_LINES = 80


def markdown_report(record: PreflightRecord) -> str:
    """The report.

    Args:
        record: a finished preflight.

    Returns:
        GitHub's Markdown.
    """
    return "\n".join(_lines(record)) + "\n"


def _lines(record: PreflightRecord) -> Iterator[str]:
    yield f"## Preflight of {code(record.environment)}: {record.verdict}"
    yield ""
    yield prose(headline(record))
    if record.reason:
        yield from ("", fenced([line(each) for each in record.reason.splitlines()], ""))
    for finding in record.findings:
        yield from ("", f"### ✗ {code(finding.step)}")
        yield fenced([line(each) for each in finding_lines(finding)[:_FINDING_LINES]], "")
    yield from ("", "| | step | what holds | what was seen | time |", "|---|---|---|---|---:|")
    for result in record.results:
        cells = (prose(result.name), prose(result.about), prose(result.seen, 200), f"{result.seconds:.1f} s")
        yield f"| {MARKS[result.outcome]} | {' | '.join(cells)} |"
    if record.drills:
        yield from ("", "### Drills", "", f"| {' | '.join(HEADS)} |", "|" + "---|" * len(HEADS))
        for row in drill_rows(record):
            yield f"| {' | '.join(prose(cell, 200) for cell in row)} |"
    yield ""
    for name, fact in (*made_from(record), ("Account", account_words(record))):
        yield f"- {name}: {prose(fact)}"
    for limit in record.limits:
        yield f"- Not checked on this machine: {prose(limit)}"
