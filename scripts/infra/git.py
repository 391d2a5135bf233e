"""Running git; what it is asked stands where the answer is needed."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from infra.errors import InfraError


def git(
    folder: Path,
    *arguments: str,
    accept: tuple[int, ...] = (0,),
    variables: Mapping[str, str] | None = None,
    typed: str = "",
) -> "subprocess.CompletedProcess[str]":
    """Run git in a checkout.

    Args:
        folder: the checkout.
        arguments: of git.
        accept: exit codes that are answers.
        variables: added to the process environment.
        typed: its standard input.

    Returns:
        What it answered.

    Raises:
        InfraError: git is not installed, or ended with another exit code.
    """
    try:
        result = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=False,
            input=typed,
            # Asking takes no lock of the index, which a kill would leave behind. And what changes the work tree is not
            # killed in its middle with the command: that would be neither what was checked out nor what was wanted.
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", **(variables or {})},
            start_new_session=True,
        )
    except FileNotFoundError as error:
        raise InfraError("git is not installed: a plan records the commit it was made from. Install git.") from error
    if result.returncode not in accept:
        raise InfraError(f"git {' '.join(arguments)} failed in {folder}: {result.stderr.strip()}")
    return result
