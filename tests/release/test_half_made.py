"""Which half-made objects stand in the way, and how they are taken out of a state."""

from typing import Any

import pytest

from infra.release.half_made import any_tainted, in_the_way, taken_out


def instance(identity: str, key: str, **more: str) -> dict[str, Any]:
    return {"index_key": key, "schema_version": 1, "attributes": {"id": identity}, "dependencies": ["data.x.y"], **more}


def state(*instances: dict[str, Any]) -> dict[str, Any]:
    group = {"mode": "managed", "type": "aws_security_group", "name": "service", "provider": "p"}
    return {"serial": 3, "resources": [{**group, "instances": list(instances)}]}


@pytest.mark.parametrize(
    ("actions", "reason", "found"),
    [
        (["create", "delete"], "replace_because_tainted", {"a"}),
        (["delete", "create"], "replace_because_tainted", set()),  # its name is free when it is made again
        (["create", "delete"], "replace_because_cannot_update", set()),  # it is whole, and in use
        (["no-op"], None, set()),
    ],
)
def test_only_what_is_tainted_and_made_again_first_is_in_the_way(
    actions: list[str], reason: str | None, found: set[str]
) -> None:
    change = {"address": "a", "change": {"actions": actions}} | ({"action_reason": reason} if reason else {})
    assert in_the_way({"resource_changes": [change]}) == found


def test_the_half_made_one_alone_is_taken_out() -> None:
    half_made = instance("sg-new", "mlflow", status="tainted")
    old, whole = instance("sg-old", "mlflow", deposed="1234"), instance("sg-gateway", "gateway")
    before = state(half_made, old, whole)
    left, taken = taken_out(before, {'aws_security_group.service["mlflow"]'})
    assert left == state(old, whole)
    assert before == state(half_made, old, whole), "the document itself is as it was"
    [entry] = taken
    assert entry["instances"] == [{"schema_version": 1, "attributes": {"id": "sg-new"}}]
    assert (entry["type"], entry["name"]) == ("aws_security_group", "half_made_0")


def test_a_resource_without_instances_is_no_part_of_a_state() -> None:
    left, _ = taken_out(state(instance("sg-new", "mlflow")), {'aws_security_group.service["mlflow"]'})
    assert left["resources"] == []


def test_tainted() -> None:
    assert any_tainted(state(instance("sg", "mlflow", status="tainted")))
    assert not any_tainted(state(instance("sg", "mlflow")))
    assert not any_tainted({})
