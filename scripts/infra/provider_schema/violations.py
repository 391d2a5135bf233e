"""Whether Terraform files keep to the stored schema."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from infra.provider_schema.schema import Block, Schema
from infra.repository import ROOT
from infra.terraform.configuration import Declaration, arguments, blocks, declared_in, parse

# What every block of the kind takes from Terraform itself.
_META_ARGUMENTS: Final = frozenset({"count", "for_each", "provider", "depends_on"})
_META_BLOCKS: Final = frozenset({"lifecycle", "connection", "provisioner"})
_META_REFERENCES: Final = frozenset({"id"})


def violations(files: Iterable[Path], schema: Schema) -> list[str]:
    """Where Terraform files leave the schema.

    Args:
        files: Terraform files.
        schema: what 6.x has.

    Returns:
        One sentence each: where, what, and why.
    """
    found: list[str] = []
    for file in files:
        document = parse(file)
        for item in declared_in(file, document):
            if item.type.startswith("aws_"):
                found += _declaration_violations(f"{_shown(file)}: {item.address}", item, schema)
        found += [f"{_shown(file)}: {problem}" for problem in _reference_violations(document, schema)]
    return found


def _declaration_violations(where: str, item: Declaration, schema: Schema) -> Iterator[str]:
    block = schema.get((item.kind, item.type))
    if block is None:
        yield f"{where}: type unknown to the stored schema; run `infra provider-schema`"
    else:
        yield from _block_violations(where, item.body, block, top=True)


def _block_violations(where: str, body: Mapping[str, Any], schema: Block, *, top: bool = False) -> Iterator[str]:
    written = [name for name in arguments(body) if not (top and name in _META_ARGUMENTS)]
    inner = [(name, content) for name, content in blocks(body) if not (top and name in _META_BLOCKS)]
    for name in written:
        if problem := _argument_problem(name, schema):
            yield f"{where}: {problem}"
    for name, content in inner:
        if name in schema.deprecated:
            yield f"{where}: block {name} is deprecated: {schema.deprecated[name]}"
        elif name not in schema.blocks:
            yield f"{where}: there is no block {name}"
        elif (below := schema.blocks[name]) is not None:
            yield from _block_violations(f"{where}.{name}", content, below)
    for name in sorted(schema.required - {*written, *(name for name, _ in inner)}):
        yield f"{where}: {name} is required"


def _argument_problem(name: str, schema: Block) -> str | None:
    if name in schema.deprecated:
        return f"{name} is deprecated: {schema.deprecated[name]}"
    if name in schema.blocks:  # before `required`, which names blocks too
        return None if name in schema.either else f"{name} is a block, written as an argument"
    if name in schema.required | schema.optional:
        return None
    return f"{name} can only be read" if name in schema.computed else f"there is no argument {name}"


_REFERENCE = re.compile(
    r"(?<![\w.])(?:(data|ephemeral)\.)?(aws_[a-z0-9_]+)\.[A-Za-z_][\w-]*(?:\[(?:[^\[\]]|\[[^\[\]]*\])*\])?\.([a-z_][a-z0-9_]*)"
)


def _reference_violations(document: Mapping[str, Any], schema: Schema) -> Iterator[str]:
    seen = set()
    for text in _texts(document):
        for kind, name, attribute in _REFERENCE.findall(text):
            block = schema.get((kind or "resource", name))
            if block is None or (kind, name, attribute) in seen:
                continue
            seen.add((kind, name, attribute))
            reference = ".".join(part for part in (kind, name, "*", attribute) if part)
            if attribute in block.deprecated:
                yield f"{reference} is deprecated: {block.deprecated[attribute]}"
            elif attribute not in block.names | _META_REFERENCES:
                yield f"{reference} does not exist"


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key not in ("description", "error_message", "__comments__", "__inline_comments__"):
                yield from _texts(item)


def _shown(file: Path) -> str:
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name
