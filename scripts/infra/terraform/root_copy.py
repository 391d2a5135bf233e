"""A root module in another place, for work that must not leave anything beside the original.

Terraform writes what it could not save (`errored.tfstate`) into the folder of the root module.
"""

import shutil
from pathlib import Path

from infra.repository import ENVIRONMENTS, MODULES

# The file of a module that holds its guard, and what is laid over it: Terraform merges the arguments of `lifecycle`.
# Source: https://developer.hashicorp.com/terraform/language/files/override
_GUARD = "guard.tf"
_NO_GUARD = """resource "terraform_data" "guard" {
  lifecycle {
    prevent_destroy = false
  }
}
"""


def copy_root(root: Path, workshop: Path) -> Path:
    """Copy a root module; beside it the modules, where its paths expect them.

    Args:
        root: a folder below environments/.
        workshop: where to; made when missing.

    Returns:
        The copy.
    """
    modules = workshop / MODULES.name
    if not modules.is_symlink():
        workshop.mkdir(parents=True, exist_ok=True)
        modules.symlink_to(MODULES)
    return _copy_files(root, workshop)


def keep_state_beside(copy: Path) -> None:
    """Let a copied root keep its state in `terraform.tfstate` beside its code, whatever backend it names.

    Args:
        copy: folder of the root; an override file is written into it.
    """
    (copy / "local_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')


def copy_unguarded(root: Path, workshop: Path) -> Path:
    """Copy a root module and its modules without their guards, which refuse any plan that destroys what they watch.

    Such a plan can be made and reviewed; in the account and the state everything stays as protected as it is.

    Args:
        root: a folder below environments/.
        workshop: an empty folder.

    Returns:
        The copy of the root.
    """
    modules = workshop / MODULES.name
    shutil.copytree(MODULES, modules, ignore=shutil.ignore_patterns("examples", ".terraform", "*.md"))
    for guard in modules.glob(f"*/{_GUARD}"):
        guard.with_name("guard_override.tf").write_text(_NO_GUARD)
    return _copy_files(root, workshop)


def _copy_files(root: Path, workshop: Path) -> Path:
    folder = workshop / ENVIRONMENTS.name / root.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*root.glob("*.tf"), root / ".terraform.lock.hcl"]:
        shutil.copyfile(path, folder / path.name)
    return folder
