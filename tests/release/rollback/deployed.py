"""A broken version that was deployed, for tests of going back."""

import shutil
from pathlib import Path

from tests.release.campaign import run
from tests.release.checkout import ENVIRONMENT, Release

_BROKEN = "sha256:" + "b" * 64
ENV = ("--env", ENVIRONMENT)


def own_repository(release: Release, folder: Path) -> Release:
    """A repository of its own, since a rollback checks out a branch; what is checked out is generation 1, which ran.

    Args:
        release: whose repository is copied, and whose build folder is used.
        folder: of the repository.

    Returns:
        Commands in it.
    """
    shutil.copytree(release.root, folder)
    own = Release(folder, release.build)
    own.git("checkout", "--quiet", "main~1")
    own.git("checkout", "--quiet", "-B", "main")
    own.git("config", "user.name", "Carol")
    own.git("config", "user.email", "carol@x.org")
    return own


def deploy_broken(release: Release) -> None:
    """Another image of the gateway, committed and applied."""
    images = release.root / "environments" / ENVIRONMENT / "images.tfvars"
    before = images.read_text()
    at = before.index("sha256:")
    images.write_text(before.replace(before[at : at + 71], _BROKEN, 1))
    release.commit("a broken gateway")
    run(release, "plan", *ENV)
    run(release, "apply", "--yes")
