"""What an account with a stack was made from: tells whether a kept one still holds what would be applied."""

import hashlib
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from infra import account as account_package
from infra.bootstrap import BOOTSTRAP_VARIABLES
from infra.environment import Environment
from infra.repository import BOOTSTRAP, ROOT, STACK
from infra.terraform.session import Tools

# What runs in the process of an account, or put something into it that no root owns.
_IN_THE_ACCOUNT = ("gaps.py", "seed.py", "server.py")
# Folders of a module that no root reads.
_NOT_READ = {".terraform", "examples"}
_DOCUMENTS = {".md"}
_LOCAL_SOURCE = re.compile(r'^\s*source\s*=\s*"(\.\.?/[^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class MadeFrom:
    """Fingerprints of what an account was made from.

    Args:
        machinery: the emulated account's own code, Terraform and provider: another one cannot be brought up to date.
        bootstrap: the bootstrap root and what it applies in this environment.
        stack: the stack and what it applies in this environment.
    """

    machinery: str
    bootstrap: str
    stack: str


def made_from(environment: Environment, tools: Tools) -> MadeFrom:
    """The fingerprints of an environment as its files are now.

    Args:
        environment: the environment.
        tools: Terraform and provider.

    Returns:
        Equal exactly when the same would be made.
    """
    values = [*environment.variable_files, environment.backend_config]
    taken = [f"{name}={environment.variables.get(name)}" for name in BOOTSTRAP_VARIABLES]
    account_code = [Path(account_package.__file__).with_name(name) for name in _IN_THE_ACCOUNT]
    versions = [platform.python_version(), version("moto"), tools.terraform.version, tools.provider.version]
    return MadeFrom(
        machinery=_digest(account_code, versions),
        bootstrap=_digest([*_read_by(BOOTSTRAP), environment.backend_config], taken),
        stack=_digest([*_read_by(STACK), *values]),
    )


def _read_by(root: Path) -> list[Path]:
    """Every file that Terraform may read for a root module: its own and those of the modules that it calls."""
    waiting, called = [root], set[Path]()
    while waiting:
        folder = waiting.pop()
        called.add(folder)
        sources = (match for file in folder.glob("*.tf") for match in _LOCAL_SOURCE.findall(file.read_text()))
        waiting += [path for path in ((folder / source).resolve() for source in sources) if path not in called]
    return sorted(path for folder in called for path in folder.rglob("*") if path.is_file() and _is_read(path))


def _is_read(path: Path) -> bool:
    return not _NOT_READ & set(path.parts) and path.suffix not in _DOCUMENTS


def _digest(files: Iterable[Path], words: Iterable[str] = ()) -> str:
    digest = hashlib.sha256("\0".join(words).encode())
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"\0{path.relative_to(ROOT)}\0{content}".encode())
    return digest.hexdigest()
