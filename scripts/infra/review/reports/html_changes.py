"""The changes of a review as HTML."""

from collections.abc import Iterator
from html import escape

from infra.review.addresses import first_module
from infra.review.model import AttributeChange, Change, DocumentChange, Json, PartChange
from infra.review.reports.lines import in_order
from infra.review.reports.text import line, value
from infra.review.reports.words import ACTION_SIGNS, ACTION_WORDS, RISK_WORDS, planned

# Of one value. review.json has it whole.
_VALUE = 2_000
_CAUSE = ' <span class="forces">forces the replacement</span>'


def text(of: str, limit: int = 1_000) -> str:
    """Text from a plan inside HTML, also inside a quoted attribute.

    Args:
        of: anything.
        limit: how many of its characters may stay.

    Returns:
        It, harmless, shortened and escaped.
    """
    return escape(line(of, limit))


def shown_value(of: Json) -> str:
    """A value inside HTML.

    Args:
        of: the value.
    """
    return escape(value(of, _VALUE))


def shown_after(after: Json, unknown: bool) -> str:
    """A planned value inside HTML.

    Args:
        after: the value, None when it is unknown.
        unknown: whether it is known only after apply.
    """
    return escape(planned(after, unknown, _VALUE))


def change_entry(change: Change) -> str:
    """A change: one line that opens.

    Args:
        change: any.
    """
    consequences = "; ".join(each.text for each in change.consequences)
    must = '<span class="must"> · must be acknowledged</span>' if change.needs_acknowledgement else ""
    body = "".join(_facts(change)) + attribute_table(change) or "<p class=soft>No attribute differs.</p>"
    return (
        f'<details class="change {change.risk}" data-risk="{change.risk}" '
        f'data-module="{text(first_module(change.module), 300)}"><summary>'
        f'<span class="sign">{escape(ACTION_SIGNS[change.action])}</span> '
        f'<span class="address">{text(change.key)}</span> <span class="badge">{RISK_WORDS[change.risk]}</span> '
        f'<span class="why">{ACTION_WORDS[change.action]}: {text(consequences)}{must}</span></summary>'
        f'<div class="body">{body}</div></details>\n'
    )


def _facts(change: Change) -> Iterator[str]:
    if len(change.consequences) > 1 or any(each.attributes for each in change.consequences):
        yield "<ul>"
        for each in change.consequences:
            because = f" <span class=soft>because of</span> {_codes(each.attributes)}" if each.attributes else ""
            yield f"<li>{RISK_WORDS[each.risk]}: {text(each.text)}{because}</li>"
        yield "</ul>"
    for label, fact in (
        ("Reason", text(change.reason)),
        ("Replaced because of", _codes(change.replace_paths)),
        ("Moved from", _codes((change.previous_address,) if change.previous_address else ())),
        ("Imported as", _codes((change.import_id,) if change.import_id else ())),
    ):
        if fact:
            yield f"<p><span class=soft>{label}</span> {fact}</p>"


def _codes(names: tuple[str, ...]) -> str:
    return ", ".join(f"<code>{text(name)}</code>" for name in names)


def attribute_table(change: Change) -> str:
    """The attributes of a change; JSON in them part by part.

    Args:
        change: any.
    """
    if not change.attributes:
        return ""
    rows = "".join(_row(attribute) for attribute in in_order(change))
    return (
        "<table class=attributes><thead><tr><th>attribute</th><th>now</th><th>planned</th></tr></thead>"
        f"<tbody>{rows}</tbody></table>"
    )


def _row(attribute: AttributeChange) -> str:
    path = f"<th>{text(attribute.path)}{_CAUSE if attribute.forces_replacement else ''}</th>"
    if attribute.document is not None:
        return f"<tr>{path}<td colspan=2>{document(attribute.document)}</td></tr>"
    return f"<tr>{path}{''.join(_cells(attribute))}</tr>"


def _cells(attribute: AttributeChange) -> Iterator[str]:
    if attribute.before is None:
        yield "<td></td>"
    else:
        yield f"<td class=go>{shown_value(attribute.before)}</td>"
    if attribute.after is None and not attribute.unknown:
        yield "<td></td>"
    else:
        yield f"<td class=come>{shown_after(attribute.after, attribute.unknown)}</td>"


def document(changed: DocumentChange) -> str:
    """A policy or another JSON document, statement by statement.

    Args:
        changed: what differs.
    """
    if not changed.parts:
        return "<p class=soft>written differently, means the same</p>"
    return "".join(_part(part) for part in changed.parts)


def _part(part: PartChange) -> str:
    sign = {"added": "+", "removed": "-", "changed": "~"}[part.change]
    lines = "".join(_part_line(field) for field in part.fields)
    return f"<div class=part><b>{sign} {text(part.name)} {part.change}</b>{lines}</div>"


def _part_line(field: AttributeChange) -> str:
    path = text(field.path)
    before = f"<div class=go>- {path} = {shown_value(field.before)}</div>" if field.before is not None else ""
    if field.after is None and not field.unknown:
        return before
    return f"{before}<div class=come>+ {path} = {shown_after(field.after, field.unknown)}</div>"
