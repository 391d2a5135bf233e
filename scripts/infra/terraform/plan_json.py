"""A plan as Terraform's JSON describes it (format 1.2), as far as tests, summaries and reports ask.

Source: https://developer.hashicorp.com/terraform/internals/json-format
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from infra.errors import InfraError

FORMAT_MAJOR = "1"


@dataclass(frozen=True)
class Resource:
    """One managed resource after the plan.

    Args:
        address: absolute address, as in `module.edge["edge"].aws_lb.this`.
        module: address of the module it is in; "" for the root.
        type: resource type, as in `aws_lb`.
        name: label in the configuration.
        index: key of `for_each` or `count`, or None.
        actions: `("create",)`, `("no-op",)`, `("delete", "create")` ...
        values: planned attributes; an attribute that is known only after apply is missing here.
        unknown: the same shape, with True where the value is known only after apply.
    """

    address: str
    module: str
    type: str
    name: str
    index: str | int | None
    actions: tuple[str, ...]
    values: Mapping[str, Any] = field(repr=False)
    unknown: Mapping[str, Any] = field(repr=False)

    def __getitem__(self, attribute: str) -> Any:  # noqa: ANN401 - a plan's value has the type its schema says
        if self.unknown.get(attribute) is True:
            raise InfraError(f"{self.address}: {attribute} is known only after apply")
        if attribute not in self.values:
            raise InfraError(f"{self.address}: has no attribute {attribute} (it has {', '.join(sorted(self.values))})")
        return self.values[attribute]

    def policy(self, attribute: str = "policy") -> dict[str, Any]:
        """A JSON policy attribute, parsed.

        Args:
            attribute: name of the attribute that holds the document.

        Returns:
            The policy document.

        Raises:
            InfraError: the document is not known at plan, so nobody could have reviewed it.
        """
        document = json.loads(self[attribute])
        if not isinstance(document, dict):
            raise InfraError(f"{self.address}: {attribute} is no JSON object")
        return document


@dataclass(frozen=True)
class Plan:
    """A whole plan.

    Args:
        document: what `terraform show -json` printed for it.
    """

    document: Mapping[str, Any] = field(repr=False)

    @classmethod
    def from_json(cls, text: str | bytes) -> "Plan":
        """Read a plan from Terraform's JSON.

        Args:
            text: output of `terraform show -json <plan file>`.

        Returns:
            The plan.

        Raises:
            InfraError: not JSON, or of a format this code does not know.
        """
        try:
            document = json.loads(text)
        except json.JSONDecodeError as error:
            raise InfraError(f"The plan is no JSON ({error}); run `make plan` again.") from error
        version = str(document.get("format_version", "")) if isinstance(document, dict) else ""
        if version.split(".")[0] != FORMAT_MAJOR:
            raise InfraError(
                f"The plan's JSON has format {version or 'unknown'}; this tooling reads format {FORMAT_MAJOR}.x. "
                "Use a Terraform version that `make doctor` accepts."
            )
        return cls(document)

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """Every managed resource that exists after the plan, by address."""
        values = {
            item["address"]: item for item in _walk(self.document.get("planned_values", {}).get("root_module", {}))
        }
        found = {}
        for change in self.document.get("resource_changes", []):
            address = change["address"]
            if change["mode"] != "managed" or address not in values or "deposed" in change:
                continue
            found[address] = Resource(
                address=address,
                module=change.get("module_address", ""),
                type=change["type"],
                name=change["name"],
                index=change.get("index"),
                actions=tuple(change["change"]["actions"]),
                values=values[address].get("values", {}),
                unknown=change["change"].get("after_unknown") or {},
            )
        return found

    @cached_property
    def changes(self) -> list[Mapping[str, Any]]:
        """The changes of managed resources that do something, as Terraform lists them (deposed objects included)."""
        return [
            change
            for change in self.document.get("resource_changes", [])
            if change["mode"] == "managed" and change["change"]["actions"] not in (["no-op"], ["read"])
        ]

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The root's outputs whose values are known at plan."""
        outputs = self.document.get("planned_values", {}).get("outputs", {})
        return {name: output["value"] for name, output in outputs.items() if "value" in output}

    def __getitem__(self, address: str) -> Resource:
        if address not in self.resources:
            raise InfraError(f"The plan has no {address}; it has {', '.join(sorted(self.resources)) or 'no resources'}")
        return self.resources[address]

    def of_type(self, resource_type: str) -> list[Resource]:
        """All planned resources of one type.

        Args:
            resource_type: as in `aws_lb_listener_rule`.

        Returns:
            The resources, in the order of the plan.
        """
        return [resource for resource in self.resources.values() if resource.type == resource_type]


def _walk(module: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from _walk(child)
