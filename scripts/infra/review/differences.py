"""What differs between two values of a resource, leaf by leaf, with Terraform's marks."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from infra.review import marks, paths
from infra.review.marks import is_secret, mask
from infra.review.model import REDACTED, AttributeChange, Json
from infra.review.policy_diff import document_change


class Side(NamedTuple):
    """A value with its mark.

    Args:
        value: of a plan.
        sensitive: Terraform's mark: True, or a structure with True at the secret places.
    """

    value: Json
    sensitive: Json = False

    def at(self, key: str | int, sensitive: bool = False) -> "Side":
        """The value one step deeper; None where there is nothing. More may be known of it than Terraform's mark."""
        mark = True if sensitive or self.sensitive is True else _get(self.sensitive, key)
        return Side(_get(self.value, key), mark)

    def masked(self) -> Json:
        """The value without its secrets."""
        return mask(self.value, self.sensitive)


def differences(
    before: Side, after: Side, unknown: Json = False, replace_paths: Sequence[str] = ()
) -> tuple[AttributeChange, ...]:
    """Compare two values.

    Args:
        before: the object now.
        after: the object as planned.
        unknown: True, or a structure with True where the value is known only after apply.
        replace_paths: paths that force a replacement.

    Returns:
        Every leaf that differs, by path. A list of plain values is one leaf.
    """
    return tuple(_walk("", "", before, after, unknown, replace_paths))


def _walk(  # noqa: PLR0917 - the four structures run in step
    path: str, name: str | int, before: Side, after: Side, unknown: Json, forced: Sequence[str]
) -> Iterator[AttributeChange]:
    old, new = before.value, after.value
    kinds = {type(value) for value in (old, new) if value is not None}
    if before.sensitive is True or after.sensitive is True or is_secret(name, old) or is_secret(name, new):
        if not same(old, new) or marks.holds(unknown):
            yield AttributeChange(
                path,
                None if old is None else REDACTED,
                None if new is None else REDACTED,
                unknown=marks.holds(unknown),
                sensitive=True,
                forces_replacement=_forces(path, forced),
            )
    elif unknown is True:
        yield _leaf(path, before, Side(None), forced, unknown=True)
    elif kinds <= {dict} and (kinds or isinstance(unknown, dict)):
        for key in sorted({*_keys(old), *_keys(new), *_keys(unknown)}):
            if not _get(unknown, key) and same(_get(old, key), _get(new, key)):
                continue  # most attributes of most changes
            mark = key == "value" and _named_secret(old, new)
            yield from _walk(
                paths.step(path, key), key, before.at(key, mark), after.at(key, mark), _get(unknown, key), forced
            )
    elif kinds <= {list} and (kinds or isinstance(unknown, list)):
        yield from _lists(path, name, before, after, unknown, forced)
    elif not same(old, new) or marks.holds(unknown):
        yield _leaf(path, before, after, forced, unknown=marks.holds(unknown), name=str(name))


def _named_secret(*blocks: Json) -> bool:
    """Whether a block names its value and the name is that of a secret, as variables and parameters do."""
    return any(isinstance(each, dict) and is_secret(each.get("name", ""), each.get("value")) for each in blocks)


def _lists(  # noqa: PLR0917 - as _walk
    path: str, name: str | int, before: Side, after: Side, unknown: Json, forced: Sequence[str]
) -> Iterator[AttributeChange]:
    old, new = before.value or [], after.value or []
    if same(old, new) and not marks.holds(unknown):
        return
    if not any(isinstance(each, (dict, list)) for each in [*old, *new]):
        yield _leaf(path, before, after, forced, unknown=marks.holds(unknown))
        return
    pairs = _aligned(old, new, unknown)
    if not pairs:  # the same entries in another order
        yield _leaf(path, before, after, forced)
    nothing = Side(None)
    for there, here in pairs:
        inside = paths.step(path, (here if here is not None else there) or 0)
        old_side = nothing if there is None else before.at(there)
        new_side = nothing if here is None else after.at(here)
        found = list(_walk(inside, name, old_side, new_side, _get(unknown, here), forced))
        if not found and (there is None or here is None):  # a block in which nothing is set
            found = [_leaf(inside, old_side, new_side, forced)]
        yield from found


def _aligned(old: list[Json], new: list[Json], unknown: Json) -> list[tuple[int | None, int | None]]:
    """Which entry became which: equal ones are left out wherever they stand, the others go in pairs as they come.

    A block that is a set is a list in the JSON; without this one new rule would make every later one look changed.
    """
    left: dict[str, list[int]] = {}
    for index, each in enumerate(old):
        left.setdefault(json.dumps(each, sort_keys=True), []).append(index)
    fresh = []
    for index, each in enumerate(new):
        equal = left.get(json.dumps(each, sort_keys=True)) if not marks.holds(_get(unknown, index)) else None
        if equal:
            equal.pop(0)
        else:
            fresh.append(index)
    gone = sorted(index for indexes in left.values() for index in indexes)
    pairs: list[tuple[int | None, int | None]] = list(zip(gone, fresh, strict=False))
    pairs += [(index, None) for index in gone[len(fresh) :]]
    return pairs + [(None, index) for index in fresh[len(gone) :]]


def _leaf(
    path: str, before: Side, after: Side, forced: Sequence[str], *, unknown: bool = False, name: str = ""
) -> AttributeChange:
    old, new = before.masked(), after.masked()
    document = None
    if isinstance(old, str) or isinstance(new, str):
        found = None if unknown else document_change(name, old, new)
        if found:
            document, old, new = found
    hidden = marks.holds(before.sensitive) or marks.holds(after.sensitive)
    return AttributeChange(path, old, new, unknown, hidden, _forces(path, forced), document)


def same(one: Json, other: Json) -> bool:
    """Whether two values of a plan are the same, also in type: JSON's true is not 1.

    Args:
        one: a value.
        other: a value.

    Returns:
        True when Terraform would see no difference.
    """
    if one is other:
        return True
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(each, other[key]) for key, each in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _forces(path: str, forced: Sequence[str]) -> bool:
    return any(paths.meet(path, each) for each in forced)


def _keys(value: Json) -> Iterator[str]:
    return iter(value if isinstance(value, dict) else ())


def _get(value: Json, key: str | int | None) -> Json:
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key)
    if isinstance(value, list) and isinstance(key, int) and key < len(value):
        return value[key]
    return None
