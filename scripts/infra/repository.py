"""Where things are in this repository; the only place that knows its folders."""

import os
from dataclasses import dataclass
from pathlib import Path

from infra.git import git

ROOT = Path(__file__).resolve().parents[2]
MODULES = ROOT / "modules"
ENVIRONMENTS = ROOT / "environments"
STACK = ENVIRONMENTS / "stack"
BOOTSTRAP = ENVIRONMENTS / "bootstrap"
REQUIREMENTS = ROOT / "requirements"
SERVICES = ROOT / "services"


def build_folder() -> Path:
    """The folder of everything that is made while working; never in git.

    Returns:
        `build/` in the repository, or the folder that INFRA_BUILD names (tests work side by side with it).
    """
    return Path(os.environ.get("INFRA_BUILD") or ROOT / "build")


@dataclass(frozen=True)
class Revision:
    """What a plan was made from, as git sees it.

    Args:
        commit: the full hash of HEAD, or None outside a git checkout.
        clean: whether no tracked file differs from it and no untracked file lies in a folder that Terraform reads.
    """

    commit: str | None
    clean: bool


def revision() -> Revision:
    """The commit checked out here and whether the configuration is exactly that commit.

    Returns:
        The revision; a folder that is no git checkout (a downloaded archive) has no commit and is never clean.

    Raises:
        InfraError: git is there but failed on a checkout.
    """
    if not (ROOT / ".git").exists():
        return Revision(commit=None, clean=False)
    head = git(ROOT, "rev-parse", "--verify", "--quiet", "HEAD", accept=(0, 1, 128)).stdout.strip()
    folders = ("modules", "environments", "services", "policies", "scripts")
    changed = git(ROOT, "status", "--porcelain", "--", *folders).stdout
    return Revision(commit=head or None, clean=bool(head) and not changed)
