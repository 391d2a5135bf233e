"""What is in the account, is the platform's, and is in no state."""

from collections.abc import Iterable, Iterator

from infra.release.drift.finding import DriftFinding, Rule
from infra.release.drift.owned import Owned
from infra.release.drift.seen import Seen
from infra.review.model import Severity
from infra.review.risk_table import KINDS

_NOUNS = {"aws_instance": "machine", "aws_appautoscaling_scheduled_action": "scheduled scaling"}
# Decide where requests go; not in the table of grants, and as bad.
_ROUTES = ("aws_lb_listener", "aws_lb_listener_rule", "aws_route")


def noun(kind: str) -> str:
    """What a person calls something of a type.

    Args:
        kind: Terraform's type; "" for none.

    Returns:
        As in "listener rule".
    """
    known = KINDS.get(kind)
    return known.noun if known else _NOUNS.get(kind, kind or "resource")


def unowned(seen: Iterable[Seen], owned: Owned) -> list[Seen]:
    """What no state holds.

    Args:
        seen: listed in the account.
        owned: the states.

    Returns:
        The rest, each once: as a part of something where it is listed as both.
    """
    found: dict[str, Seen] = {}
    for each in seen:
        if not owned.address(*each.keys):
            before = _same(found, each)
            if before is None or (each.parent and not before.parent):
                found[each.where if before is None else before.where] = each
    return list(found.values())


def findings_of(seen: Iterable[Seen], environment: str) -> Iterator[DriftFinding]:
    """What is to be said about things that no state holds.

    Args:
        seen: the things.
        environment: its name, for the commands.

    Yields:
        A finding each.
    """
    for each in seen:
        what, named = noun(each.type), f" {each.name}" if each.name else ""
        known = KINDS.get(each.type)
        opens = (known is not None and bool(known.grants)) or each.type in _ROUTES
        yield DriftFinding(
            rule=Rule.PART if each.parent else Rule.UNOWNED,
            severity=Severity.HIGH if opens else Severity.MEDIUM,
            what=f"The {what}{named} {each.why}, and no state holds it.",
            where=each.where,
            todo=(
                f"To keep it: write it into the configuration, then `make adopt ENV={environment}`. "
                "Otherwise remove it by hand."
            ),
            address=each.parent,
            since=each.since,
            by=each.by,
            type=each.type,
            import_id=each.import_id,
        )


def _same(found: dict[str, Seen], each: Seen) -> Seen | None:
    """The same thing, listed in another way: an id is the end of an ARN."""
    if each.where in found:
        return found[each.where]
    return next((other for other in found.values() if set(other.keys) & set(each.keys)), None)
