"""JSON inside attributes, compared as what it means: policies by statement, containers by environment variable.

Two documents that AWS understands in the same way (order of actions, one action as a text or a list, white space) have
no difference here. Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from infra.review import paths
from infra.review.marks import is_secret, mask, parsed
from infra.review.model import REDACTED, AttributeChange, DocumentChange, Json, PartChange

# A document as parts, each with its facts: path -> value, or None for a member of a set.
_Facts = dict[tuple[str, Json], Json]
_Parts = dict[str, _Facts]

_SETS: Final = ("Action", "NotAction", "Resource", "NotResource")
# By what an entry of a list is recognised; the order of such lists means nothing.
_NAMES: Final = ("name", "containerPort", "sourceVolume", "containerName", "namespace")
# What ECS adds to a container when it answers; leaving it out means the same.
_CONTAINER_DEFAULTS: Final = {"cpu": 0, "essential": True, "protocol": "tcp"}


def document_change(name: str, before: Json, after: Json) -> tuple[DocumentChange, Json, Json] | None:
    """Compare an attribute that holds JSON.

    Args:
        name: of the attribute.
        before: its value now; None when there is none.
        after: its planned value; None when there will be none.

    Returns:
        The difference, and both texts without what is secret by name; None when the attribute holds no JSON.
    """
    old, new = (parsed(side) if isinstance(side, str) else None for side in (before, after))
    if (old is None and new is None) or (old is None and before) or (new is None and after):
        return None
    kind = _kind(name, old if new is None else new)
    parts = _compare(_parts(kind, old), _parts(kind, new))
    texts = [None if side is None else json.dumps(mask(side), ensure_ascii=False) for side in (old, new)]
    return DocumentChange(kind, parts), texts[0], texts[1]


def statements(document: Json) -> list[dict[str, Any]]:
    """The statements of a policy.

    Args:
        document: the parsed policy.

    Returns:
        Its statements; IAM allows one without a list around it.
    """
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return [each for each in listed(found) if isinstance(each, dict)]


def listed(value: Json) -> list[Any]:
    """A policy's one-or-many element.

    Args:
        value: one or a list.

    Returns:
        A list.
    """
    return value if isinstance(value, list) else [value]


def _kind(name: str, document: Json) -> Literal["policy", "containers", "json"]:
    if isinstance(document, dict) and "Statement" in document:
        return "policy"
    if name == "container_definitions" and isinstance(document, list):
        return "containers"
    return "json"


def _parts(kind: str, document: Json) -> _Parts:
    if document is None:
        return {}
    if kind == "policy" and isinstance(document, dict):
        return _policy(document)
    if kind == "containers":
        return {
            f"container {each.get('name', number)}": _container(each)
            for number, each in enumerate(listed(document), 1)
            if isinstance(each, dict)
        }
    return {"document": {(path, None): value for path, value in _flat("", document)}}


def _policy(document: Mapping[str, Any]) -> _Parts:
    parts: _Parts = {}
    sids = Counter(str(each.get("Sid")) for each in statements(document))
    for number, statement in enumerate(statements(document), 1):
        sid = statement.get("Sid")
        parts[str(sid) if sid and sids[str(sid)] == 1 else f"statement {number}"] = _statement(statement)
    rest = {(name, None): value for name, value in document.items() if name != "Statement"}
    if rest:
        parts["document"] = rest
    return parts


def _statement(statement: Mapping[str, Any]) -> _Facts:
    facts: _Facts = {}
    for name, value in statement.items():
        if name in _SETS:
            facts |= {(name, _member(each)): None for each in listed(value)}
        elif name in {"Principal", "NotPrincipal"}:
            for kind, each in value.items() if isinstance(value, dict) else [("", value)]:
                facts |= {(paths.step(name, kind) if kind else name, _member(one)): None for one in listed(each)}
        elif name == "Condition" and isinstance(value, dict):
            for operator, keys in value.items():
                for key, wanted in keys.items() if isinstance(keys, dict) else [("", keys)]:
                    path = paths.of((name, operator, key))
                    facts |= {(path, _member(each)): None for each in listed(wanted)}
        elif name != "Sid":
            facts[(name, None)] = value
    return facts


def _member(value: Json) -> str:
    # IAM takes true and "true" for the same.
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _container(container: Mapping[str, Any]) -> _Facts:
    return {(path, None): value for path, value in _flat("", container) if path != "name"}


def _flat(path: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Every leaf; a list whose entries have names is taken as a map, a list of plain values as a leaf."""
    if isinstance(value, dict):
        for key, each in value.items():
            if not _is_default(key, each, value):
                yield from _flat(paths.step(path, key), REDACTED if is_secret(key, each) else each)
    elif isinstance(value, list) and any(isinstance(each, (dict, list)) for each in value):
        name = next((name for name in _NAMES if all(isinstance(e, dict) and name in e for e in value)), None)
        for number, each in enumerate(value):
            if name is None:
                yield from _flat(paths.step(path, number), each)
                continue
            rest = {key: inner for key, inner in each.items() if key != name and not _is_default(key, inner, each)}
            if set(rest) in ({"value"}, {"valueFrom"}):
                inner = next(iter(rest.values()))
                yield paths.step(path, str(each[name])), REDACTED if is_secret(each[name], inner) else inner
            else:
                yield from _flat(paths.step(path, str(each[name])), rest or {name: each[name]})
    else:
        yield path, value


