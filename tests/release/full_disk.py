"""An apply whose build folder runs full at some moment: a small file system of its own, filled beside it."""

import os
import shlex
import shutil
import subprocess
import sys

from tests.release.checkout import ENVIRONMENT, Release

# Room for plan, Terraform's data and a whole apply; what is left is filled at the moment.
_SIZE = "64m"


def apply_until_full(release: Release, messages: int) -> "subprocess.CompletedProcess[str]":
    """Apply the saved plan, and fill the disk when Terraform has said so much.

    The file system goes with the processes that see it, so what it holds at the end is put where it was.

    Args:
        release: with a saved plan.
        messages: of Terraform's.

    Returns:
        How the command ended.
    """
    folder, kept = release.build / ENVIRONMENT, release.build / "kept"
    inside, outside, journal = (shlex.quote(str(each)) for each in (folder, kept, folder / "apply.journal"))
    fill = (
        f"until [ -f {journal} ] && [ $(wc -l < {journal}) -gt {messages} ]; do sleep 0.02; done; "
        f"cat /dev/zero > {inside}/filled 2>/dev/null"
    )
    script = (
        f"cp -a {inside} {outside} && mount -t tmpfs -o size={_SIZE} tmpfs {inside} && cp -a {outside}/. {inside} && "
        f"rm -r {outside} && {{ ( {fill} ) & }} && "
        f"{shlex.quote(sys.executable)} -m infra.cli apply --yes; code=$?; "
        f"[ -f {inside}/filled ] && echo FILLED; rm -f {inside}/filled; cp -a {inside} {outside}; exit $code"
    )
    result = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", script],
        cwd=release.root,
        env=release.environment() | {"GATES": "", "TMPDIR": os.environ.get("TMPDIR", "/tmp")},  # noqa: S108
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=600,
    )
    shutil.rmtree(folder)
    kept.rename(folder)
    return result
