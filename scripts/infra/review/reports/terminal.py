"""The review on a terminal or in a log: the dangerous part first, the verdict last, where the eye is when it ends."""

from collections.abc import Iterator
from itertools import chain, islice

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from infra.review.addresses import first_module
from infra.review.gate import Decision, Verdict
from infra.review.model import (
    AccessChange,
    Action,
    AttributeChange,
    Change,
    Check,
    Drift,
    Finding,
    Json,
    OutputChange,
    Review,
    Risk,
    Severity,
    UnknownAccess,
)
from infra.review.reports.lines import in_order
from infra.review.reports.text import line, value
from infra.review.reports.words import (
    ACTION_SIGNS,
    ACTION_WORDS,
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
    planned,
    subject,
)

# What a person reads on a screen; the HTML page has the rest.
_SHOWN = 50
_GLANCED = 8
_PER_CHANGE = 8
_VALUE = 120
_STYLES = {
    Risk.DATA_LOSS: "bold red",
    Risk.OUTAGE: "bold yellow",
    Risk.ACCESS: "bold magenta",
    Risk.COST: "yellow",
    Risk.PLAIN: "blue",
    Risk.NONE: "dim",
}
_DECISION_STYLES = {Decision.ALLOWED: "bold green", Decision.WAITS: "bold yellow", Decision.FORBIDDEN: "bold red"}


def print_review(
    review: Review, verdict: Verdict, whole: str, console: Console | None = None, *, short: bool = False
) -> None:
    """Print the review.

    Args:
        review: the review.
        verdict: what the gate says.
        whole: where the whole report is; a path.
        short: a few entries of each section, but no less of what loses data or takes something down.
        console: where to; by default stdout, in colour on a terminal and not with NO_COLOR, and in a log without line
            breaks, so that a line can be searched for.
    """
    out = console or Console(highlight=False, emoji=False)
    left_out = 0
    for title, count, worst, rows in _sections(review):
        shown = min(_SHOWN, max(_GLANCED, worst)) if short else _SHOWN
        _print(out, 0, Text(f"\n{title}", style="bold"))
        for indent, text in (each for row in islice(rows, shown) for each in row):
            _print(out, indent, text)
        if count > shown:
            left_out += count - shown
            _print(out, 2, Text(f"… and {count - shown:,} more", style="dim"))
    _print_modules(out, review)
    out.print()
    if review.provenance.destroy:
        _print(out, 0, Text("This plan destroys the whole environment.", style="bold red"))
    rest = f"{how_many(left_out, 'entry', 'entries')} not shown here; " if left_out else ""
    _print(out, 0, Text(f"{rest}everything: {line(whole)}"))
    _print(out, 0, Text(f"plan {line(review.provenance.digest)}", style="dim"))
    _print_verdict(out, review, verdict)


# One entry of a section: lines with their indentation.
_Row = list[tuple[int, Text]]


def _print(out: Console, indent: int, text: Text) -> None:
    """Indented also where a narrow terminal breaks the line."""
    if out.is_terminal:
        text.overflow = "fold"
        out.print(Padding(text, (0, 0, 0, indent), expand=False))
    else:
        out.print(Text(" " * indent) + text, soft_wrap=True)


def _sections(review: Review) -> Iterator[tuple[str, int, int, Iterator[_Row]]]:
    """Title, how many entries, how many of them are too bad to be left out, and the entries: made as they are shown."""
    severe = [change for change in review.changes if dangerous(change)]
    others = [change for change in review.changes if not dangerous(change)]
    few = others if len(review.changes) <= _SHOWN else []  # else the table of modules counts them
    worst = sum(change.risk in {Risk.DATA_LOSS, Risk.OUTAGE} for change in severe)
    rules, failed = by_rule(review.findings), not_passed(review.checks)
    access = len(review.access) + len(review.unknown_access)
    sections = (
        ("Dangerous changes", len(severe), worst, map(_change, severe)),
        (
            "Access",
            access,
            len(review.unknown_access),
            chain(map(_unknown, review.unknown_access), map(_access, review.access)),
        ),
        ("Findings", len(rules), len(rules), map(_rule, rules)),
        ("Conditions that did not pass", len(failed), len(failed), map(_condition, failed)),
        ("Changed outside Terraform, and this plan meets it", len(review.drift), 0, map(_drift, review.drift)),
        ("Other changes", len(few), 0, map(_brief, few)),
        ("Outputs", len(review.outputs), 0, map(_output, review.outputs)),
    )
    yield from (section for section in sections if section[1])


