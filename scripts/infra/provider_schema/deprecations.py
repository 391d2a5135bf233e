"""What the package leaves out: deprecations, and lists of objects that may be written as an argument."""

import json
import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from infra.errors import InfraError
from infra.provider_schema.schema import Block
from infra.terraform.provider import locked_version, write_cli_config
from infra.terraform.runner import clean_environment
from infra.terraform.session import Tools

_CHANGELOG_6: Final = "https://github.com/hashicorp/terraform-provider-aws/blob/v6.0.0/CHANGELOG.md"
_NO_OWNER: Final = "always the own account (https://github.com/hashicorp/terraform-provider-aws/pull/46262)"
# Kind, pattern of the type, attribute, reason.
_DEPRECATED_IN_6: Final = (
    ("data", "aws_region", "name", f"use `id` or, with 6.x only, `region` ({_CHANGELOG_6})"),
    ("resource", "aws_s3_bucket", "region", f"means the provider's region in 6.x ({_CHANGELOG_6})"),
    ("data", "aws_s3_bucket", "region", f"means the provider's region in 6.x ({_CHANGELOG_6})"),
    ("resource", "aws_s3_bucket_.+", "expected_bucket_owner", _NO_OWNER),
)


def locked_schemas(tools: Tools, folder: Path) -> dict[str, Any]:
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


def locked_deprecations(block: Mapping[str, Any]) -> Deprecations:
    """What the locked provider calls deprecated.

    Args:
        block: of its schema, as Terraform prints it.

    Returns:
        Reasons by name.
    """
    reason = f"so says hashicorp/aws {locked_version()}"
    found: dict[str, str | Deprecations] = {
        name: reason for name, attribute in block.get("attributes", {}).items() if attribute.get("deprecated")
    }
    for name, inner in block.get("block_types", {}).items():
        if inner["block"].get("deprecated"):
            found[name] = reason
        elif below := locked_deprecations(inner["block"]):
            found[name] = below
    return found


def with_either(block: Block, locked: Mapping[str, Any]) -> Block:
    """The generated classes show every list of objects as a block; some are attributes written either way."""
    below = locked.get("block_types", {})
    inner = {
        name: with_either(item, below[name]["block"]) if item is not None and name in below else item
        for name, item in block.blocks.items()
    }
    return replace(block, blocks=inner, either=frozenset(block.blocks) & frozenset(locked.get("attributes", {})))


def listed_deprecations(kind: str, name: str) -> Deprecations:
    """What 6.x calls deprecated, as far as it stands in this file.

    Args:
        kind: "resource", "data" or "ephemeral".
        name: of the type.

    Returns:
        Reasons by name.
    """
    return {
        attribute: reason
        for listed_kind, pattern, attribute, reason in _DEPRECATED_IN_6
        if listed_kind == kind and re.fullmatch(pattern, name)
    }


def with_deprecations(block: Block, deprecations: Deprecations) -> Block:
    """A block with what is deprecated in it.

    Args:
        block: as generated.
        deprecations: reasons by name; of names that it does not have, nothing is kept.

    Returns:
        The block.
    """
    inner = dict(block.blocks)
    reasons = dict(block.deprecated)
    for name, reason in deprecations.items():
        below = inner.get(name)
        if isinstance(reason, str):
            if name in block.names:
                reasons[name] = reason
        elif below is not None:
            inner[name] = with_deprecations(below, reason)
    return replace(block, blocks=inner, deprecated=reasons)
