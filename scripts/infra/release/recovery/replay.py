"""Completing a state by what the journal of a killed apply says; pure: state documents in, state documents out.

An object that was made and is missing in the state is put there with what the configuration says of it and the id that
the provider told. Reading the account (a refresh) then fills in the rest, and removes what is not there after all.

Source: the state's format 4, as Terraform 1.x writes it; `terraform state push` checks lineage and serial.
"""

import copy
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Final

from infra.release.recovery.journalled import Address, Identity

# Has no object in the account: what the state does not know of it was never there.
_BUILT_IN: Final = "terraform.io/builtin/terraform"

# What the configuration says, is not known when everything is lost, and reading the account tells. A service: its
# revision may have been registered when Terraform was killed; it is registered once more, and until then the service
# runs the first one. An instance: null, where nothing monitors it, is for the provider to fill in.
_READ_BACK: Final = {"aws_db_instance": ("monitoring_role_arn",), "aws_ecs_service": ("task_definition",)}


def without(state: Mapping[str, Any], gone: set[tuple[str, str]]) -> dict[str, Any]:
    """A state without objects that were destroyed.

    Args:
        state: the document.
        gone: address and id of each.

    Returns:
        A copy.
    """
    left = copy.deepcopy(dict(state))
    for resource in left.get("resources", []):
        resource["instances"] = [
            instance
            for instance in resource["instances"]
            if (address_of(resource, instance), str((instance.get("attributes") or {}).get("id", ""))) not in gone
        ]
    left["resources"] = [resource for resource in left.get("resources", []) if resource["instances"]]
    return left


def missing(state: Mapping[str, Any], made: Mapping[Address, Identity]) -> dict[Address, Identity]:
    """What was made and is not in a state.

    Args:
        state: the document.
        made: what was made.

    Returns:
        The rest of it.
    """
    current = {
        address_of(resource, instance): instance.get("attributes") or {}
        for resource, instance in instances(state)
        if "deposed" not in instance
    }
    return {
        address: identity
        for address, identity in made.items()
        if str(current.get(address.text, {}).get(identity.attribute)) != identity.value
    }


def put(state: dict[str, Any], address: Address, identity: Identity, planned: Mapping[str, Any]) -> bool:
    """Put an object into a state; what was at its address becomes what a replacement has yet to destroy.

    Args:
        state: the document; changed.
        address: of the object.
        identity: how the provider finds it.
        planned: a plan's JSON in which the object is still to be made.

    Returns:
        Whether the plan knows all that the configuration says of it; if not, nothing was changed.
    """
    change = next((each for each in planned.get("resource_changes", []) if _is_made_at(each, address)), None)
    if change is None or change["provider_name"] == _BUILT_IN:
        return False
    values, unknown = change["change"]["after"] or {}, change["change"].get("after_unknown") or {}
    if any(_waits(arguments, unknown) for arguments in _arguments(planned, address)):
        return False
    resource = _resource(state, address, change["provider_name"])
    for instance in resource["instances"]:
        if address_of(resource, instance) == address.text and "deposed" not in instance:
            instance["deposed"] = uuid.uuid4().hex[:8]
    made: dict[str, Any] = {
        "schema_version": _schema_version(planned, address),
        "attributes": {name: value for name, value in values.items() if not _anything(unknown.get(name))}
        | {identity.attribute: identity.value},
        "sensitive_attributes": [],
    }
    resource["instances"].append({"index_key": address.key, **made} if address.key is not None else made)
    return True


def in_account(address: Address, planned: Mapping[str, Any]) -> bool:
    """Whether a resource has an object in the account at all.

    Args:
        address: of the resource.
        planned: a plan's JSON.

    Returns:
        False for what only Terraform knows.
    """
    return not any(
        each["address"] == address.text and each["provider_name"] == _BUILT_IN
        for each in planned.get("resource_changes", [])
    )


def next_version(state: Mapping[str, Any], terraform_version: str) -> dict[str, Any]:
    """A state as it can be pushed over the one that it was made from.

    Args:
        state: the document; empty where there was none.
        terraform_version: as in "1.11.4".

    Returns:
        A copy with the next serial.
    """
    empty = {"version": 4, "terraform_version": terraform_version, "lineage": str(uuid.uuid4()), "outputs": {}}
    return {"resources": [], **empty, **state, "serial": int(state.get("serial", 0)) + 1}