def _condition(check: Check) -> _Row:
    return [(2, Text(f"{line(check.address)}: {line(check.status)}. {line('; '.join(check.messages))}"))]


def _drift(drift: Drift) -> _Row:
    head = Text(line(drift.address) + (" is gone" if drift.action == "delete" else ""))
    return [(2, head), *((6, _attribute(each)) for each in drift.attributes[:_PER_CHANGE])]


def _output(output: OutputChange) -> _Row:
    return [(2, _values(output.name, output.before, output.after, unknown=output.unknown))]


def _change(change: Change) -> _Row:
    rows = _brief(change)
    attributes = in_order(change)
    if change.action in {Action.DELETE, Action.DELETE_DEPOSED, Action.FORGET, Action.CREATE}:
        attributes = []  # all of it goes or comes; the kind and the consequence say what it is
    rows += [(6, _attribute(each)) for each in attributes[:_PER_CHANGE]]
    if len(attributes) > _PER_CHANGE:
        rows.append((6, Text(f"… and {how_many(len(attributes) - _PER_CHANGE, 'attribute')} more", style="dim")))
    return rows


def _brief(change: Change) -> _Row:
    style = _STYLES[change.risk]
    head = Text.assemble(
        (f"{ACTION_SIGNS[change.action]} ", style), (line(change.key), "bold"), (f"  {RISK_WORDS[change.risk]}", style)
    )
    rows = [(2, head)]
    rows += [(6, Text(f"{ACTION_WORDS[change.action]}: {line(each.text)}")) for each in change.consequences[:3]]
    if change.needs_acknowledgement:
        rows.append((6, Text("must be acknowledged", style="bold red")))
    for label, fact in (
        ("", change.reason),
        ("moved from ", change.previous_address),
        ("imported as ", change.import_id),
        ("forced by ", ", ".join(change.replace_paths)),
    ):
        if fact:
            rows.append((6, Text(f"{label}{line(fact)}")))
    return rows


def _attribute(attribute: AttributeChange) -> Text:
    if attribute.document is not None:
        parts = "; ".join(f"{line(part.name)} {part.change}" for part in attribute.document.parts)
        return Text(f"{line(attribute.path)}: {line(parts) or 'means the same'}")
    text = _values(attribute.path, attribute.before, attribute.after, unknown=attribute.unknown)
    return text.append(" forces the replacement", "bold red") if attribute.forces_replacement else text


def _values(name: str, before: Json, after: Json, *, unknown: bool) -> Text:
    return Text.assemble(
        f"{line(name)}: ", (value(before, _VALUE), "red"), " → ", (planned(after, unknown, _VALUE), "green")
    )


def _access(access: AccessChange) -> _Row:
    grant = access.grant
    sign, style = ("opens ", "bold magenta") if access.widens else ("closes", "dim")
    verb = {"Allow": "may", "Deny": "is denied"}[grant.effect]
    conditions = f" if {line(' and '.join(grant.conditions))}" if grant.conditions else ""
    text = Text.assemble(
        (f"{sign} ", style),
        f"{'no longer: ' if access.change == 'removed' else ''}{line(grant.principal)} {verb} "
        f"{line(', '.join(grant.actions))} on {line(', '.join(grant.resources))}{conditions} ",
        (f"({line(access.address)})", "dim"),
    )
    return [(2, text)]


def _unknown(access: UnknownAccess) -> _Row:
    text = f"{line(access.address)}: {line(access.attribute)} is known only after apply, nobody can review it"
    return [(2, Text.assemble(("unknown ", "bold red"), text))]


def _rule(findings: list[Finding]) -> _Row:
    first = findings[0]
    style = "bold red" if first.severity in {Severity.CRITICAL, Severity.HIGH} else "yellow"
    head = Text.assemble((f"{first.severity} ", style), (line(first.rule), "bold"), f" {line(first.title)}")
    rows = [(2, head), (6, Text(line(f"{first.message} {first.remedy}", 600)))]
    rows += [(6, Text(line(finding.where), style="dim")) for finding in findings[:3]]
    if len(findings) > 3:
        rows.append((6, Text(f"… and {len(findings) - 3:,} places more", style="dim")))
    return rows


def _print_modules(out: Console, review: Review) -> None:
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
        table.add_column(RISK_WORDS[risk], justify="right", style=_STYLES[risk])
    for name, module in list(counts.items())[:_SHOWN]:
        table.add_row(Text(module_words(name)), *(f"{module[risk]:,}" if risk in module else "" for risk in risks))
    if len(counts) > _SHOWN:
        table.add_row(Text(f"… and {len(counts) - _SHOWN:,} modules more", style="dim"))
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
