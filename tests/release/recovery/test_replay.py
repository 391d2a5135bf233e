"""What a journal says is put into a state, and nothing else."""

import copy
import json
from typing import Any

import pytest

from infra.release.recovery import journalled, replay
from infra.release.recovery.journalled import Address, Identity, Journalled

PROVIDER = "registry.terraform.io/hashicorp/aws"


def hook(address: str, *, module: str = "", key: str | int | None = None) -> dict[str, Any]:
    kind, name = address.removeprefix(f"{module}.").split("[")[0].split(".")
    parts = {"resource_type": kind, "resource_name": name, "resource_key": key}
    return {"resource": {"addr": address, "module": module, **parts}}


def message(kind: str, action: str, address: str, identity: str = "", **where: Any) -> dict[str, Any]:
    told = {"id_key": "id", "id_value": identity} if identity else {}
    return {"type": kind, "hook": {**hook(address, **where), "action": action, **told}}


def address(text: str, **where: Any) -> Address:
    return Address.of(hook(text, **where))


# The journal ----------------------------------------------------------------------------------------------------------

GROUP = "aws_security_group.a"
ROLE = "aws_iam_role.a"
DEFINITION = "aws_ecs_task_definition.a"


def replaced(address: str, identity: str) -> list[Any]:
    """By another one that has the same id."""
    return [
        message("apply_start", "delete", address, identity),
        message("apply_complete", "delete", address),
        message("apply_start", "create", address),
        message("apply_complete", "create", address, identity),
    ]


@pytest.mark.parametrize(
    ("lines", "made", "gone", "begun"),
    [
        ([], {}, set(), set()),
        ([message("apply_start", "create", GROUP)], {}, set(), {GROUP}),
        (
            [message("apply_start", "create", GROUP), message("apply_complete", "create", GROUP, "sg-1")],
            {GROUP: "sg-1"},
            set(),
            set(),
        ),
        (
            [message("apply_start", "create", GROUP), message("apply_errored", "create", GROUP)],
            {},
            set(),
            {GROUP},
        ),
        (
            # Replaced, the new one first: what is destroyed is the old one.
            [
                message("apply_start", "create", GROUP),
                message("apply_complete", "create", GROUP, "sg-2"),
                message("apply_start", "delete", GROUP, "sg-1"),
                message("apply_complete", "delete", GROUP),
            ],
            {GROUP: "sg-2"},
            {(GROUP, "sg-1")},
            set(),
        ),
        (
            [message("apply_start", "delete", GROUP, "sg-1")],
            {},
            set(),
            set(),
        ),
        (
            [message("apply_start", "update", GROUP, "sg-1"), message("apply_complete", "update", GROUP, "sg-1")],
            {},
            set(),
            set(),
        ),
        (replaced(ROLE, "name"), {ROLE: "name"}, set(), set()),
        (replaced(ROLE, "name")[:2], {}, {(ROLE, "name")}, set()),
        # The id of a task definition is its family: it never tells which revision.
        (replaced(DEFINITION, "family"), {}, set(), set()),
        (replaced(DEFINITION, "family")[:2], {}, set(), set()),
        ([{"type": "version"}, {"type": "apply_progress", "hook": {"resource": {}}}, {}], {}, set(), set()),
    ],
)
def test_journal(lines: list[Any], made: dict[str, str], gone: set[Any], begun: set[str]) -> None:
    found = journalled.read(lines)
    assert {each.text: identity.value for each, identity in found.made.items()} == made
    assert found.gone == gone
    assert {each.text for each in found.begun} == begun
    assert found.ids == {*made.values(), *(identity for _, identity in gone)}
    assert found.finished == any(line.get("type") == "apply_complete" for line in lines)


def test_what_was_planned() -> None:
    change = {"type": "planned_change", "change": {"action": "create", **hook(GROUP)}}
    assert journalled.read([change]) == Journalled(planned={GROUP})


# The state ------------------------------------------------------------------------------------------------------------


