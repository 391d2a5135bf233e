"""What git knows of a change: which files differ, what a file was, who wrote a commit."""

import re

from infra.errors import InfraError
from infra.git import git
from infra.repository import ROOT


def changed_files(base: str, head: str) -> list[str]:
    """Paths that differ between a commit and what branched off from another one.

    Args:
        base: commit of the branch it goes into.
        head: commit that is proposed.

    Returns:
        Paths relative to the repository; of a renamed file both.

    Raises:
        InfraError: one of them is no commit of this checkout.
    """
    # Three dots: what others merged meanwhile is not this change's.
    names = _git("diff", "--name-only", "--no-renames", "-z", f"{_commit(base)}...{_commit(head)}")
    return [name for name in names.split("\0") if name]


def file_at(commit: str, path: str) -> str:
    """A file as it was in a commit.

    Args:
        commit: its full hash.
        path: relative to the repository.

    Returns:
        Its text.

    Raises:
        InfraError: it was not there.
    """
    return _git("show", f"{_commit(commit)}:{path}")


def written_by(commit: str) -> frozenset[str]:
    """Who wrote a commit.

    Args:
        commit: its full hash.

    Returns:
        Addresses of author and committer.

    Raises:
        InfraError: it is no commit of this checkout.
    """
    return frozenset(_git("show", "--no-patch", "--format=%ae%n%ce", _commit(commit)).split())


def _commit(commit: str) -> str:
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        raise InfraError(f"{commit!r} is no full commit hash.")
    return commit


def _git(*arguments: str) -> str:
    try:
        return git(ROOT, *arguments).stdout
    except InfraError as error:
        raise InfraError(f"{error}. A shallow checkout lacks commits: fetch all (fetch-depth: 0).") from error
