"""What Terraform was interrupted in making, and would make once more before it destroys it (`create_before_destroy`).

Nobody knows whether such an object is complete, so Terraform marks it as tainted and replaces it. Where a name may be
there only once, AWS refuses the second object with it, every time. So the half-made one is destroyed first, by
Terraform itself: as all that is in a state of its own.

Source: the state's format 4 and the plan's JSON (`action_reason`), as Terraform 1.x writes them.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from infra.console import Step
from infra.environment import Environment
from infra.release import remaining, replay
from infra.terraform.provider import ADDRESS, LOCK_FILE
from infra.terraform.runner import Terraform
from infra.terraform.session import Session


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


def found(root: Terraform, environment: Environment, step: Step) -> set[str]:
    """Which half-made objects stand in the way in an environment.

    Args:
        root: the initialised stack.
        environment: whose.
        step: told what goes on.

    Returns:
        Their addresses. Most often there is nothing half made, and then nothing is planned.

    Raises:
        TerraformError: Terraform's reason.
    """
    if not any_tainted(root.state_pull()):
        return set()
    return in_the_way(remaining.planned(root, environment, step)[1].document)


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


def destroy(resources: Sequence[Mapping[str, Any]], environment: Environment, session: Session, version: str) -> None:
    """Destroy objects.

    Args:
        resources: as `taken_out` gives them.
        environment: whose.
        session: Terraform for its account.
        version: of Terraform, as in "1.11.4".

    Raises:
        TerraformError: Terraform's reason, for instance that something uses one of them. What is gone is gone; recover
            again, and the state is found to be without it.
    """
    workshop = environment.build / ".half-made"
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700, parents=True)
    try:
        (workshop / "main.tf.json").write_text(json.dumps(_root(environment)))
        state = replay.next_version({"resources": list(resources)}, version)
        (workshop / "terraform.tfstate").write_text(json.dumps(state))
        (workshop / "no-settings.hcl").touch()
        shutil.copy(LOCK_FILE, workshop)
        root, plan = session.root(workshop, workshop / "data"), workshop / "plan.tfplan"
        root.init(workshop / "no-settings.hcl")
        if root.plan(plan):
            root.apply(plan)
    finally:
        shutil.rmtree(workshop)


def _root(environment: Environment) -> dict[str, Any]:
    """A root module that wants nothing."""
    provider = {"region": environment.region, "allowed_account_ids": [environment.account_id]}
    required = {"aws": {"source": "hashicorp/aws"}}
    return {"terraform": {"backend": {"local": {}}, "required_providers": required}, "provider": {"aws": provider}}