def state(*instances: dict[str, Any], module: str = "") -> dict[str, Any]:
    resource: dict[str, Any] = {"module": module} if module else {}
    resource |= {"mode": "managed", "type": "aws_security_group", "name": "a", "provider": f'provider["{PROVIDER}"]'}
    return {"version": 4, "serial": 3, "lineage": "l", "resources": [resource | {"instances": list(instances)}]}


def instance(identity: str, **more: Any) -> dict[str, Any]:
    return {"attributes": {"id": identity, "arn": f"arn:{identity}"}, **more}


def planned(**unknown: Any) -> dict[str, Any]:
    """A plan that makes the group `a`, whose configuration says its name and its VPC."""
    after = {"name": "group", "tags": {"x": "y"}}
    change = {"actions": ["create"], "after": after, "after_unknown": {"id": True, "arn": True, **unknown}}
    return {
        "resource_changes": [{"address": GROUP, "provider_name": PROVIDER, "change": change}],
        "planned_values": {"root_module": {"resources": [{"address": GROUP, "schema_version": 1}]}},
        "configuration": {
            "root_module": {
                "resources": [
                    {
                        "mode": "managed",
                        "type": "aws_security_group",
                        "name": "a",
                        "expressions": {"name": {}, "vpc_id": {"references": ["aws_vpc.a.id"]}},
                    }
                ]
            }
        },
    }


def test_what_was_destroyed_leaves() -> None:
    before = state(instance("sg-1"), instance("sg-2", index_key="k"))
    after = replay.without(before, {(GROUP, "sg-1"), (f'{GROUP}["k"]', "sg-9")})
    assert [each["attributes"]["id"] for each in after["resources"][0]["instances"]] == ["sg-2"]
    assert len(before["resources"][0]["instances"]) == 2, "the state that was given is as it was"
    assert replay.without(state(instance("sg-1")), {(GROUP, "sg-1")})["resources"] == []


def test_what_is_missing() -> None:
    made = {address(GROUP): Identity("id", "sg-2")}
    assert replay.missing(state(instance("sg-2")), made) == {}
    assert replay.missing(state(instance("sg-1")), made) == made
    assert replay.missing(state(instance("sg-2", deposed="0a1b2c3d")), made) == made
    assert replay.missing({}, made) == made
    by_arn = {address(GROUP): Identity("arn", "arn:sg-1")}
    assert replay.missing(state(instance("sg-1")), by_arn) == {}


def test_a_lost_object_is_put_back() -> None:
    document: dict[str, Any] = {}
    assert replay.put(document, address(GROUP), Identity("id", "sg-2"), planned())
    [resource] = document["resources"]
    assert resource["provider"] == f'provider["{PROVIDER}"]'
    [made] = resource["instances"]
    assert made["attributes"] == {"name": "group", "tags": {"x": "y"}, "id": "sg-2"}
    assert made["schema_version"] == 1
    assert "index_key" not in made
    assert replay.missing(document, {address(GROUP): Identity("id", "sg-2")}) == {}


def test_what_it_replaces_is_still_to_be_destroyed() -> None:
    document = state(instance("sg-1"))
    assert replay.put(document, address(GROUP), Identity("id", "sg-2"), planned())
    old, new = document["resources"][0]["instances"]
    assert (old["attributes"]["id"], len(old["deposed"])) == ("sg-1", 8)
    assert (new["attributes"]["id"], "deposed" in new) == ("sg-2", False)


def test_what_refers_to_something_unknown_waits() -> None:
    document = state()
    before = copy.deepcopy(document)
    for unknown in ({"vpc_id": True}, {"name": [{"deep": True}]}):
        assert not replay.put(document, address(GROUP), Identity("id", "sg-2"), planned(**unknown))
    assert document == before
    assert replay.put(document, address(GROUP), Identity("id", "sg-2"), planned(vpc_id=False, owner_id=True))


