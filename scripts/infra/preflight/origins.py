"""From a resource in the account, by its ARN, to its address in the state and so to its lines."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from infra.account.inventory import Clients
from infra.environment import Environment
from infra.preflight.origin import Origin, origin_of
from infra.repository import STACK
from infra.review.approval_store import state_bucket

# What stands for its owner: an attribute that holds the owner's name or id.
_OWNED_BY = ("role", "bucket", "security_group_id", "listener_arn", "target_group_arn", "secret_id", "key_id")


@dataclass(frozen=True)
class Instance:
    """A resource of the state.

    Args:
        address: as Terraform writes it.
        type: as in `aws_lb`.
        attributes: as the provider keeps them.
    """

    address: str
    type: str
    attributes: Mapping[str, Any] = field(repr=False)


class Origins:
    """The resources of an environment's state.

    Args:
        instances: of the state.
    """

    def __init__(self, instances: Sequence[Instance]) -> None:
        self._instances = instances

    def find(self, arn: str, attribute: str = "") -> Origin | None:
        """Where a resource comes from.

        Args:
            arn: its ARN, id or name; of an S3 object that of its bucket is taken.
            attribute: what of it matters, as Terraform names it; a resource of its own may hold it, as a policy does.

        Returns:
            The origin; None when no resource of the state is meant.
        """
        owners = self._named(arn)
        if not owners:
            return None
        owner = owners[0]
        attribute = attribute.partition(".")[0]
        if attribute and attribute not in owner.attributes:
            names = {owner.attributes.get(name) for name in ("id", "arn", "name", "bucket")} - {None}
            holders = [each for each in self._instances if _belongs(each, names) and attribute in each.attributes]
            owner = next(iter(holders), owner)
        return origin_of(owner.address, attribute)

    def ids(self, kind: str) -> list[str]:
        """The ids of the resources of a type.

        Args:
            kind: type of the resources, as in `aws_lb`.
        """
        return [str(each.attributes["id"]) for each in self._instances if each.type == kind]

    def rule_for(self, listener_arn: str, host: str) -> str:
        """The listener rule that would be the one to take a request of a host.

        Args:
            listener_arn: where the request came in.
            host: its Host header.

        Returns:
            ARN of the first rule of that host; "" where there is none.
        """
        rules = [
            each
            for each in self._instances
            if each.type == "aws_lb_listener_rule"
            and each.attributes.get("listener_arn") == listener_arn
            and host in json.dumps(each.attributes.get("condition"))
        ]
        rules.sort(key=lambda each: int(each.attributes["priority"]))
        return str(rules[0].attributes["arn"]) if rules else ""

    def settings(self, arn: str) -> list[str]:
        """What the containers of a task definition are started with.

        Args:
            arn: of the task definition.

        Returns:
            A line for each setting; none for anything else than a task definition. Secrets are named, never shown.
        """
        found = [each for each in self._named(arn) if each.type == "aws_ecs_task_definition"]
        containers = json.loads(found[0].attributes["container_definitions"]) if found else []
        lines = []
        for container in containers:
            lines += [f"command: {' '.join(container.get('command') or ['of the image'])}"]
            lines += [f"{entry['name']}={entry['value']}" for entry in container.get("environment", [])]
            lines += [f"{entry['name']} from {entry['valueFrom']}" for entry in container.get("secrets", [])]
        return lines

    def _named(self, arn: str) -> list[Instance]:
        name = arn.removeprefix("arn:aws:s3:::").partition("/")[0] if arn.startswith("arn:aws:s3:::") else arn
        exact = [each for each in self._instances if each.attributes.get("arn") in (arn, f"arn:aws:s3:::{name}")]
        last = re.split(r"[/:]", name)[-1]
        by_id = [each for each in self._instances if each.attributes.get("id") in (name, last)]
        by_name = [each for each in self._instances if each.attributes.get("name") in (name, last)]
        # A task definition's ARN ends in its revision; in the state is the one that was applied.
        family = re.sub(r":\d+$", "", arn)
        revisions = [each for each in self._instances if each.attributes.get("arn_without_revision") == family]
        return exact or revisions or by_id or by_name


def read_origins(environment: Environment, account: Clients) -> Origins:
    """Read the state of an environment out of its account.

    Args:
        environment: whose state.
        account: where it is.

    Returns:
        Its resources.
    """
    key = re.search(r'backend "s3" \{[^}]*?key\s*=\s*"([^"]+)"', (STACK / "versions.tf").read_text())
    assert key  # noqa: S101 - Terraform itself would not start without
    body = account.client("s3").get_object(Bucket=state_bucket(environment), Key=key[1])["Body"].read()
    return Origins(list(_instances(json.loads(body))))


def _instances(state: Mapping[str, Any]) -> Iterator[Instance]:
    for resource in state["resources"]:
        if resource["mode"] != "managed":
            continue
        base = f"{resource['module']}." if "module" in resource else ""
        for instance in resource["instances"]:
            key = instance.get("index_key")
            index = "" if key is None else f'["{key}"]' if isinstance(key, str) else f"[{key}]"
            address = f"{base}{resource['type']}.{resource['name']}{index}"
            yield Instance(address, resource["type"], instance["attributes"])


def _belongs(instance: Instance, names: set[Any]) -> bool:
    return any(instance.attributes.get(attribute) in names for attribute in _OWNED_BY)
