"""An examination on a terminal or in a log: the worst first, the result last."""

from rich.console import Console
from rich.text import Text

from infra.release.drift.finding import TITLES, DriftFinding, DriftReport, Rule
from infra.release.drift.reports import facts, headline
from infra.review.model import Severity
from infra.review.reports.terminal_rows import Row, attribute_row
from infra.review.reports.text import line

_STYLES = {Severity.CRITICAL: "bold red", Severity.HIGH: "bold red", Severity.MEDIUM: "yellow"}
_TEXT = 600
# What a person reads on a screen; the files have the rest.
_SHOWN = 20
_ATTRIBUTES = 8


def print_drift(report: DriftReport, whole: str, console: Console | None = None) -> None:
    """Print what was found.

    Args:
        report: it.
        whole: where the whole report is; a path.
        console: where to; by default stdout.
    """
    out = console or Console(highlight=False, emoji=False)
    for failure in report.failures:
        _print(out, [(0, Text.assemble(("NOT EXAMINED ", "bold red"), line(failure.part)))])
        _print(out, [(4, Text(line(failure.message, _TEXT)))])
    left_out = 0
    for rule in Rule:
        found = [each for each in report.findings if each.rule is rule]
        if found:
            _print(out, [(0, Text(f"\n{TITLES[rule]}", style="bold"))])
        for each in found[:_SHOWN]:
            _print(out, _row(each))
        left_out += max(0, len(found) - _SHOWN)
    if left_out:
        _print(out, [(0, Text(f"\n… and {left_out:,} more", style="dim"))])
    style = "bold red" if report.failures else "bold yellow" if report.findings else "bold green"
    _print(out, [(0, Text(f"\nEverything: {line(whole)}")), (0, Text(headline(report), style=style))])


def _row(finding: DriftFinding) -> Row:
    head = Text.assemble((f"{finding.severity} ", _STYLES.get(finding.severity, "")), line(finding.what, _TEXT))
    attributes = [(6, attribute_row(each)) for each in finding.attributes[:_ATTRIBUTES]]
    return [
        (2, head),
        (6, Text(line(facts(finding), _TEXT), style="dim")),
        *attributes,
        (6, Text(line(finding.todo, _TEXT))),
    ]


def _print(out: Console, row: Row) -> None:
    for indent, text in row:
        out.print(Text(" " * indent) + text, soft_wrap=True)
