"""What a journal of Terraform's says was made, destroyed and under way; pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# Its id names the family, and the journal does not tell which revision was made or deregistered. Reading the account
# drops a deregistered one from the state; one that the state does not know is registered once more.
_REVISED: Final = ("aws_ecs_task_definition",)


@dataclass(frozen=True)
class Address:
    """A resource instance, in the parts that a state has it in.

    Args:
        text: the whole address.
        module: address of its module; "" for the root.
        type: resource type.
        name: label in the configuration.
        key: of `for_each` or `count`, or None.
    """

    text: str
    module: str
    type: str
    name: str
    key: str | int | None

    @classmethod
    def of(cls, hook: Mapping[str, Any]) -> "Address":
        """The resource of a message's hook."""
        resource = hook["resource"]
        parts = (resource[f"resource_{part}"] for part in ("type", "name", "key"))
        return cls(resource["addr"], resource["module"], *parts)


@dataclass(frozen=True)
class Identity:
    """How the provider finds an object.

    Args:
        attribute: which attribute it reads, mostly "id".
        value: of that attribute.
    """

    attribute: str
    value: str


@dataclass
class Journalled:
    """What one apply did, as far as Terraform could say it.

    Args:
        planned: addresses that it was going to change.
        made: objects that were made, the last one of each address.
        gone: objects that were destroyed, by address; not those whose id the object has that replaced them.
        begun: what was being made when the journal ends, or failed to be made.
        finished: whether anything was done at all.
    """

    planned: set[str] = field(default_factory=set)
    made: dict[Address, Identity] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    begun: set[Address] = field(default_factory=set)
    finished: bool = False

    @property
    def ids(self) -> set[str]:
        """Of everything that was made or destroyed."""
        return {each.value for each in self.made.values()} | {identity for _, identity in self.gone}


def read(lines: Iterable[Mapping[str, Any]]) -> Journalled:
    """Read a journal.

    Args:
        lines: Terraform's machine-readable messages, the oldest first.

    Returns:
        What they say.
    """
    found, destroying = Journalled(), {}
    for line in lines:
        if line.get("type") == "planned_change":
            found.planned.add(line["change"]["resource"]["addr"])
        hook = line.get("hook")
        if not hook or "action" not in hook:
            continue
        address, action = Address.of(hook), hook["action"]
        match line["type"], action:
            case "apply_start", "create":
                found.begun.add(address)
            case "apply_start", "delete":
                # Only the beginning says which object; of a replaced one there are two at one address.
                destroying[address] = hook.get("id_value", "")
            case "apply_complete", "create":
                found.begun.discard(address)
                found.made[address] = Identity(hook.get("id_key", "id"), hook.get("id_value", ""))
            case "apply_complete", "delete" if address.type not in _REVISED:
                found.gone.add((address.text, destroying.pop(address, "")))
        found.finished |= line["type"] == "apply_complete"
    found.made = {
        address: identity for address, identity in found.made.items() if identity.value and address.type not in _REVISED
    }
    # A role, a bucket or a service is replaced by one of the same name: what is there is the new one.
    found.gone -= {(address.text, identity.value) for address, identity in found.made.items()}
    return found
