"""Real plans, made once by the first test process that asks."""

import os
import shutil

import pytest
from filelock import FileLock

from infra.account.emulated import EmulatedAccount
from infra.terraform.session import Tools
from tests.review.plans import RealPlan, keep, kept, make_plans


@pytest.fixture(scope="session")
def plans(tools: Tools, account: EmulatedAccount, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RealPlan]:
    """`create`, `nothing`, `output only`, `all` (every other kind of change in one plan), `all again`."""
    base = tmp_path_factory.getbasetemp()
    # Under xdist all workers share the parent of their base folders.
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "review-plans"
    manifest = folder / "plans.json"
    with FileLock(f"{folder}.lock"):
        if not manifest.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            copy = account.fork()
            try:
                keep(make_plans(folder, tools, copy, os.environ), manifest)
            finally:
                copy.stop()
    return kept(manifest)
