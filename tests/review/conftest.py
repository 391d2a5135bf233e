"""Real plans, made once by the first test process that asks."""

import os
import shutil

import pytest
from filelock import FileLock

from infra.account.emulated import EmulatedAccount
from infra.terraform.session import Tools
from tests.review.plans import RealPlan, keep, kept, make_plans
from tests.shared_once import shared_folder


@pytest.fixture(scope="session")
def plans(tools: Tools, account: EmulatedAccount, tmp_path_factory: pytest.TempPathFactory) -> dict[str, RealPlan]:
    """`create`, `nothing`, `output only`, `all` (every other kind of change in one plan), `all again`."""
    folder = shared_folder(tmp_path_factory) / "review-plans"
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