def _is_default(key: str, value: Json, around: Mapping[str, Any]) -> bool:
    if value is None or value in ([], {}):
        return True
    if key == "hostPort":
        return bool(value == around.get("containerPort"))
    return key in _CONTAINER_DEFAULTS and value == _CONTAINER_DEFAULTS[key] and "Sid" not in around


def _compare(before: _Parts, after: _Parts) -> tuple[PartChange, ...]:
    before, after = _without_equal(before, after)
    pairs = _paired(before, after)
    changes = []
    for old, new in pairs:
        fields = _fields(before.get(old or "", {}), after.get(new or "", {}))
        if fields or old is None or new is None:
            change: Literal["added", "removed", "changed"] = (
                "added" if old is None else "removed" if new is None else "changed"
            )
            changes.append(PartChange(new or old or "", change, fields))
    return tuple(changes)


def _without_equal(before: _Parts, after: _Parts) -> tuple[_Parts, _Parts]:
    """Leave out what stands in both, wherever it stands and whatever it is called."""
    unmatched = {name: _key(facts) for name, facts in after.items()}
    kept: _Parts = {}
    for name, facts in before.items():
        key = _key(facts)
        same = name if unmatched.get(name) == key else next((n for n, k in unmatched.items() if k == key), None)
        if same is None:
            kept[name] = facts
        else:
            del unmatched[same]
    return kept, {name: after[name] for name in unmatched}


def _key(facts: _Facts) -> str:
    return json.dumps(
        sorted(
            (path, str(member), "" if value is None else json.dumps(value, sort_keys=True))
            for (path, member), value in facts.items()
        )
    )


def _paired(before: _Parts, after: _Parts) -> list[tuple[str | None, str | None]]:
    """Which part became which: by name, a statement without one by what it shares with another."""
    pairs: list[tuple[str | None, str | None]] = []
    free = [name for name in after if name not in before or name.startswith("statement ")]
    for name, facts in before.items():
        partner: str | None = name if name in after and name not in free else None
        if partner is None and name.startswith("statement "):
            shared = [(len(facts.keys() & after[each].keys()), each) for each in free if each.startswith("statement ")]
            best = max(shared, default=(0, ""))
            # The effect alone is shared by any two.
            if best[0] > 1:
                partner = best[1]
                free.remove(partner)
        pairs.append((name, partner))
    return pairs + [(None, name) for name in free]


def _fields(before: _Facts, after: _Facts) -> tuple[AttributeChange, ...]:
    fields = []
    for path, member in sorted(before.keys() | after.keys(), key=lambda key: (key[0], str(key[1]))):
        fact = (path, member)
        if fact in before and fact in after and _same(before[fact], after[fact]):
            continue
        old, new = (
            (member if member is not None else side.get(fact)) if fact in side else None for side in (before, after)
        )
        fields.append(AttributeChange(path, old, new))
    return tuple(fields)


def _same(one: Json, other: Json) -> bool:
    return bool(one == other) and type(one) is type(other)
