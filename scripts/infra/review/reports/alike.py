"""What a reader understands as one thing: changes that say the same, grants of one principal.

To make an environment is dozens of changes of one kind. Whatever loses data or takes something down stays by itself.
"""

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from infra.review.model import AccessChange, Action, Change, Risk

_Kind = TypeVar("_Kind")


def changes_alike(changes: Iterable[Change]) -> list[list[Change]]:
    """New objects of one type with the same consequences together, every other change by itself.

    Args:
        changes: in any order.

    Returns:
        The groups, each where its first member was.
    """
    return _together(changes, lambda change: _kind(change) or id(change))


def access_alike(changes: Iterable[AccessChange]) -> list[list[AccessChange]]:
    """The grants of a principal that open something together, and those that close something.

    Args:
        changes: in any order.

    Returns:
        The groups, each where its first member was.
    """
    return _together(changes, lambda each: (each.widens, each.grant.principal))


def _kind(change: Change) -> Hashable:
    plain = change.action is Action.CREATE and not (
        change.needs_acknowledgement or change.previous_address or change.import_id or change.reason
    )
    if not plain or change.risk in {Risk.DATA_LOSS, Risk.OUTAGE}:
        return None
    return change.type, tuple(each.text for each in change.consequences)


def _together(members: Iterable[_Kind], kind: Callable[[_Kind], Hashable]) -> list[list[_Kind]]:
    groups: dict[Hashable, list[_Kind]] = {}
    for member in members:
        groups.setdefault(kind(member), []).append(member)
    return list(groups.values())
