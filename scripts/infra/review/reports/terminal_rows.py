"""One entry of the review on a terminal: a few lines, each with how far it is indented."""

from collections.abc import Sequence

from rich.text import Text

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
    Risk,
    Severity,
    UnknownAccess,
)
from infra.review.reports.lines import in_order
from infra.review.reports.text import line, value
from infra.review.reports.words import ACTION_SIGNS, ACTION_WORDS, RISK_WORDS, how_many, planned

_PER_CHANGE = 8
_VALUE = 120
STYLES = {
    Risk.DATA_LOSS: "bold red",
    Risk.OUTAGE: "bold yellow",
    Risk.ACCESS: "bold magenta",
    Risk.COST: "yellow",
    Risk.PLAIN: "blue",
    Risk.NONE: "dim",
}

_DIRECTIONS = {True: ("opens ", "bold magenta"), False: ("closes", "dim")}

# Lines with their indentation.
Row = list[tuple[int, Text]]


def condition_row(check: Check) -> Row:
    """A condition that did not pass.

    Args:
        check: it.
    """
    return [(2, Text(f"{line(check.address)}: {line(check.status)}. {line('; '.join(check.messages))}"))]


def drift_row(drift: Drift) -> Row:
    """What was changed outside Terraform.

    Args:
        drift: it.
    """
    head = Text(line(drift.address) + (" is gone" if drift.action == "delete" else ""))
    return [(2, head), *((6, attribute_row(each)) for each in drift.attributes[:_PER_CHANGE])]


def output_row(output: OutputChange) -> Row:
    """An output that changes.

    Args:
        output: it.
    """
    return [(2, _values(output.name, output.before, output.after, unknown=output.unknown))]


def change_row(change: Change) -> Row:
    """A change with the attributes that differ.

    Args:
        change: any.
    """
    rows = brief_row(change)
    attributes = in_order(change)
    if change.action in {Action.DELETE, Action.DELETE_DEPOSED, Action.FORGET, Action.CREATE}:
        attributes = []  # all of it goes or comes; the kind and the consequence say what it is
    rows += [(6, attribute_row(each)) for each in attributes[:_PER_CHANGE]]
    if len(attributes) > _PER_CHANGE:
        rows.append((6, Text(f"… and {how_many(len(attributes) - _PER_CHANGE, 'attribute')} more", style="dim")))
    return rows


def brief_row(change: Change) -> Row:
    """A change without its attributes.

    Args:
        change: any.
    """
    style = STYLES[change.risk]
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


def changes_row(changes: Sequence[Change]) -> Row:
    """Changes that say the same.

    Args:
        changes: not empty.
    """
    first = changes[0]
    if len(changes) == 1:
        return brief_row(first)
    style = STYLES[first.risk]
    head = Text.assemble(
        (f"{ACTION_SIGNS[first.action]} ", style),
        (f"{len(changes):,} {line(first.type)}", "bold"),
        (f"  {RISK_WORDS[first.risk]}", style),
    )
    says = [(6, Text(f"{ACTION_WORDS[first.action]}: {line(each.text)}")) for each in first.consequences[:3]]
    return [(2, head), *says, (6, Text(f"{line(first.key)} and {len(changes) - 1:,} more", style="dim"))]


def attribute_row(attribute: AttributeChange) -> Text:
    """An attribute that differs.

    Args:
        attribute: it.
    """
    if attribute.document is not None:
        parts = "; ".join(f"{line(part.name)} {part.change}" for part in attribute.document.parts)
        return Text(f"{line(attribute.path)}: {line(parts) or 'means the same'}")
    text = _values(attribute.path, attribute.before, attribute.after, unknown=attribute.unknown)
    return text.append(" forces the replacement", "bold red") if attribute.forces_replacement else text


def _values(name: str, before: Json, after: Json, *, unknown: bool) -> Text:
    return Text.assemble(
        f"{line(name)}: ", (value(before, _VALUE), "red"), " → ", (planned(after, unknown, _VALUE), "green")
    )


def access_row(access: AccessChange) -> Row:
    """A grant that comes or goes.

    Args:
        access: it.
    """
    grant = access.grant
    sign, style = _DIRECTIONS[access.widens]
    verb = {"Allow": "may", "Deny": "is denied"}[grant.effect]
    conditions = f" if {line(' and '.join(grant.conditions))}" if grant.conditions else ""
    text = Text.assemble(
        (f"{sign} ", style),
        f"{'no longer: ' if access.change == 'removed' else ''}{line(grant.principal)} {verb} "
        f"{line(', '.join(grant.actions))} on {line(', '.join(grant.resources))}{conditions} ",
        (f"({line(access.address)})", "dim"),
    )
    return [(2, text)]


def accesses_row(changes: Sequence[AccessChange]) -> Row:
    """The grants of a principal that come, or that go.

    Args:
        changes: of one principal and direction; not empty.
    """
    first = changes[0]
    if len(changes) == 1:
        return access_row(first)
    sign, style = _DIRECTIONS[first.widens]
    services = sorted({action.rpartition(":")[0] or action for each in changes for action in each.grant.actions})
    grants = f"{how_many(len(changes), 'grant')} of {line(', '.join(services))}"
    text = Text.assemble((f"{sign} ", style), f"{line(first.grant.principal)}: {grants}")
    return [(2, text)]


def unknown_row(access: UnknownAccess) -> Row:
    """A policy that nobody can review.

    Args:
        access: where it is.
    """
    text = f"{line(access.address)}: {line(access.attribute)} is known only after apply, nobody can review it"
    return [(2, Text.assemble(("unknown ", "bold red"), text))]


def rule_row(findings: list[Finding]) -> Row:
    """The findings of a rule.

    Args:
        findings: of one rule; not empty.
    """
    first = findings[0]
    style = "bold red" if first.severity in {Severity.CRITICAL, Severity.HIGH} else "yellow"
    head = Text.assemble((f"{first.severity} ", style), (line(first.rule), "bold"), f" {line(first.title)}")
    rows = [(2, head), (6, Text(line(f"{first.message} {first.remedy}", 600)))]
    rows += [(6, Text(line(finding.where), style="dim")) for finding in findings[:3]]
    if len(findings) > 3:
        rows.append((6, Text(f"… and {len(findings) - 3:,} places more", style="dim")))
    return rows
