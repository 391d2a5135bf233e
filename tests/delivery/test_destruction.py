"""The destruction of a protected environment where the gates hold: planned, acknowledged, approved, only then done."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount, find
from tests.delivery.checkout import ENVIRONMENT, Checkout

FAILED, WAITS = 1, 3
DESTROY = ("destroy", "--env", ENVIRONMENT, "--yes", "--confirm", f"destroy-{ENVIRONMENT}")
KEPT = "module.kept.aws_ssm_parameter.this"

_STACK = """
variable "deletion_protection" { type = bool }

module "kept" {
  source              = "../../modules/kept"
  deletion_protection = var.deletion_protection
}
"""
_MODULE = """
variable "deletion_protection" { type = bool }

resource "aws_ssm_parameter" "this" {
  name  = "/kept"
  type  = "String"
  value = "kept"
}
"""
_GUARD = """
resource "terraform_data" "guard" {
  count            = var.deletion_protection ? 1 : 0
  triggers_replace = [aws_ssm_parameter.this.arn]
  lifecycle {
    prevent_destroy = true
  }
}
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    made = Checkout.make(tmp_path)
    module = made.root / "modules" / "kept"
    module.mkdir()
    (module / "main.tf").write_text(_MODULE)
    (module / "guard.tf").write_text(_GUARD)
    (made.root / "environments" / "stack" / "kept.tf").write_text(_STACK)
    variables = made.root / "environments" / ENVIRONMENT / "terraform.tfvars"
    text = variables.read_text()
    assert "deletion_protection  = false" in text
    variables.write_text(text.replace("deletion_protection  = false", "deletion_protection  = true"))
    made.commit("a protected environment")
    yield made
    account = find(made.build / ENVIRONMENT / "account")
    if account:
        account.stop()


def _done(checkout: Checkout, *arguments: str) -> "subprocess.CompletedProcess[str]":
    result = checkout.infra(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return result


def _refused(checkout: Checkout, exit_code: int, *arguments: str) -> str:
    result = checkout.infra(*arguments)
    assert result.returncode == exit_code, result.stdout + result.stderr
    assert result.stderr.count("ERROR ") == 1, result.stderr
    return result.stderr


def _account(checkout: Checkout) -> EmulatedAccount:
    account = find(checkout.build / ENVIRONMENT / "account")
    assert account
    return account


def _state(checkout: Checkout) -> dict[str, Any]:
    s3 = _account(checkout).client("s3")
    bucket = f"hokusai-terraform-state-{ENVIRONMENT}"
    state: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key="stack/terraform.tfstate")["Body"].read())
    return state


def _digest(checkout: Checkout) -> str:
    report = json.loads((checkout.build / ENVIRONMENT / "review" / "review.json").read_text())
    digest: str = report["provenance"]["digest"]
    return digest


@pytest.mark.long
def test_a_protected_environment_is_destroyed_only_as_approved(checkout: Checkout) -> None:
    _done(checkout, "plan", "--env", ENVIRONMENT)
    _done(checkout, "approve", "--env", ENVIRONMENT, "--yes")
    assert "reviewed and approved as any plan is" in _refused(checkout, FAILED, *DESTROY)  # one that makes it, approved
    _done(checkout, "apply", "--yes")
    before = _state(checkout)
    assert "reviewed and approved as any plan is" in _refused(checkout, FAILED, *DESTROY)

    _done(checkout, "plan", "--env", ENVIRONMENT, "--destroy")
    said = _refused(checkout, WAITS, *DESTROY)
    assert KEPT in said
    assert "it needs 1 approval" in said
    (checkout.root / "environments" / ENVIRONMENT / "acknowledgements.yaml").write_text(
        json.dumps([{"address": KEPT, "digest": _digest(checkout), "who": "Carol", "why": "it has moved"}])
    )
    checkout.commit("nobody needs it any more")
    _done(checkout, "plan", "--env", ENVIRONMENT, "--destroy")
    said = _refused(checkout, WAITS, *DESTROY)
    assert KEPT not in said, "acknowledged: the digest is the same after a commit that changes nothing of it"
    _done(checkout, "approve", "--env", ENVIRONMENT, "--yes")
    assert "is protected from deletion" in _refused(checkout, FAILED, "apply", "--yes")
    assert _state(checkout) == before, "until then the guard stands, and nothing was changed"

    _done(checkout, *DESTROY)
    assert _state(checkout)["resources"] == []
    assert _account(checkout).client("ssm").describe_parameters()["Parameters"] == []
