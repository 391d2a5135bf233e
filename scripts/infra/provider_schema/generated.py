"""The package that is generated from the published schema, and what its classes say of a type."""

import hashlib
import io
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from infra.errors import InfraError
from infra.provider_schema.schema import Block

PACKAGE: Final = "cdktn-provider-aws==25.8.1"
PROVIDER_VERSION: Final = "6.69.1"
_PACKAGE_SHA256: Final = "2ffa579cb88b063cb3a9937e43c519391e876845768f51638a848bdf2ce9f354"
_KIND_PREFIX: Final = {"resource": "", "data": "data-aws-", "ephemeral": "ephemeral-aws-"}


def download(folder: Path) -> Path:
    """Get the package, and refuse another than the known one.

    Args:
        folder: where it is put.

    Returns:
        The wheel.

    Raises:
        InfraError: no index answers, or it is another package.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    result = subprocess.run(
        [*command, "--only-binary", ":all:", "--dest", str(folder), PACKAGE],
        capture_output=True,
        text=True,
        check=False,
    )
    wheels = list(folder.glob("*.whl"))
    if result.returncode != 0 or len(wheels) != 1:
        raise InfraError(
            f"Downloading {PACKAGE} failed:\n{result.stderr.strip()}\n"
            "PyPI (or the index that pip is configured for) must be reachable; then run the command again."
        )
    with wheels[0].open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != _PACKAGE_SHA256:
        raise InfraError(f"{wheels[0].name} has sha256 {found}, not {_PACKAGE_SHA256}: it is not the known package.")
    return wheels[0]


def generated_sources(wheel: Path, used: Sequence[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The generated JavaScript of each type; it states what the Python beside it has lost.

    Args:
        wheel: the package.
        used: kind and type.

    Returns:
        Source by kind and type.

    Raises:
        InfraError: a type that 6.x does not have.
    """
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
        raise InfraError(f"hashicorp/aws {PROVIDER_VERSION} has no {', '.join(missing)}; use what replaced it.")
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
