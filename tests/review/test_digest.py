"""The digest: the same for the same, another for any difference that matters."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.review.digest import digest
from tests.review.documents import document, entry
from tests.review.plans import RealPlan

scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
objects = st.dictionaries(st.sampled_from(["name", "value", "rule", "a b", "ü"]), values, min_size=1, max_size=4)


@st.composite
def plans_by_hand(draw: st.DrawFn) -> dict[str, Any]:
    entries = [
        entry(f"aws_lb.a{number}", draw(st.none() | objects), draw(objects), actions=["update"])
        for number in range(draw(st.integers(1, 3)))
    ]
    outputs = draw(st.dictionaries(st.text(max_size=5), values, max_size=2))
    return document(
        *entries,
        variables={name: {"value": value} for name, value in draw(objects).items()},
        output_changes={name: {"actions": ["update"], "before": None, "after": each} for name, each in outputs.items()},
    )


def test_two_real_plans_of_the_same_state_have_one_digest(plans: dict[str, RealPlan]) -> None:
    one, two = plans["all"], plans["all again"]
    assert one.text != two.text  # the timestamp at least
    assert one.record.plan_sha256 != two.record.plan_sha256
    assert one.review.provenance.digest == two.review.provenance.digest


def test_different_real_plans_have_different_digests(plans: dict[str, RealPlan]) -> None:
    digests = {name: plan.review.provenance.digest for name, plan in plans.items() if name != "all again"}
    assert len(set(digests.values())) == len(digests)


def _shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        order.shuffle(keys)
        return {key: _shuffled(value[key], order) for key in keys}
    return [_shuffled(each, order) for each in value] if isinstance(value, list) else value


@given(plans_by_hand(), st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_and_time_do_not_matter(plan: dict[str, Any], order: random.Random) -> None:
    other = _shuffled(plan, order)
    order.shuffle(other["resource_changes"])
    other["timestamp"] = "2030-01-01T00:00:00Z"
    assert digest(other) == digest(plan)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    yield from (found for key, each in items for found in _leaves(each, (*path, key)))
    if not isinstance(value, (dict, list)):
        yield path


def _set(plan: Any, path: tuple[Any, ...], value: Any) -> None:
    for key in path[:-1]:
        plan = plan[key]
    plan[path[-1]] = value


_IGNORED = {("timestamp",)}


@given(plans_by_hand(), st.data())
@settings(max_examples=120, deadline=None)
def test_every_leaf_matters(plan: dict[str, Any], data: st.DataObject) -> None:
    leaves = [path for path in _leaves(plan) if path not in _IGNORED and path[-2:] != ("actions", 0)]
    path = data.draw(st.sampled_from(leaves))
    other = copy.deepcopy(plan)
    _set(other, path, "another value, which nothing has")
    assert digest(other) != digest(plan)


@given(values, values)
@settings(max_examples=100, deadline=None)
def test_a_change_of_type_matters(one: Any, two: Any) -> None:
    plans = [document(entry("aws_lb.a", None, {"x": value})) for value in (one, two)]
    assert (digest(plans[0]) == digest(plans[1])) == (
        json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    )


def _real(plans: dict[str, RealPlan]) -> dict[str, Any]:
    return copy.deepcopy(plans["all"].document)


def test_every_attribute_of_a_real_change_matters(plans: dict[str, RealPlan]) -> None:
    before = digest(plans["all"].document)
    plan = _real(plans)
    tried = 0
    for change in plan["resource_changes"]:
        if change["change"]["actions"] == ["no-op"] and not change.get("previous_address"):
            continue
        for part in ("before", "after", "after_unknown", "after_sensitive"):
            for path in _leaves(change["change"][part]):
                if not path:
                    continue
                holder = change["change"][part]
                kept = holder
                for key in path:
                    kept = kept[key]
                _set(holder, path, "edited")
                if tried % 10 == 0:  # each costs a hash of the whole plan
                    assert digest(plan) != before, (change["address"], part, path)
                _set(holder, path, kept)
                tried += 1
    assert tried > 200
    assert digest(plan) == before


@pytest.mark.parametrize("part", ["configuration", "variables", "checks", "terraform_version", "a key of the future"])
def test_the_rest_of_the_document_matters(plans: dict[str, RealPlan], part: str) -> None:
    plan = _real(plans)
    plan[part] = "edited"
    assert digest(plan) != digest(plans["all"].document)


def test_a_value_that_flows_into_a_change_matters(plans: dict[str, RealPlan]) -> None:
    plan = _real(plans)
    (source,) = [
        each
        for each in plan["prior_state"]["values"]["root_module"]["resources"]
        if each["address"] == "aws_ssm_parameter.source"
    ]
    source["values"]["insecure_value"] = "another"
    assert digest(plan) != digest(plans["all"].document)


def test_the_order_of_relevant_attributes_does_not_matter(plans: dict[str, RealPlan]) -> None:
    # Two plans of the whole stack differ in it; so small a root as this one may not show it.
    plan = _real(plans)
    plan["relevant_attributes"] = [*reversed(plan["relevant_attributes"]), plan["relevant_attributes"][0]]
    assert plan["relevant_attributes"] != plans["all"].document["relevant_attributes"]
    assert digest(plan) == digest(plans["all"].document)


def test_what_moves_by_itself_does_not_matter(plans: dict[str, RealPlan]) -> None:
    plan = _real(plans)
    (unused,) = [
        each
        for each in plan["prior_state"]["values"]["root_module"]["resources"]
        if each["address"] == "aws_ssm_parameter.unused"
    ]
    unused["values"]["version"] = 99
    plan["resource_drift"] = []
    assert digest(plan) == digest(plans["all"].document)


def test_the_clock_of_a_database_does_not_matter_while_its_password_does() -> None:
    def plan(time: str, password: str) -> dict[str, Any]:
        values = {"latest_restorable_time": time, "password": "old"}
        return document(entry("aws_db_instance.this", values, values | {"password": password}))

    assert digest(plan("10:00", "new")) == digest(plan("10:05", "new"))
    assert digest(plan("10:00", "new")) != digest(plan("10:00", "newer"))


def test_an_import_alone_matters() -> None:
    values = {"name": "a"}
    still = entry("aws_lb.a", values, values)
    imported = {**still, "change": {**still["change"], "importing": {"id": "i-1"}}}
    another = {**still, "change": {**still["change"], "importing": {"id": "i-2"}}}
    assert len({digest(document(each)) for each in (still, imported, another)}) == 3


def test_what_aws_changes_by_itself_matters_when_the_plan_changes_it() -> None:
    def service(before: int, after: int) -> str:
        one, other = {"desired_count": before, "tags": {}}, {"desired_count": after, "tags": {"a": "b"}}
        return digest(document(entry("aws_ecs_service.a", one, other, type="aws_ecs_service")))

    assert service(1, 1) == service(2, 2), "autoscaling moved it"
    assert len({service(1, 1), service(2, 0), service(2, 1)}) == 3
