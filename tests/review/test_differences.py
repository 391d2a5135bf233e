"""What differs between two values, leaf by leaf."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.differences import Side, differences, same
from infra.review.model import REDACTED

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from("abcd"), values, max_size=4)


def _paths(before: Any, after: Any, unknown: Any = False, **more: Any) -> list[tuple[str, Any, Any]]:
    return [(each.path, each.before, each.after) for each in differences(Side(before), Side(after), unknown, **more)]


@given(objects)
@settings(max_examples=100, deadline=None)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert _paths(value, value) == []


def _empty(value: Any) -> bool:
    return value is None or (value in ([], {}) and not isinstance(value, bool))


def _bare(value: Any) -> Any:
    """Without what Terraform may write or leave out for the same: null, and blocks of which there are none."""
    if isinstance(value, dict):
        kept = {key: _bare(each) for key, each in value.items()}
        return {key: each for key, each in kept.items() if not _empty(each)}
    if isinstance(value, list):
        bare = [_bare(each) for each in value]
        return [None if _empty(each) else each for each in bare]
    return value


@given(objects, objects)
@settings(max_examples=300, deadline=None)
def test_whatever_differs_is_found(one: Any, two: Any) -> None:
    if not same(_bare(one), _bare(two)):
        assert _paths(one, two)


@given(objects, objects, values, values, values)
@settings(max_examples=300, deadline=None)
def test_marks_of_any_shape_never_crash(one: Any, two: Any, unknown: Any, old: Any, new: Any) -> None:
    for each in differences(Side(one, old), Side(two, new), unknown):
        assert not each.unknown or each.after in (None, REDACTED) or isinstance(each.after, (list, dict, str))


def test_true_is_not_one() -> None:
    assert _paths({"a": True}, {"a": 1}) == [("a", True, 1)]
    assert _paths({"a": [{"b": 0}]}, {"a": [{"b": False}]}) == [("a[0].b", 0, False)]


def test_a_new_block_in_front_does_not_make_the_others_look_changed() -> None:
    old = {"rule": [{"port": 1}, {"port": 2}]}
    assert _paths(old, {"rule": [{"port": 0}, {"port": 1}, {"port": 2}]}) == [("rule[0].port", None, 0)]
    assert _paths(old, {"rule": [{"port": 2}]}) == [("rule[0].port", 1, None)]


def test_another_order_of_blocks_is_a_difference() -> None:
    one, two = {"rule": [{"a": 1}, {"a": 2}]}, {"rule": [{"a": 2}, {"a": 1}]}
    assert _paths(one, two) == [("rule", one["rule"], two["rule"])]


def test_a_block_in_which_nothing_is_set_counts() -> None:
    assert _paths({"block": []}, {"block": [{}]}) == [("block[0]", None, {})]
    assert _paths({"block": [{"a": None}]}, {"block": []}) == [("block[0]", {"a": None}, None)]


def test_a_list_of_plain_values_is_one_leaf() -> None:
    assert _paths({"a": ["x"]}, {"a": ["x", "y"]}) == [("a", ["x"], ["x", "y"])]


def test_unknown_inside_a_block() -> None:
    found = differences(Side({"a": [{"b": 1, "c": 2}]}), Side({"a": [{"b": 1}]}), {"a": [{"c": True}]})
    assert [(each.path, each.before, each.after, each.unknown) for each in found] == [("a[0].c", 2, None, True)]


def test_a_secret_shows_neither_side() -> None:
    (found,) = differences(Side({"a": "old"}, {"a": True}), Side({"a": "new"}, {"a": True}))
    assert (found.before, found.after, found.sensitive) == (REDACTED, REDACTED, True)


def test_a_secret_that_stops_being_marked_shows_neither_side() -> None:
    (found,) = differences(Side({"a": "old"}, {"a": True}), Side({"a": "new"}))
    assert (found.before, found.after) == (REDACTED, REDACTED)


def test_a_secret_that_does_not_change_is_no_difference() -> None:
    assert differences(Side({"a": "x"}, {"a": True}), Side({"a": "x"}, {"a": True})) == ()


def test_what_forces_a_replacement_covers_what_is_below_it() -> None:
    found = differences(Side({"a": [{"b": 1}], "ab": 1}), Side({"a": [{"b": 2}], "ab": 2}), False, ("a",))
    assert {each.path: each.forces_replacement for each in found} == {"a[0].b": True, "ab": False}
