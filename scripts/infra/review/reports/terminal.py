"""The review on a terminal or in a log: the dangerous part first, the verdict last, where the eye is when it ends."""

from collections.abc import Iterator
from itertools import chain, islice

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.review.addresses import first_module
from infra.review.gate import Decision, Verdict
from infra.review.model import Review, Risk
from infra.review.reports.alike import access_alike, changes_alike
from infra.review.reports.terminal_rows import (
    STYLES,
    Row,
    access_row,
    accesses_row,
    brief_row,
    change_row,
    changes_row,
    condition_row,
    drift_row,
    output_row,
    rule_row,
    unknown_row,
)
from infra.review.reports.text import line
from infra.review.reports.words import (
    RISK_WORDS,
    approvals,
    by_rule,
    condition_counts,
    dangerous,
    decision,
    headline,
    how_many,
    module_words,
    not_passed,
    subject,
)

# What a person reads on a screen; the HTML page has the rest.
_SHOWN = 50
_GLANCED = 12
_MODULES_GLANCED = 20
_DECISION_STYLES = {Decision.ALLOWED: "bold green", Decision.WAITS: "bold yellow", Decision.FORBIDDEN: "bold red"}


def print_review(
    review: Review, verdict: Verdict, whole: str, console: Console | None = None, *, short: bool = False
) -> None:
    """Print the review.

    Args:
        review: the review.
        verdict: what the gate says.
        whole: where the whole report is; a path.
        short: what says the same together, and a few entries of each section, but no less of what loses data or takes
            something down.
        console: where to; by default stdout, in colour on a terminal and not with NO_COLOR, and in a log without line
            breaks, so that a line can be searched for.
    """
    out = console or Console(highlight=False, emoji=False)
    left_out = 0
    for title, count, worst, rows in _sections(review, short=short):
        shown = min(_SHOWN, max(_GLANCED, worst)) if short else _SHOWN
        _print(out, 0, Text(f"\n{title}", style="bold"))
        for indent, text in (each for row in islice(rows, shown) for each in row):
            _print(out, indent, text)
        if count > shown:
            left_out += count - shown
            _print(out, 2, Text(f"… and {count - shown:,} more", style="dim"))
    _print_modules(out, review, _MODULES_GLANCED if short else _SHOWN)
    out.print()
    if review.provenance.destroy:
        _print(out, 0, Text("This plan destroys the whole environment.", style="bold red"))
    rest = f"{how_many(left_out, 'entry', 'entries')} not shown here; " if left_out else ""
    _print(out, 0, Text(f"{rest}everything: {line(whole)}"))
    _print(out, 0, Text(f"plan {line(review.provenance.digest)}", style="dim"))
    _print_verdict(out, review, verdict)


def _print(out: Console, indent: int, text: Text) -> None:
    """Indented also where a narrow terminal breaks the line."""
    if out.is_terminal:
        text.overflow = "fold"
        out.print(Padding(text, (0, 0, 0, indent), expand=False))
    else:
        out.print(Text(" " * indent) + text, soft_wrap=True)


# Title, how many entries, how many of them are too bad to be left out, and the entries: made as they are shown.
_Section = tuple[str, int, int, Iterator[Row]]


def _sections(review: Review, *, short: bool) -> Iterator[_Section]:
    rules, failed = by_rule(review.findings), not_passed(review.checks)
    sections = (
        _dangerous(review, short=short),
        _access(review, short=short),
        ("Findings", len(rules), len(rules), map(rule_row, rules)),
        ("Conditions that did not pass", len(failed), len(failed), map(condition_row, failed)),
        ("Changed outside Terraform, and this plan meets it", len(review.drift), 0, map(drift_row, review.drift)),
        _others(review, short=short),
        ("Outputs", len(review.outputs), 0, map(output_row, review.outputs)),
    )
    yield from (section for section in sections if section[1])


def _dangerous(review: Review, *, short: bool) -> _Section:
    changes = [change for change in review.changes if dangerous(change)]
    worst = sum(change.risk in {Risk.DATA_LOSS, Risk.OUTAGE} for change in changes)
    if not short:
        return "Dangerous changes", len(changes), worst, map(change_row, changes)
    groups = changes_alike(changes)
    rows = (changes_row(group) if len(group) > 1 else change_row(group[0]) for group in groups)
    return "Dangerous changes", len(groups), worst, rows


def _access(review: Review, *, short: bool) -> _Section:
    unknown = review.unknown_access
    groups = access_alike(review.access) if short and len(review.access) > _GLANCED else []
    rows = map(accesses_row, groups) if groups else map(access_row, review.access)
    count = len(unknown) + len(groups or review.access)
    return "Access", count, len(unknown), chain(map(unknown_row, unknown), rows)


def _others(review: Review, *, short: bool) -> _Section:
    changes = [change for change in review.changes if not dangerous(change)]
    if len(review.changes) > _SHOWN:
        changes = []  # the table of modules counts them
    if not short:
        return "Other changes", len(changes), 0, map(brief_row, changes)
    groups = changes_alike(changes)
    return "Other changes", len(groups), 0, map(changes_row, groups)


def _print_modules(out: Console, review: Review, most: int) -> None:
    counts: dict[str, dict[Risk, int]] = {}
    for change in review.changes:
        module = counts.setdefault(first_module(change.module), {})
        module[change.risk] = module.get(change.risk, 0) + 1
    if not counts:
        return
    risks = [risk for risk in Risk if review.risks[risk]]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("module", overflow="fold")
    for risk in risks:
        table.add_column(RISK_WORDS[risk], justify="right", style=STYLES[risk])
    for name, module in list(counts.items())[:most]:
        table.add_row(Text(module_words(name)), *(f"{module[risk]:,}" if risk in module else "" for risk in risks))
    if len(counts) > most:
        table.add_row(Text(f"… and {len(counts) - most:,} modules more", style="dim"))
    out.print()
    out.print(table)


def _print_verdict(out: Console, review: Review, verdict: Verdict) -> None:
    if review.checks:
        _print(out, 0, Text(condition_counts(review.checks)))
    _print(out, 0, Text(f"{headline(review)}, {review.unchanged:,} unchanged"))
    given = approvals(verdict)
    if given:
        _print(out, 0, Text(line(given)))
    for reason in verdict.reasons[:_SHOWN]:
        _print(out, 2, Text(f"- {line(reason, 600)}"))
    if len(verdict.reasons) > _SHOWN:
        _print(out, 2, Text(f"… and {how_many(len(verdict.reasons) - _SHOWN, 'reason')} more", style="dim"))
    _print(out, 0, Text(f"{line(subject(review))}: {decision(verdict)}", style=_DECISION_STYLES[verdict.decision]))
