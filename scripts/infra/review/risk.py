"""What a change brings about: the table of consequences (risk_table.py) applied to one change."""

import re
from collections.abc import Iterator

from infra.review.model import Action, AttributeChange, Consequence, Json, Risk
from infra.review.risk_table import INERT, KINDS, RESULTS, Kind, Rule

_INDEX = re.compile(r"\[\d+\]")


def consequences(
    resource_type: str, action: Action, attributes: tuple[AttributeChange, ...]
) -> tuple[Consequence, ...]:
    """What a change brings about.

    Args:
        resource_type: as in `aws_lb`.
        action: what happens.
        attributes: what differs.

    Returns:
        The consequences, the worst first; never empty. Of a type that is not in the table the worst is assumed.
    """
    kind = KINDS.get(resource_type) or _unknown(resource_type)
    match action:
        case Action.CREATE:
            found = list(_created(kind))
        case Action.UPDATE:
            found = list(_updated(kind, attributes))
        case Action.DELETE | Action.DELETE_DEPOSED:
            found = list(_deleted(kind, "deleting", deposed=action is Action.DELETE_DEPOSED))
        case Action.REPLACE_DELETE_FIRST | Action.REPLACE_CREATE_FIRST:
            forced = tuple(attribute.path for attribute in attributes if attribute.forces_replacement)
            found = list(_replaced(kind, action, forced))
        case Action.FORGET:
            found = list(_forgotten(kind))
        case Action.READ:
            found = [Consequence(Risk.NONE, "reads; nothing in the account changes")]
        case Action.MOVE:
            found = [Consequence(Risk.NONE, "has another address; nothing in the account changes")]
        case Action.IMPORT:
            found = [Consequence(Risk.NONE, "is managed from now on; nothing in the account changes")]
    return tuple(sorted(found, key=lambda consequence: consequence.risk.rank))


def _unknown(resource_type: str) -> Kind:
    return Kind(
        resource_type,
        holds=f"whatever it holds (this tooling does not know {resource_type}, so it takes it for data)",
    )


def _created(kind: Kind) -> Iterator[Consequence]:
    if kind.grants:
        yield Consequence(Risk.ACCESS, f"making this {kind.noun} changes {kind.grants}")
    if kind.bills:
        yield Consequence(Risk.COST, f"this {kind.noun} is billed {kind.bills}")
    if not kind.grants and not kind.bills:
        yield Consequence(Risk.PLAIN, f"makes a new {kind.noun}")


def _deleted(kind: Kind, doing: str, *, deposed: bool = False) -> Iterator[Consequence]:
    if kind.holds:
        yield Consequence(Risk.DATA_LOSS, f"{doing} this {kind.noun} deletes {kind.holds}", acknowledge=True)
    if kind.stops and not deposed:
        yield Consequence(Risk.OUTAGE, f"{doing} this {kind.noun} {kind.stops} for good")
    if kind.grants:
        yield Consequence(Risk.ACCESS, f"{doing} this {kind.noun} changes {kind.grants}")
    if not (kind.holds or kind.grants or (kind.stops and not deposed)):
        what = f"{doing} what an interrupted replacement of this {kind.noun} left" if deposed else ""
        yield Consequence(Risk.PLAIN, what or f"{doing} this {kind.noun} interrupts nothing by itself")


def _replaced(kind: Kind, action: Action, forced: tuple[str, ...]) -> Iterator[Consequence]:
    if kind.holds:
        yield Consequence(Risk.DATA_LOSS, f"replacing this {kind.noun} deletes {kind.holds}", forced, acknowledge=True)
    if kind.grants:
        yield Consequence(Risk.ACCESS, f"replacing this {kind.noun} changes {kind.grants}", forced)
    if action is Action.REPLACE_DELETE_FIRST and kind.stops:
        yield Consequence(Risk.OUTAGE, f"replacing this {kind.noun} {kind.stops} for about {kind.gap}", forced)
    elif kind.swap:
        yield Consequence(Risk.OUTAGE, f"replacing this {kind.noun} {kind.swap}", forced)
    elif not kind.holds and not kind.grants:
        order = (
            "made first, then the old one goes" if action is Action.REPLACE_CREATE_FIRST else "made after the old one"
        )
        yield Consequence(Risk.PLAIN, f"a new {kind.noun} is {order}", forced)


def _forgotten(kind: Kind) -> Iterator[Consequence]:
    if kind.holds:
        text = f"forgetting this {kind.noun} leaves it in the account, where Terraform no longer protects or watches it"
        yield Consequence(Risk.DATA_LOSS, text, acknowledge=True)
    elif kind.grants:
        yield Consequence(Risk.ACCESS, f"forgetting this {kind.noun} leaves what it grants, and nobody manages it")
    else:
        yield Consequence(Risk.PLAIN, f"this {kind.noun} stays in the account and is no longer managed")


def _updated(kind: Kind, attributes: tuple[AttributeChange, ...]) -> Iterator[Consequence]:
    caused: dict[Rule, list[str]] = {}
    plain, inert = [], []
    for attribute in attributes:
        path = _INDEX.sub("", attribute.path)
        rules = [rule for rule in kind.rules if _in(path, rule.path) and applies(rule.when, attribute)]
        if rules:
            for rule in rules:
                caused.setdefault(rule, []).append(attribute.path)
        elif _is_inert(path, attribute):
            inert.append(attribute.path)
        else:
            plain.append(attribute.path)
    for rule, paths in caused.items():
        yield Consequence(rule.risk, rule.text, tuple(paths), rule.acknowledge)
    if plain and kind.grants:
        yield Consequence(Risk.ACCESS, f"changes {kind.grants}", tuple(plain))
    elif plain and kind.noun not in KINDS and kind.holds.startswith("whatever"):
        text = f"this tooling does not know {kind.noun}, so the change may interrupt it"
        yield Consequence(Risk.OUTAGE, text, tuple(plain))
    elif plain:
        yield Consequence(Risk.PLAIN, "changes in place", tuple(plain))
    if not caused and not plain:
        yield Consequence(Risk.NONE, "no effect on what runs", tuple(inert))


def _in(path: str, rule: str) -> bool:
    return not rule or path == rule or path.startswith((f"{rule}.", f"{rule}["))


def _is_inert(path: str, attribute: AttributeChange) -> bool:
    if attribute.document is not None:
        return not attribute.document.parts
    return any(_in(path, each) for each in INERT) or (attribute.unknown and path in RESULTS)


def applies(when: str, attribute: AttributeChange) -> bool:
    """Whether a difference is of the kind that a rule is about.

    Args:
        when: "any", "less", "more", "off" or "zero".
        attribute: the difference.

    Returns:
        True also when the planned value is unknown or secret: nobody can say that it is harmless.
    """
    before, after = attribute.before, attribute.after
    if when == "any" or attribute.unknown or attribute.sensitive:
        return True
    if when == "off":
        return before in (True, "true", "Enabled", "enabled", "ENABLED") and before != after
    if when == "zero":
        return after == 0 and _number(after) is not None
    old, new = _number(before), _number(after)
    if old is None or new is None:
        return True
    return new < old if when == "less" else new > old


def _number(value: Json) -> float | None:
    if isinstance(value, bool):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None
