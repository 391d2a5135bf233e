"""`terraform fmt` over the repository."""

import os
import subprocess

from infra.errors import InfraError
from infra.repository import ROOT
from infra.terraform.binary import find_terraform
from infra.terraform.runner import clean_environment


def format_configuration(*, check: bool) -> None:
    """Format every Terraform file, or only check.

    Args:
        check: write nothing.

    Raises:
        InfraError: with `check`, a file is not formatted; or a file is not valid HCL.
    """
    options = ["-check", "-diff"] if check else []
    result = subprocess.run(
        [str(find_terraform().path), "fmt", "-recursive", "-no-color", *options, "modules", "environments"],
        cwd=ROOT,
        env=clean_environment(os.environ) | {"TF_CLI_CONFIG_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode == 0:
        return
    if check and not result.stderr.strip():
        raise InfraError(f"Terraform files are not formatted: run `make fmt`.\n{result.stdout.strip()}")
    raise InfraError(f"terraform fmt failed:\n{(result.stderr or result.stdout).strip()}")
