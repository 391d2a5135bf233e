"""A part of the suite, run in a copy of the repository."""

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from infra.repository import build_folder


def failing(copy: Path, suite: str, environment: Mapping[str, str], select: str = "not lifecycle") -> list[str]:
    """The tests of the copy that fail; that none could run is a failure of this test, not a catch.

    Args:
        copy: of the repository.
        suite: folder or file of tests in it.
        environment: complete process environment.
        select: expression for pytest's -k.

    Returns:
        Their names.
    """
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", suite, "-k", select],
        cwd=copy,
        env={
            **environment,
            "INFRA_BUILD": str(build_folder()),
            "PYTHONPATH": str(copy / "scripts"),
            "PYTEST_ADDOPTS": "",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert result.returncode in (0, 1), result.stdout + result.stderr
    assert not re.search(r"^ERROR ", result.stdout, re.MULTILINE), result.stdout
    return re.findall(r"^FAILED \S+::(\S+)", result.stdout, re.MULTILINE)
