"""What stands for a container image: the one table from repository to program, and what its Dockerfile says.

An image is not built here. Its lock file gives the packages, its Dockerfile entrypoint, command, environment, user and
folder, and the service's own folder the program.
"""

import json
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.errors import InfraError
from infra.repository import ROOT, build_folder
from infra.tool_environment import service_environment


@dataclass(frozen=True)
class _Source:
    """Where an image comes from.

    Args:
        program: name of its program, as in the Dockerfile's ENTRYPOINT.
        module: Python module that the program runs.
        folder: the service's folder, with Dockerfile and lock file; None for a double.
        ca_variable: variable that names the file with the authorities of RDS, which the image carries.
        keep_alive_variable: variable that says how long the program keeps an idle connection, in seconds.
        more: folders with further modules of it.
    """

    program: str
    module: str
    folder: Path | None
    ca_variable: str = ""
    keep_alive_variable: str = ""
    more: tuple[Path, ...] = ()


# The digest of a gateway that is broken on purpose; a drill deploys it.
BROKEN_GATEWAY: Final = f"sha256:{'0b' * 32}"
_BROKEN = ROOT / "scripts/infra/preflight/drills/broken"

# Repository, without registry, tag and digest, or with one digest -> what stands for its images.
_SOURCES: Mapping[str, _Source] = {
    "hokusai/gateway": _Source("gateway", "gateway", ROOT / "services/gateway", "", "KEEP_ALIVE_SECONDS"),
    "hokusai/mlflow": _Source(
        "mlflow-server", "mlflow_server", ROOT / "services/mlflow", "DATABASE_CA_FILE", "KEEP_ALIVE_SECONDS"
    ),
    f"hokusai/gateway@{BROKEN_GATEWAY}": _Source(
        "gateway",
        "gateway_without_artifacts",
        ROOT / "services/gateway",
        "",
        "KEEP_ALIVE_SECONDS",
        more=(_BROKEN,),
    ),
    # Another team's: a double that answers as the contract says (docs/api.md).
    "hokusai/auth": _Source("auth", "infra.preflight.parts.auth_service", None),
}


@dataclass(frozen=True)
class Image:
    """What stands for an image.

    Args:
        repository: e.g. "hokusai/mlflow".
        entrypoint: as the Dockerfile says.
        command: the same, when the task definition says nothing else.
        environment: variables of the image and those without which its program is not found.
        user: user and group id, unless the task definition says so; None: root.
        directory: where the program starts.
        ca_variable: see `_Source`.
        keep_alive_variable: see `_Source`.
        needed: files and folders that the program is made of.
        is_double: whether another program stands for the real one.
    """

    repository: str
    entrypoint: tuple[str, ...]
    command: tuple[str, ...]
    environment: Mapping[str, str]
    user: str | None
    directory: str
    ca_variable: str
    keep_alive_variable: str
    needed: tuple[Path, ...] = field(default=())
    is_double: bool = False


def repository_of(reference: str) -> str:
    """The repository of an image reference, without registry, tag and digest."""
    name = reference.partition("@")[0]
    first, _, rest = name.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        name = rest
    return re.sub(r":[^/:]+$", "", name)


def image_for(reference: str) -> Image:
    """What stands for an image; its packages are installed when they are not there yet.

    Args:
        reference: as in a task definition.

    Raises:
        InfraError: the repository is not in the table, or its packages cannot be installed.
    """
    repository = repository_of(reference)
    source = _SOURCES.get(f"{repository}@{reference.partition('@')[2]}", _SOURCES.get(repository))
    if source is None:
        raise InfraError(
            f"Nothing stands for the image {reference}: the repository {repository} is not in the table of "
            f"infra/preflight/platform/images.py (known are {', '.join(sorted(_SOURCES))})."
        )
    if source.folder is None:
        python, says = Path(sys.executable), _Dockerfile(entrypoint=(source.program,))
        modules: tuple[Path, ...] = (ROOT / "scripts",)
    else:
        python = service_environment(source.folder.name)
        modules, says = (source.folder, *source.more), read_dockerfile(source.folder / "Dockerfile")
    # Without the links that lead there: several checkouts may share their tools, and a link may lie in a folder that a
    # task has as scratch. The link `python` itself stays: it is what makes it the Python of its environment.
    python = python.parent.resolve() / python.name
    programs = _programs(source, python)
    path = [
        str(programs),
        str(python.parent),
        "/usr/local/sbin",
        "/usr/local/bin",
        "/usr/sbin",
        "/usr/bin",
        "/sbin",
        "/bin",
    ]
    needed = {each.resolve() for each in (ROOT, build_folder(), python.parent.parent, Path(sys.base_prefix), programs)}
    return Image(
        repository,
        says.entrypoint,
        says.command,
        {**says.environment, "PATH": ":".join(path), "PYTHONPATH": ":".join(map(str, modules))},
        says.user,
        says.directory,
        source.ca_variable,
        source.keep_alive_variable,
        tuple(sorted(needed)),
        source.folder is None,
    )


@dataclass(frozen=True)
class _Dockerfile:
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    directory: str = "/"


def read_dockerfile(file: Path) -> _Dockerfile:
    """What the last stage of a Dockerfile says about a container.

    Args:
        file: the Dockerfile; ENTRYPOINT and CMD in their JSON form.

    Raises:
        InfraError: it says something in a form that is not read here.
    """
    text = re.sub(r"\\\n", " ", file.read_text())
    found: dict[str, str] = {}
    environment: dict[str, str] = {}
    for line in text.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        match instruction.upper():
            case "FROM":
                found, environment = {}, {}
            case "ENV":
                environment |= dict(part.split("=", 1) for part in shlex.split(rest))
            case "ENTRYPOINT" | "CMD" | "USER" | "WORKDIR":
                found[instruction.upper()] = rest.strip()
    try:
        entrypoint, command = (tuple(json.loads(found.get(name, "[]"))) for name in ("ENTRYPOINT", "CMD"))
    except ValueError as error:
        raise InfraError(f"{file}: ENTRYPOINT and CMD must be JSON lists, or preflight cannot read them.") from error
    environment.pop("PATH", None)  # of the image's own file system
    return _Dockerfile(entrypoint, command, environment, found.get("USER"), found.get("WORKDIR", "/"))


def _programs(source: _Source, python: Path) -> Path:
    """A folder with the image's program, as its Dockerfile makes it."""
    folder = build_folder() / "tools" / f"{source.module}-programs"
    script = f'#!/bin/sh\nexec {shlex.quote(str(python))} -m {source.module} "$@"\n'
    file = folder / source.program
    if not file.exists() or file.read_text() != script:
        folder.mkdir(parents=True, exist_ok=True)
        partial = folder / f".{source.program}.partial"
        partial.write_text(script)
        partial.chmod(0o755)
        partial.replace(file)
    return folder
