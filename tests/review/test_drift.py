"""Drift that a reviewer is shown, where Terraform names a resource as a whole."""

from typing import Any

import pytest

from infra.review.drift import drift_of
from tests.review.documents import document, entry


def _shown(kind: str, before: dict[str, Any], after: dict[str, Any], *attribute: str | int) -> list[str]:
    address = f"{kind}.this"
    plan = document(
        entry("aws_lb.other", {"name": "a"}, {"name": "b"}),
        resource_drift=[entry(address, before, after, type=kind)],
        relevant_attributes=[{"resource": address, "attribute": list(attribute)}],
    )
    found, elsewhere = drift_of(plan)
    assert len(found) + elsewhere == 1
    return [each.path for drift in found for each in drift.attributes]


@pytest.mark.parametrize(("before", "after"), [(None, 0), ("", "eni-1"), ([], ["arn"]), ({}, {"a": "b"})])
def test_what_aws_filled_in_is_left_out_where_the_whole_resource_is_named(before: Any, after: Any) -> None:
    assert _shown("aws_eip", {"x": before}, {"x": after}) == []
    assert _shown("aws_eip", {"x": before}, {"x": after}, "x")


def test_what_was_changed_is_shown() -> None:
    assert _shown("aws_eip", {"public_ip": "192.0.2.1"}, {"public_ip": "192.0.2.2"}) == ["public_ip"]
    assert _shown("aws_eip", {"instance": "i-1"}, {"instance": ""}) == ["instance"]


@pytest.mark.parametrize(
    "kind", ["aws_security_group", "aws_iam_role", "aws_kms_key", "aws_s3_bucket_policy", "aws_new"]
)
def test_what_opens_a_door_or_is_not_known_is_always_shown(kind: str) -> None:
    assert _shown(kind, {"ingress": []}, {"ingress": ["0.0.0.0/0"]})


def test_a_plan_that_changes_nothing_meets_no_drift() -> None:
    plan = document(
        entry("aws_lb.other", {"name": "a"}, {"name": "a"}),
        resource_drift=[entry("aws_iam_role.this", {"description": "a"}, {"description": "b"}, type="aws_iam_role")],
        relevant_attributes=[{"resource": "aws_iam_role.this", "attribute": ["description"]}],
    )
    assert drift_of(plan) == ((), 1)
    changed = {"actions": ["update"], "before": "a", "after": "b"}
    assert len(drift_of({**plan, "output_changes": {"o": changed}})[0]) == 1
