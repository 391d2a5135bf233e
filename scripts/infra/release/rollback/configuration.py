"""The configuration of an earlier commit as a new commit, so that going back is a change like any other.

What judges a change stays as it is: gates, acknowledgements, policies and the tooling are not taken back.
"""

import tempfile
from pathlib import Path

from infra.errors import InfraError
from infra.git import git
from infra.repository import ROOT, revision


def paths_of(environment: str) -> tuple[str, ...]:
    """What Terraform reads for an environment, beside its state backend.

    Args:
        environment: its name.

    Returns:
        Files and folders, relative to the repository.
    """
    own = f"environments/{environment}"
    return (
        "modules",
        "environments/stack",
        "environments/common.tfvars",
        f"{own}/terraform.tfvars",
        f"{own}/images.tfvars",
    )


def alike(environment: str, one: str, other: str) -> bool:
    """Whether two commits configure an environment alike.

    Args:
        environment: its name.
        one: full hash of a commit.
        other: of another one.

    Returns:
        Whether Terraform would read the same.

    Raises:
        InfraError: one of them is not in this checkout.
    """
    for commit in (one, other):
        _require_commit(commit)
    return git(ROOT, "diff", "--quiet", one, other, "--", *paths_of(environment), accept=(0, 1)).returncode == 0


def require_clean() -> None:
    """Refuse to go on where something is not committed: it would be mixed with what ran before.

    Raises:
        InfraError: something is not, or this is no git checkout.
    """
    here = revision()
    if not here.commit:
        raise InfraError("This is no git checkout: what ran before is looked up by its commit. Clone the repository.")
    if not here.clean or git(ROOT, "status", "--porcelain", "--untracked-files=no").stdout.strip():
        raise InfraError(
            "Something here is not committed, and a rollback must be exactly what ran before. Commit it or put it away "
            "(`git stash`), then run the command again. Nothing was changed."
        )


def take_back(environment: str, commit: str, branch: str, message: str) -> str:
    """Check out a commit that configures an environment as an earlier one did.

    The commit is made beside the working tree, so that an interruption leaves either what was checked out or the new
    branch.

    Args:
        environment: its name.
        commit: full hash of the earlier commit.
        branch: name of the branch to make, where one is needed.
        message: of the commit.

    Returns:
        The branch that was made; "" where what is checked out configures the environment so already.

    Raises:
        InfraError: the branch is there already, or git does not know who commits.
    """
    head = git(ROOT, "rev-parse", "HEAD").stdout.strip()
    if alike(environment, head, commit):
        return ""
    if git(ROOT, "rev-parse", "--verify", "--quiet", f"refs/heads/{branch}", accept=(0, 1)).returncode == 0:
        raise InfraError(
            f"The branch {branch} is there from an earlier attempt. Go on with it: `git switch {branch}`, then the "
            f"same command; or begin anew: `git branch -D {branch}`. Nothing was changed."
        )
    made = _commit(head, commit, paths_of(environment), message)
    git(ROOT, "branch", "--no-track", branch, made)
    git(ROOT, "switch", "--quiet", branch)
    return branch


def _commit(head: str, earlier: str, paths: tuple[str, ...], message: str) -> str:
    with tempfile.TemporaryDirectory(prefix="infra-rollback.") as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(ROOT, "read-tree", head, variables=index)
        git(ROOT, "rm", "-r", "--quiet", "--cached", "--ignore-unmatch", "--", *paths, variables=index)
        files = git(ROOT, "ls-tree", "-r", earlier, "--", *paths).stdout
        git(ROOT, "update-index", "--index-info", variables=index, typed=files)
        tree = git(ROOT, "write-tree", variables=index).stdout.strip()
    return git(ROOT, "commit-tree", tree, "-p", head, "-m", message).stdout.strip()


def _require_commit(commit: str) -> None:
    if git(ROOT, "cat-file", "-e", f"{commit}^{{commit}}", accept=(0, 1, 128)).returncode != 0:
        raise InfraError(
            f"Commit {commit[:12]} is not in this checkout, so what it configured is not known here. `git fetch --all` "
            "brings it, where somebody pushed it (a shallow clone needs `git fetch --unshallow`)."
        )
