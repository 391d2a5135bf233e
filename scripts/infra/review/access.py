"""What can be done after a plan that could not be done before, and the reverse.

Grants are compared over the whole plan: a statement that only moves to another policy of the same role changes nothing,
and an action that a wildcard already allowed is nothing new.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple

from infra.review import addresses, marks
from infra.review.grants import SOURCES
from infra.review.model import AccessChange, Grant, Json, UnknownAccess

# Where the configuration does not set these, they mirror what other resources grant (the policies of a role, the rules
# of a security group), as it was before the plan. They would say that what the plan takes away is still there.
_MIRRORS: Final = frozenset({"ingress", "egress", "inline_policy", "managed_policy_arns", "policy"})


class _Atom(NamedTuple):
    """A grant of one action on one resource."""

    effect: Literal["Allow", "Deny"]
    principal: str
    conditions: tuple[str, ...]
    action: str
    resource: str


@dataclass
class _Side:
    """All grants before or after, each with the resource that makes it."""

    atoms: dict[_Atom, str]
    wide: dict[tuple[str, str], list[_Atom]]

    @classmethod
    def of(cls, grants: Iterable[tuple[str, Grant]]) -> "_Side":
        side = cls({}, {})
        for address, grant in grants:
            for action in grant.actions:
                for resource in grant.resources:
                    atom = _Atom(grant.effect, grant.principal, grant.conditions, action, resource)
                    side.atoms.setdefault(atom, address)
        for atom in side.atoms:
            if "*" in atom.action or "*" in atom.resource or "?" in atom.action or "?" in atom.resource:
                side.wide.setdefault((atom.effect, atom.principal), []).append(atom)
        return side

    def covers(self, atom: _Atom) -> bool:
        """Whether everything that an atom is about is already said here."""
        if atom in self.atoms or (atom.conditions and atom._replace(conditions=()) in self.atoms):
            return True
        return any(
            set(wide.conditions) <= set(atom.conditions)
            and _like(atom.action.lower(), wide.action.lower())
            and _like(atom.resource, wide.resource)
            for wide in self.wide.get((atom.effect, atom.principal), ())
        )


def access_of(document: Mapping[str, Any]) -> tuple[tuple[AccessChange, ...], tuple[UnknownAccess, ...]]:
    """How access changes.

    Args:
        document: the plan's JSON.

    Returns:
        The grants that come and go, what widens access first; and the policies that are known only after apply.
    """
    before: list[tuple[str, Grant]] = []
    after: list[tuple[str, Grant]] = []
    unknown: list[UnknownAccess] = []
    configured = _Configuration(document)
    for entry in document.get("resource_changes", []):
        source = SOURCES.get(entry["type"])
        if source is None or entry.get("mode") == "data":
            continue
        address, change = entry["address"], entry["change"]
        old, new = (configured.own(address, change.get(side)) for side in ("before", "after"))
        if change["actions"] == ["forget"]:
            new = old  # it stays in the account, and so does what it grants
        if isinstance(old, dict):
            before += [(address, grant) for grant in source.grants(old, address)]
        if isinstance(new, dict):
            after += [(address, grant) for grant in source.grants(new, address)]
            unknowns = change.get("after_unknown") or {}
            unknown += [
                UnknownAccess(address, attribute)
                for attribute in source.decisive
                if marks.holds(unknowns.get(attribute)) and configured.decides(address, attribute)
            ]
    had, has = _Side.of(before), _Side.of(after)
    found = [
        *_changes("added", {atom: address for atom, address in has.atoms.items() if not had.covers(atom)}),
        *_changes("removed", {atom: address for atom, address in had.atoms.items() if not has.covers(atom)}),
    ]
    found.sort(key=lambda each: (not each.widens, each.change, each.grant.principal, each.address, each.grant.actions))
    return tuple(found), tuple(unknown)


def _changes(change: Literal["added", "removed"], atoms: Mapping[_Atom, str]) -> Iterator[AccessChange]:
    """Put atoms together again: all resources of an action, then all actions with the same resources."""
    resources: dict[tuple[str, Literal["Allow", "Deny"], str, tuple[str, ...], str], list[str]] = {}
    for atom, address in atoms.items():
        key = (address, atom.effect, atom.principal, atom.conditions, atom.action)
        resources.setdefault(key, []).append(atom.resource)
    actions: dict[tuple[str, Literal["Allow", "Deny"], str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (address, effect, principal, conditions, action), named in resources.items():
        actions.setdefault((address, effect, principal, conditions, tuple(sorted(named))), []).append(action)
    for (address, effect, principal, conditions, on), does in actions.items():
        yield AccessChange(
            change=change,
            grant=Grant(effect, principal, tuple(sorted(does)), on, conditions),
            address=address,
            widens=(effect == "Allow") is (change == "added"),
        )


class _Configuration:
    """Which arguments the configuration sets, by address without keys."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._set: dict[str, frozenset[str]] = {}
        self._walk(document.get("configuration", {}).get("root_module", {}), "")

    def decides(self, address: str, attribute: str) -> bool:
        """Whether an attribute is the resource's own; yes for a resource that the configuration no longer has."""
        arguments = self._set.get(addresses.without_keys(address))
        return attribute not in _MIRRORS or arguments is None or attribute in arguments

    def own(self, address: str, values: Json) -> Json:
        """The values of a resource without what only mirrors others."""
        if not isinstance(values, dict):
            return None
        return {name: value for name, value in values.items() if self.decides(address, name)}

    def _walk(self, module: Mapping[str, Any], prefix: str) -> None:
        for resource in module.get("resources", []):
            self._set[prefix + resource["address"]] = frozenset(resource.get("expressions", {}))
        for name, call in module.get("module_calls", {}).items():
            self._walk(call.get("module", {}), f"{prefix}module.{name}.")


@cache
def _expression(pattern: str) -> re.Pattern[str]:
    return re.compile("".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in pattern), re.DOTALL)


def _like(value: str, pattern: str) -> bool:
    """IAM's wildcards; a negated pattern only covers itself."""
    if value.startswith("not ") or pattern.startswith("not "):
        return value == pattern
    return _expression(pattern).fullmatch(value) is not None
