"""Fetching the published schema anew, and keeping what the configuration uses of it."""

import json
import tempfile
from pathlib import Path
from typing import Any, Final

from infra.provider_schema.deprecations import (
    listed_deprecations,
    locked_deprecations,
    locked_schemas,
    with_deprecations,
    with_either,
)
from infra.provider_schema.generated import PACKAGE, PROVIDER_VERSION, download, generated_sources, parse_source
from infra.provider_schema.schema import SCHEMA_FILE
from infra.terraform.configuration import configuration_files, declarations
from infra.terraform.provider import locked_version
from infra.terraform.session import find_tools

_KIND_SCHEMAS: Final = {
    "resource": "resource_schemas",
    "data": "data_source_schemas",
    "ephemeral": "ephemeral_resource_schemas",
}


def write_schema(file: Path = SCHEMA_FILE) -> Path:
    """Download the published schema and keep what the repository uses of it.

    Args:
        file: where to.

    Returns:
        The file.

    Raises:
        InfraError: no package, another package than the one known, or a type that 6.x does not have.
    """
    used = sorted(
        {(item.kind, item.type) for item in declarations(configuration_files()) if item.type.startswith("aws_")}
    )
    with tempfile.TemporaryDirectory(prefix="provider-schema-") as folder:
        sources = generated_sources(download(Path(folder)), used)
        locked = locked_schemas(find_tools(), Path(folder))
    types: dict[str, dict[str, Any]] = {}
    for kind, name in used:
        block = parse_source(sources[kind, name])
        if name in locked[_KIND_SCHEMAS[kind]]:
            schema = locked[_KIND_SCHEMAS[kind]][name]["block"]
            block = with_deprecations(with_either(block, schema), locked_deprecations(schema))
        types.setdefault(kind, {})[name] = with_deprecations(block, listed_deprecations(kind, name)).as_json()
    document = {
        "provider": f"hashicorp/aws {PROVIDER_VERSION}",
        "source": f"PyPI {PACKAGE}; deprecations also of hashicorp/aws {locked_version()} and the list in the command",
        "regenerate": "infra provider-schema",
        "types": types,
    }
    file.write_text(json.dumps(document, indent=1, sort_keys=False) + "\n")
    return file
