"""The command is killed while git checks out a branch for it: git goes on, and nothing is left half-done."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from infra.git import git

_SWITCH = "import sys, pathlib; from infra.git import git; git(pathlib.Path(sys.argv[1]), 'switch', '--quiet', 'other')"


def test_it_ends_well(tmp_path: Path) -> None:
    repository, begun = tmp_path / "repository", tmp_path / "begun"
    git(tmp_path, "init", "--quiet", "--initial-branch=main", str(repository))
    # A file that takes git a while.
    slow = f"touch {begun}; sleep 1; cat"
    for name, value in (("user.name", "Carol"), ("user.email", "carol@x.org"), ("filter.slow.smudge", slow)):
        git(repository, "config", name, value)
    (repository / ".gitattributes").write_text("slow filter=slow\n")
    for branch in ("main", "other"):
        for name in ("before", "slow", "z-after"):
            (repository / name).write_text(branch)
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message", branch)
        if branch == "main":
            git(repository, "switch", "--quiet", "--create", "other")
    git(repository, "switch", "--quiet", "main")
    begun.unlink()

    with subprocess.Popen([sys.executable, "-c", _SWITCH, str(repository)], start_new_session=True) as process:
        _wait_for(begun.exists)
        os.killpg(process.pid, signal.SIGKILL)
    _wait_for(lambda: git(repository, "rev-parse", "--abbrev-ref", "HEAD").stdout.strip() == "other")
    assert git(repository, "status", "--porcelain").stdout == ""
    assert (repository / "z-after").read_text() == "other"


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)