def test_what_the_provider_fills_in_within_a_block_is_not_waited_for() -> None:
    """A bucket's versioning says its status; whether it wants a second factor is told by AWS."""
    plan = planned(block=[{"filled_in": True}])
    arguments = plan["configuration"]["root_module"]["resources"][0]["expressions"]
    arguments["block"] = [{"said": {"references": ["aws_vpc.a.id"]}, "deep": [{"said": {}}]}]
    plan["resource_changes"][0]["change"]["after"]["block"] = [{"said": "x"}]
    document: dict[str, Any] = {}
    assert replay.put(document, address(GROUP), Identity("id", "sg-2"), plan)
    assert "block" not in document["resources"][0]["instances"][0]["attributes"], "it is read from the account"
    for unknown in ([{"said": True}], [{"filled_in": True}, {"said": True}], [{"deep": [{"said": True}]}], True):
        change = plan["resource_changes"][0]["change"]
        change["after_unknown"]["block"] = unknown
        assert not replay.put({}, address(GROUP), Identity("id", "sg-2"), plan), unknown


def test_what_reading_the_account_tells_is_not_waited_for() -> None:
    """The revision of a service may have been lost with it; its cluster is what it is read by."""
    service = "aws_ecs_service.a"
    plan = json.loads(json.dumps(planned()).replace("aws_security_group", "aws_ecs_service"))
    [resource] = plan["configuration"]["root_module"]["resources"]
    resource["expressions"] |= {"task_definition": {}, "cluster": {}}
    unknown = plan["resource_changes"][0]["change"]["after_unknown"]
    unknown |= {"task_definition": True, "cluster": True}
    assert not replay.put({}, address(service), Identity("id", "arn:service"), plan)
    del unknown["cluster"]
    document: dict[str, Any] = {}
    assert replay.put(document, address(service), Identity("id", "arn:service"), plan)
    assert "task_definition" not in document["resources"][0]["instances"][0]["attributes"]


def test_what_is_not_planned_or_has_no_object_is_left_alone() -> None:
    other = address("aws_vpc.a")
    assert not replay.put({}, other, Identity("id", "vpc-1"), planned())
    plan = planned()
    plan["resource_changes"][0]["provider_name"] = "terraform.io/builtin/terraform"
    assert not replay.put({}, address(GROUP), Identity("id", "x"), plan)
    assert not replay.in_account(address(GROUP), plan)
    assert replay.in_account(address(GROUP), planned())


@pytest.mark.parametrize(
    ("module", "key", "text"),
    [
        ("", None, "aws_security_group.a"),
        ("", 0, "aws_security_group.a[0]"),
        ("", "k.x", 'aws_security_group.a["k.x"]'),
        ('module.edge["a.b"].module.lb', None, 'module.edge["a.b"].module.lb.aws_security_group.a'),
    ],
)
def test_addresses(module: str, key: str | int | None, text: str) -> None:
    held = instance("sg-1") if key is None else instance("sg-1", index_key=key)
    assert replay.addresses(state(held, module=module)) == {text}


def test_configuration_in_modules() -> None:
    where = 'module.edge["a.b"].module.lb[0]'
    inside = f"{where}.{GROUP}"
    plan = planned(vpc_id=True)
    plan["resource_changes"][0]["address"] = inside
    resources = plan["configuration"]["root_module"].pop("resources")
    calls = {"edge": {"module": {"module_calls": {"lb": {"module": {"resources": resources}}}}}}
    plan["configuration"]["root_module"]["module_calls"] = calls
    assert not replay.put({}, address(inside, module=where), Identity("id", "sg-2"), plan), "its VPC is not known"
    plan["resource_changes"][0]["change"]["after_unknown"].pop("vpc_id")
    document: dict[str, Any] = {}
    assert replay.put(document, address(inside, module=where), Identity("id", "sg-2"), plan)
    assert document["resources"][0]["module"] == where


def test_the_next_version() -> None:
    assert replay.next_version(state(), "1.11.4")["serial"] == 4
    assert replay.next_version(state(), "1.11.4")["lineage"] == "l"
    first = replay.next_version({}, "1.11.4")
    assert (first["version"], first["serial"], len(first["lineage"]), first["resources"]) == (4, 1, 36, [])
