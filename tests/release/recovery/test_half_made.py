"""Which half-made objects stand in the way, how they are taken out of a state, and that recovering does it."""

import threading
from pathlib import Path
from typing import Any

import pytest

from infra.release.recovery.half_made import any_tainted, in_the_way, taken_out
from tests.release.campaign import Base, recovers
from tests.release.checkout import ENVIRONMENT
from tests.release.faults import NOTHING, Call, Decision
from tests.release.kills import kill


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


class Held:
    """The provider makes a security group and asks whether it is there: that question is held."""

    def __init__(self) -> None:
        self._made = False
        self.asked, self.answered = threading.Event(), threading.Event()

    def decide(self, call: Call) -> Decision:
        self._made |= call.action == "CreateSecurityGroup"
        if self._made and call.action == "DescribeSecurityGroups":
            self.asked.set()
            self.answered.wait(60)
        return NOTHING


class Refused:
    """The provider makes a security group and may not take away its rule for everything that goes out."""

    def __init__(self) -> None:
        self.armed, self.met = True, 0

    def decide(self, call: Call) -> Decision:
        if not self.armed or call.action != "RevokeSecurityGroupEgress":
            return NOTHING
        self.met += 1
        return "UnauthorizedOperation", 403


@pytest.mark.long
def test_what_an_apply_that_failed_has_half_made_is_not_in_the_way(base: Base, tmp_path: Path) -> None:
    """The same where nothing was interrupted: it fails with what to do, instead of in every apply after it."""
    refused = Refused()
    with base.copy(tmp_path / "build", refused) as (release, account):
        result = release.infra("apply", "--yes", GATES="")
        refused.armed = False
        assert refused.met
        assert result.returncode == 1
        assert "Half made, and in the way of what the next plan makes for it: aws_security_group." in result.stderr
        assert f"make recover ENV={ENVIRONMENT}" in result.stderr
        said = recovers(release, account, go_on=True)
    assert "half made and in the way of its replacement: aws_security_group.service[" in said


@pytest.mark.long
def test_what_is_half_made_is_not_in_the_way(base: Base, tmp_path: Path) -> None:
    """Terraform would make a second group of the same name before it destroys the first one, which AWS refuses."""
    held = Held()
    with base.copy(tmp_path / "build", held) as (release, account):
        with release.start("apply", "--yes", GATES="") as process:
            assert held.asked.wait(120), "no group was made"
            kill(process, "ctrl-c")
        held.answered.set()
        said = recovers(release, account, go_on=True)
    assert "half made and in the way of its replacement: aws_security_group.service[" in said
