"""docs/migrating-the-first-version.md, followed in an account like the old one: nothing is destroyed."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.account.preparation import hand_over
from infra.repository import ROOT
from infra.terraform.adoptions import read_adoptions
from tests.commands.conftest import Infra
from tests.edited_copy import EditedCopy
from tests.environments.lifecycle import Lifecycles
from tests.release.adopt import migration_page
from tests.release.adopt.first_version.account import ENVIRONMENT, OldAccount
from tests.release.adopt.first_version.database import database_key
from tests.release.adopt.first_version.make import make_first_version
from tests.shared_tools import share_tools

ARN = "arn:aws:{}:us-east-1:123456789012"
SERVICE = 'module.task["mlflow"].aws_ecs_service.this[0]'


@pytest.fixture
def old(lifecycles: Lifecycles) -> Iterator[OldAccount]:
    """The first version in a bootstrapped account of the test's own: after step 2 of the page."""
    account = lifecycles.bare_account(ENVIRONMENT).fork(parent_pid=os.getpid(), idle_seconds=900)
    try:
        yield make_first_version(account)
    finally:
        account.stop()


@pytest.fixture
def infra(old: OldAccount, tmp_path: Path) -> Infra:
    """The commands of a copy in which steps 3 and 4 of the page are done."""
    copy = EditedCopy(tmp_path / "checkout")
    shutil.copy(ROOT / ".checkov.yaml", copy.folder)
    variables = copy.folder / "environments" / ENVIRONMENT / "terraform.tfvars"
    variables.write_text(migration_page.with_what_is_kept(variables.read_text(), database_key(old)))
    build = tmp_path / "build"
    hand_over(old.account, build / ENVIRONMENT / "account")
    share_tools(build)
    return Infra(build, old.account, copy.folder)


@pytest.mark.long
def test_what_stays_is_taken_over_and_nothing_is_destroyed(old: OldAccount, infra: Infra) -> None:
    build = infra.build / ENVIRONMENT
    blocks = build / f"adopt.{old.account.instance_id}.hcl"

    before_step_6 = infra.run("adopt", "--env", ENVIRONMENT, ACCOUNT="emulated")
    assert before_step_6.returncode == 2, before_step_6.stderr
    [refused] = [line for line in before_step_6.stdout.splitlines() if "CANNOT" in line]
    assert f"{SERVICE} <- {old.kept[SERVICE]} would be replaced: capacity_provider_strategy can only be set" in refused
    assert "aws ecs update-service" in before_step_6.stdout
    assert read_adoptions(blocks) == {address: each for address, each in old.kept.items() if address != SERVICE}

    old.client("ecs").update_service(**migration_page.update_service())
    adopt, plan = migration_page.commands()
    taken = infra.run(adopt, "--env", ENVIRONMENT, ACCOUNT="emulated")
    assert taken.returncode == 0, taken.stdout + taken.stderr
    assert read_adoptions(blocks) == old.kept
    left = [line for line in taken.stdout.splitlines() if line.startswith("  left ")]
    # It has the name of the instance, but its successor has another.
    assert any(f" parameter group {ARN.format('rds')}:pg:hokusai-mlflow-production:" in line for line in left)
    assert any(f" {ARN.format('secretsmanager')}:secret:hokusai/app-secrets/production-" in line for line in left)

    planned = infra.run(plan, "--env", ENVIRONMENT, ACCOUNT="emulated")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    changes = changes_of(json.loads((build / "plan.json").read_text()))
    assert destroyed(changes) == []
    assert {address: each["importing"]["id"] for address, each in changes.items() if "importing" in each} == old.kept


def changes_of(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["address"]: each["change"] for each in plan["resource_changes"]}


def destroyed(changes: dict[str, dict[str, Any]]) -> list[str]:
    """What is destroyed, or replaced."""
    return [address for address, change in changes.items() if "delete" in change["actions"]]


def test_every_block_of_the_page_is_followed() -> None:
    """SQL by test_tables.py, the rest here."""
    languages = [line.strip() for line in migration_page.PAGE.splitlines() if line.strip().startswith("```")]
    assert sorted(languages) == sorted(["```hcl", "```"] * 2 + ["```sql", "```"] + ["```sh", "```"] * 2)
