"""What Terraform was interrupted in making, and would make once more before it destroys it (`create_before_destroy`).

Nobody knows whether such an object is complete, so Terraform marks it as tainted and replaces it. Where a name may be
there only once, AWS refuses the second object with it, every time. So the half-made one is destroyed first, by
Terraform itself: as all that is in a state of its own.

Source: the state's format 4 and the plan's JSON (`action_reason`), as Terraform 1.x writes them.
"""

from collections.abc import Callable, Mapping
from typing import Any

from infra.release.recovery import replay
from infra.terraform.plan_json import Plan
from infra.terraform.provider import ADDRESS
from infra.terraform.runner import Terraform


def any_tainted(state: Mapping[str, Any]) -> bool:
    """Whether a state holds an object that may be incomplete."""
    return any(instance.get("status") == "tainted" for _, instance in replay.instances(state))


def in_the_way(planned: Mapping[str, Any]) -> set[str]:
    """Which half-made objects a plan would make again before it destroys them.

    Args:
        planned: the plan's JSON.

    Returns:
        Their addresses.
    """
    return {
        change["address"]
        for change in planned.get("resource_changes", [])
        if change.get("action_reason") == "replace_because_tainted"
        and change["change"]["actions"] == ["create", "delete"]
    }


def found(root: Terraform, plan: Callable[[], Plan]) -> set[str]:
    """Which half-made objects stand in the way in an environment.

    Args:
        root: the initialised stack.
        plan: what is still to be done; asked only where something is half made, which is seldom.

    Returns:
        Their addresses.

    Raises:
        TerraformError: Terraform's reason.
    """
    return in_the_way(plan().document) if any_tainted(root.state_pull()) else set()


def taken_out(state: Mapping[str, Any], addresses: set[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A state without half-made objects, and these.

    Args:
        state: the document.
        addresses: of what is taken out.

    Returns:
        A copy, and entries for the `resources` of another state.
    """
    taken: list[dict[str, Any]] = []
    gone = set()
    for resource, instance in replay.instances(state):
        address = replay.address_of(resource, instance)
        if "deposed" not in instance and address in addresses:
            gone.add((address, str(instance["attributes"]["id"])))
            kept = {name: instance[name] for name in ("schema_version", "attributes")}
            entry = {"mode": "managed", "type": resource["type"], "name": f"half_made_{len(taken)}"}
            taken.append({**entry, "provider": f'provider["{ADDRESS}"]', "instances": [kept]})
    return replay.without(state, gone), taken