def addresses(state: Mapping[str, Any]) -> set[str]:
    """What a state holds.

    Args:
        state: the document.

    Returns:
        Addresses of its objects, but for those that a replacement has yet to destroy.
    """
    return {address_of(resource, instance) for resource, instance in instances(state) if "deposed" not in instance}


def ids(state: Mapping[str, Any]) -> set[str]:
    """Whatever identifies an object in a state.

    Args:
        state: the document.

    Returns:
        The ids and ARNs of its objects.
    """
    attributes = [instance.get("attributes") or {} for _, instance in instances(state)]
    return {str(each[name]) for each in attributes for name in ("id", "arn") if each.get(name)}


def address_of(resource: Mapping[str, Any], instance: Mapping[str, Any]) -> str:
    """Address of an instance of a state.

    Args:
        resource: of the state's `resources`.
        instance: of its `instances`.

    Returns:
        The address, as plans have it.
    """
    prefix = f"{resource['module']}." if resource.get("module") else ""
    mode = "data." if resource["mode"] == "data" else ""
    key = instance.get("index_key")
    index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
    return f"{prefix}{mode}{resource['type']}.{resource['name']}{index}"


def instances(state: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The objects of a state.

    Args:
        state: the document.

    Yields:
        An entry of its `resources`, and one of its `instances`.
    """
    for resource in state.get("resources", []):
        yield from ((resource, instance) for instance in resource["instances"])


def _resource(state: dict[str, Any], address: Address, provider: str) -> dict[str, Any]:
    resources: list[dict[str, Any]] = state.setdefault("resources", [])
    for resource in resources:
        if (resource.get("module", ""), resource["mode"], resource["type"], resource["name"]) == (
            address.module,
            "managed",
            address.type,
            address.name,
        ):
            return resource
    made: dict[str, Any] = {"module": address.module} if address.module else {}
    made |= {"mode": "managed", "type": address.type, "name": address.name}
    made |= {"provider": f'provider["{provider}"]', "instances": []}
    resources.append(made)
    return made


def _is_made_at(change: Mapping[str, Any], address: Address) -> bool:
    return change["address"] == address.text and "create" in change["change"]["actions"]


def _schema_version(planned: Mapping[str, Any], address: Address) -> int:
    def walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield from module.get("resources", [])
        for child in module.get("child_modules", []):
            yield from walk(child)

    root = planned.get("planned_values", {}).get("root_module", {})
    return next((int(each["schema_version"]) for each in walk(root) if each["address"] == address.text), 0)


def _arguments(planned: Mapping[str, Any], address: Address) -> list[Mapping[str, Any]]:
    """What only the configuration says of a resource; everything else is for the provider to fill in."""
    module = planned.get("configuration", {}).get("root_module", {})
    for call in _module_names(address.module):
        module = module.get("module_calls", {}).get(call, {}).get("module", {})
    return [
        {
            name: expression
            for name, expression in resource.get("expressions", {}).items()
            if name not in _READ_BACK.get(address.type, ())
        }
        for resource in module.get("resources", [])
        if (resource["mode"], resource["type"], resource["name"]) == ("managed", address.type, address.name)
    ]


def _waits(arguments: Mapping[str, Any], unknown: object) -> bool:
    """Whether something that the configuration says is not known yet."""
    if not isinstance(unknown, dict):
        return _anything(unknown)
    for name, expression in arguments.items():
        value = unknown.get(name)
        if isinstance(expression, list):
            # Blocks. Where they are a set, nobody can say which is which: each is compared with each.
            blocks = value if isinstance(value, list) else [value]
            if any(_waits(block, each) for block in expression for each in blocks):
                return True
        elif _anything(value):
            return True
    return False


def _module_names(module: str) -> Iterator[str]:
    """Names of the module calls of an address: `module.a["x.y"].module.b` -> a, b."""
    rest = module
    while rest:
        rest = rest.removeprefix("module.")
        name = rest.split(".", 1)[0].split("[", 1)[0]
        yield name
        rest = rest[len(name) :]
        if rest.startswith("["):
            quoted = rest.startswith('["')
            rest = rest[rest.index('"]' if quoted else "]") + (2 if quoted else 1) :]
        rest = rest.removeprefix(".")


def _anything(unknown: object) -> bool:
    """Whether any part of a value is not known."""
    if isinstance(unknown, dict):
        return any(_anything(each) for each in unknown.values())
    if isinstance(unknown, list):
        return any(_anything(each) for each in unknown)
    return unknown is True
