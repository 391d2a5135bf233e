"""Plans that somebody made to break the review or what renders it."""

import copy
import cProfile
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.errors import InfraError
from infra.review import addresses
from infra.review.model import Action
from infra.review.reading import checked
from infra.review.review import review
from tests.review.documents import document, entry, policy
from tests.review.plans import SECRET, RealPlan
from tests.review.test_redaction import reviewed

NAMES = [
    'module.x["a.b"]["c"].aws_lb.this["]"]',
    'aws_lb.this["\\"] module.evil.aws_s3_bucket.x"]',
    'module.a["module.b"].aws_lb.x',
    "aws_lb.\x1b[31mred\x1b[0m",
    "aws_lb.<script>alert(1)</script>",
    "aws_lb.a|b`c`\n\n# heading",
    "aws_lb.\u202egnp.exe",
    "aws_lb.\U0001d54f\u0301\u00a0",
    "aws_lb.\x00\u2028\ud800",
    "",
]


@pytest.mark.parametrize("address", NAMES, ids=range(len(NAMES)))
def test_odd_addresses(address: str) -> None:
    review = reviewed(document(entry(address, None, {"x": address}, type="aws_lb")))
    assert review.changes[0].address == address
    assert review.modules
    assert review.provenance.digest


def test_the_module_of_an_address_whose_keys_look_like_addresses() -> None:
    assert addresses.first_module('module.x["a.b"].aws_lb.this') == 'x["a.b"]'
    assert addresses.first_module('module.a["module.b"].aws_lb.x') == 'a["module.b"]'
    assert addresses.first_module('aws_lb.this["module.evil.aws_s3_bucket.x"]') == ""
    assert addresses.without_keys('module.a["]\\"["].aws_lb.x[0]') == "module.a.aws_lb.x"


@pytest.mark.parametrize("text", ["x" * 65_536, "\x1b[2J" * 16_384, "{" * 65_536, "[" * 65_536, '{"a":' * 10_000])
def test_long_texts_are_kept_whole(text: str) -> None:
    review = reviewed(document(entry("aws_lb.a", {"x": "y"}, {"x": text})))
    assert review.changes[0].attributes[0].after == text


def test_a_policy_of_64_kib() -> None:
    statements = [
        {"Sid": f"S{n}", "Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:{n}"} for n in range(800)
    ]
    change = entry(
        "aws_iam_role_policy.p", {"role": "r", "policy": policy(*statements)}, {"role": "r", "policy": policy()}
    )
    review = reviewed(document(change))
    document_change = review.changes[0].attributes[0].document
    assert document_change
    assert len(document_change.parts) == 800
    assert len(review.access) == 1


def test_values_under_the_wrong_type() -> None:
    odd = [None, True, 0, -1, 1e308, "", [], {}, [[]], [{}], {"": {"": []}}, [None, "x", 3]]
    entries = [
        entry(f'aws_lb.x["{a}-{b}"]', {"x": one}, {"x": two}, actions=["update"], type="aws_lb")
        for a, one in enumerate(odd)
        for b, two in enumerate(odd)
    ]
    assert len(reviewed(document(*entries)).changes) == len(odd) ** 2


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)


@given(st.sampled_from(["aws_iam_role_policy", "aws_kms_key", "aws_iam_role", "aws_security_group", "aws_db_instance"]),
       st.dictionaries(st.sampled_from(["policy", "role", "name", "password", "tags", "x"]), anything, max_size=4),
       st.text(max_size=8))  # fmt: skip
@settings(max_examples=150, deadline=None)
def test_any_values_can_be_reviewed(kind: str, values: dict[str, Any], secret: str) -> None:
    values = {key: json.dumps(each) if key == "policy" else each for key, each in values.items()}
    if not isinstance(values.get("tags"), dict):
        values.pop("tags", None)
    plan = document(
        entry(f"{kind}.a", None, values),
        entry(f"{kind}.b", values, values | {"secret_string": secret}),
        entry(f"{kind}.c", values, None),
    )
    assert checked(json.dumps(plan))
    review = reviewed(plan)
    assert {change.action for change in review.changes} >= {Action.CREATE, Action.DELETE}


def _calls(changes: int) -> int:
    entries = [
        entry(
            f'aws_ssm_parameter.p["{n}"]', {"value": f"old secret {n}"}, {"value": f"new secret {n}", "note": f"n{n}"},
            after_sensitive={"value": True}, before_sensitive={"value": True}, type="aws_ssm_parameter",
        )
        if n % 2
        else entry(f"aws_iam_role_policy.p{n}", None, {"role": f"r{n}", "policy": policy(
            {"Effect": "Allow", "Action": ["a:b", "a:c*"], "Resource": [f"x{n}", "y"]})})
        for n in range(changes)
    ]  # fmt: skip
    plan = document(*entries)
    profile = cProfile.Profile()
    profile.runcall(reviewed, plan)
    return sum(each.callcount for each in profile.getstats())


def test_the_work_grows_with_the_plan_and_not_faster() -> None:
    # Calls, not seconds: they are the same on a busy machine.
    assert _calls(800) / _calls(200) < 4 * 1.15


def _paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in items for found in _paths(each, (*path, key)))]


def test_a_plan_that_was_tampered_with_is_reviewed_or_refused(plans: dict[str, RealPlan]) -> None:
    """Any part of a real plan replaced by something else: never a traceback, and never a secret in the refusal."""
    plan = plans["all"]
    order = random.Random(5)  # noqa: S311 - the same edits each time
    refused: list[str] = []
    reviewed_anyway = 0
    for path in order.sample([path for path in _paths(plan.document) if path], 80):
        edited = copy.deepcopy(plan.document)
        holder = edited
        for key in path[:-1]:
            holder = holder[key]
        holder[path[-1]] = order.choice([None, "text", 7, [], {}, [None], {"a": {}}, [["x"]], True, SECRET])
        try:
            review(json.dumps(edited), plan.file, plan.record)
        except InfraError as error:
            refused.append(str(error))
        else:
            reviewed_anyway += 1
    assert len(refused) > 2
    assert reviewed_anyway > 30
    assert SECRET not in "".join(refused)
