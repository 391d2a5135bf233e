"""What Terraform owns in the account: everything in the states of both roots, by whatever identifies it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.errors import InfraError
from infra.release.recovery.replay import address_of
from infra.release.remote_state import BOOTSTRAP_STATE_KEY, STATE_KEY, RemoteState

# An id that AWS makes up, as in "vpc-0a1b2c3d4e5f60718".
MADE_BY_AWS: Final = re.compile(r"[a-z]+-[0-9a-f]{8,17}")

# Types that are listed by something else than their id -> the attributes that tell them apart.
_COMPOSED: Final = {
    "aws_appautoscaling_policy": ("resource_id", "name"),
    "aws_appautoscaling_scheduled_action": ("resource_id", "name"),
    "aws_appautoscaling_target": ("resource_id",),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_db_instance": ("identifier",),
    "aws_iam_role_policy": ("role", "name"),
    "aws_iam_role_policy_attachment": ("role", "policy_arn"),
    "aws_route": ("route_table_id", "destination_cidr_block"),
}


@dataclass(frozen=True)
class Held:
    """A resource in a state.

    Args:
        address: of Terraform; of the bootstrap root it begins with "bootstrap: ".
        type: as in `aws_lb`.
        attributes: as the state has them; may hold secrets.
    """

    address: str
    type: str
    attributes: Mapping[str, Any]

    def __getitem__(self, attribute: str) -> str:
        return str(self.attributes.get(attribute) or "")


class Owned:
    """Everything that the states of an environment hold.

    Args:
        stack: the resources of the stack.
        bootstrap: those of the bootstrap root.
    """

    def __init__(self, stack: list[Held], bootstrap: list[Held]) -> None:
        self._stack = stack
        self._addresses = {each: held.address for held in [*bootstrap, *stack] for each in _keys(held)}

    def of_type(self, kind: str) -> list[Held]:
        """What the stack's state holds of a type.

        Args:
            kind: as in `aws_lb`.

        Returns:
            The resources.
        """
        return [each for each in self._stack if each.type == kind]

    def address(self, *keys: str) -> str:
        """The address of what one of the keys identifies.

        Args:
            keys: ARNs, or what `key` makes.

        Returns:
            The address; "" where no state holds it.
        """
        return next((self._addresses[each] for each in keys if each in self._addresses), "")


def key(kind: str, *parts: str) -> str:
    """What identifies something that is not listed by its ARN.

    Args:
        kind: Terraform's type.
        parts: its id, or the attributes in `_COMPOSED`.

    Returns:
        The key.
    """
    return "|".join([kind, *parts])


def read_owned(state: RemoteState) -> Owned:
    """Read the states.

    Args:
        state: the environment's.

    Returns:
        What they hold.

    Raises:
        InfraError: a state could not be read.
    """
    return Owned(_held(state, STATE_KEY, ""), _held(state, BOOTSTRAP_STATE_KEY, "bootstrap: "))


def _held(state: RemoteState, name: str, prefix: str) -> list[Held]:
    document = state.document(name) or {}
    try:
        return [
            Held(prefix + address_of(resource, instance), resource["type"], instance.get("attributes") or {})
            for resource in document.get("resources", [])
            if resource["mode"] == "managed"
            for instance in resource["instances"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise InfraError(f"The state {name} is not as Terraform writes it ({type(error).__name__}).") from error


def _keys(held: Held) -> Iterator[str]:
    if held["arn"]:
        yield held["arn"]
    if held["id"]:
        yield key(held.type, held["id"])
        # Said by AWS once in the world, whatever the type is.
        if held["id"].startswith("arn:") or MADE_BY_AWS.fullmatch(held["id"]):
            yield held["id"]
    if held.type in _COMPOSED:
        yield key(held.type, *(held[attribute] for attribute in _COMPOSED[held.type]))
