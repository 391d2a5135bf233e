"""The repository's HCL as data: what is declared in it, with which arguments and blocks.

For rules about the code itself, where a plan says too little: a plan has no ephemeral resources and no `lifecycle`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import hcl2

from infra.errors import InfraError
from infra.repository import ENVIRONMENTS, MODULES

# python-hcl2 marks what was written `name { ... }`; an argument whose value is an object has no mark.
_BLOCK_MARK: Final = "__is_block__"


@dataclass(frozen=True)
class Declaration:
    """One `resource`, `data` or `ephemeral` block.

    Args:
        kind: "resource", "data" or "ephemeral".
        type: as in `aws_lb`.
        name: the label.
        file: where it stands.
        body: its arguments and blocks as python-hcl2 gives them (a block is a list of marked mappings).
    """

    kind: str
    type: str
    name: str
    file: Path
    body: Mapping[str, Any] = field(repr=False)

    @property
    def address(self) -> str:
        """As Terraform writes it, as in `data.aws_region.current`."""
        return f"{self.type}.{self.name}" if self.kind == "resource" else f"{self.kind}.{self.type}.{self.name}"


def configuration_files(folders: Iterable[Path] = (MODULES, ENVIRONMENTS)) -> list[Path]:
    """Every Terraform file below these folders, examples included, Terraform's own working folders not.

    Args:
        folders: where to look.

    Returns:
        The files, sorted.
    """
    found = (file for folder in folders for file in folder.rglob("*.tf"))
    return sorted(file for file in found if ".terraform" not in file.parts)


def declarations(files: Iterable[Path]) -> Iterator[Declaration]:
    """What these files declare.

    Args:
        files: Terraform files.

    Yields:
        Each declaration, in the order of the files.

    Raises:
        InfraError: a file is no HCL.
    """
    for file in files:
        yield from declared_in(file, parse(file))


def declared_in(file: Path, document: Mapping[str, Any]) -> Iterator[Declaration]:
    """What one parsed file declares.

    Args:
        file: where it stands.
        document: what `parse` gave for it.

    Yields:
        Each declaration.
    """
    for kind in ("resource", "data", "ephemeral"):
        for block in document.get(kind, []):
            for resource_type, name, body in _labelled(block):
                yield Declaration(kind, resource_type, name, file, body)


def parse(file: Path) -> Mapping[str, Any]:
    """One file.

    Args:
        file: a Terraform file.

    Returns:
        Its top-level blocks by type.

    Raises:
        InfraError: it is no HCL.
    """
    try:
        with file.open(encoding="utf-8") as stream:
            document: Mapping[str, Any] = hcl2.load(stream)
    except Exception as error:  # python-hcl2 lets every kind of its parser's exceptions through
        raise InfraError(f"{file}: no valid Terraform ({error}); `terraform fmt` shows where.") from error
    return document


def arguments(body: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a block: what was written `name = value`.

    Args:
        body: a block as python-hcl2 gives it.

    Returns:
        Value by name.
    """
    return {name: value for name, value in body.items() if not name.startswith("__") and not _is_block(value)}


def blocks(body: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """The blocks inside a block, `dynamic` ones as what they make.

    Args:
        body: a block as python-hcl2 gives it.

    Returns:
        Name and body of each.
    """
    found: list[tuple[str, Mapping[str, Any]]] = []
    for name, value in body.items():
        if name.startswith("__") or not _is_block(value):
            continue
        for block in value:
            if name == "dynamic":
                found += [(_unquoted(label), _content(inner)) for label, inner in block.items() if _is_label(label)]
            else:
                found.append((name, block))
    return found


def _content(dynamic: Mapping[str, Any]) -> Mapping[str, Any]:
    content: Mapping[str, Any] = dynamic["content"][0]
    return content


def _labelled(block: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for resource_type, named in block.items():
        if _is_label(resource_type):
            for name, body in named.items():
                if _is_label(name):
                    yield _unquoted(resource_type), _unquoted(name), body


def _is_block(value: object) -> bool:
    # `dynamic` carries the mark one level deeper, under the label.
    if not isinstance(value, list) or not value:
        return False
    return all(
        isinstance(item, dict)
        and (_BLOCK_MARK in item or any(isinstance(inner, dict) and _BLOCK_MARK in inner for inner in item.values()))
        for item in value
    )


def _is_label(text: str) -> bool:
    return not text.startswith("__")


def _unquoted(label: str) -> str:
    return label.strip('"')
