"""The stored schema: what may stand in each type of AWS provider 6.x that this repository uses."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.repository import ROOT

SCHEMA_FILE: Final = ROOT / "tests" / "modules" / "data" / "provider_6_schema.json"


@dataclass(frozen=True)
class Block:
    """What may stand in a resource or in a block of it.

    Args:
        required: arguments and blocks that must be there.
        optional: arguments that may be there.
        computed: attributes that can only be read.
        blocks: blocks by name; None for one whose inside the published schema leaves open.
        either: those of the blocks that may be written as an argument too (`ingress = []`).
        deprecated: reason by argument, attribute or block.
    """

    required: frozenset[str]
    optional: frozenset[str]
    computed: frozenset[str]
    blocks: Mapping[str, "Block | None"]
    either: frozenset[str]
    deprecated: Mapping[str, str]

    @property
    def names(self) -> frozenset[str]:
        """Everything that can be read."""
        return self.required | self.optional | self.computed | frozenset(self.blocks)

    def as_json(self) -> dict[str, Any]:
        """For the data file; what is empty is left out."""
        document: dict[str, Any] = {
            "required": sorted(self.required),
            "optional": sorted(self.optional),
            "computed": sorted(self.computed),
            "blocks": {name: None if block is None else block.as_json() for name, block in sorted(self.blocks.items())},
            "either": sorted(self.either),
            "deprecated": dict(sorted(self.deprecated.items())),
        }
        return {name: value for name, value in document.items() if value}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Block":
        """From the data file.

        Args:
            document: what `as_json` gave.

        Returns:
            The block.
        """
        inner = document.get("blocks", {})
        return cls(
            frozenset(document.get("required", ())),
            frozenset(document.get("optional", ())),
            frozenset(document.get("computed", ())),
            {name: None if block is None else cls.from_json(block) for name, block in inner.items()},
            frozenset(document.get("either", ())),
            document.get("deprecated", {}),
        )


Schema = Mapping[tuple[str, str], Block]
"""Block by kind ("resource", "data", "ephemeral") and type."""


def load_schema(file: Path = SCHEMA_FILE) -> Schema:
    """The stored schema.

    Args:
        file: the data file.

    Returns:
        What it says of each type.
    """
    kinds = json.loads(file.read_text())["types"]
    return {(kind, name): Block.from_json(block) for kind, types in kinds.items() for name, block in types.items()}
