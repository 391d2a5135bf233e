"""A root module in another place, for work that must not leave anything beside the original.

Terraform writes what it could not save (`errored.tfstate`) into the folder of the root module.
"""

import shutil
from pathlib import Path

from infra.repository import ENVIRONMENTS, MODULES


def copy_root(root: Path, workshop: Path) -> Path:
    """Copy a root module; beside it the modules, where its paths expect them.

    Args:
        root: a folder below environments/.
        workshop: where to; made when missing.

    Returns:
        The copy.
    """
    folder = workshop / ENVIRONMENTS.name / root.name
    folder.mkdir(parents=True, exist_ok=True)
    for path in [*root.glob("*.tf"), root / ".terraform.lock.hcl"]:
        shutil.copyfile(path, folder / path.name)
    modules = workshop / MODULES.name
    if not modules.is_symlink():
        modules.symlink_to(MODULES)
    return folder
