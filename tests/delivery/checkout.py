"""A git repository that is this one but for its roots, which are as small as a root can be: their plans take a second.

Everything else is real: the tooling that is checked out in it, Terraform, the provider, the emulated account, git.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Self

from infra.repository import ROOT
from infra.review.gates_file import parse_gates

ENVIRONMENT = "development"

_BACKEND = """terraform {
  required_version = ">= 1.11"
  backend "s3" {
    key = "%s/terraform.tfstate"
  }
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}
"""

_BOOTSTRAP = """provider "aws" {
  region = var.region
}

variable "account_id" { type = string }
variable "deletion_protection" { type = bool }
variable "domain" { type = string }
variable "environment" { type = string }
variable "region" { type = string }

resource "aws_s3_bucket" "state" {
  bucket = "hokusai-terraform-state-${var.environment}"
}
"""

_STACK = """provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]
}

variable "account_id" { type = string }
variable "region" { type = string }
"""

_PARAMETER = """resource "aws_ssm_parameter" "%s" {
  name  = "/%s"
  type  = "String"
  value = "%s"
}
"""

_GATES = """
requirements:
  data-loss: one-approval
  outage: one-approval
  access: one-approval
  cost: one-approval
  plain: one-approval
  none: one-approval
  destroy: one-approval
  unknown-access: one-approval
findings: critical
clean_commit: true
plan_max_age_hours: 24
hours: any
emergency_rollback: one-approval
approvers:
  - {name: Ada, github: ada-l, aws_user_id: "", aws_arn: "", emails: [ada@x.org]}
  # Who everybody is in an emulated account.
  - name: Bob
    github: ""
    aws_user_id: AKIAIOSFODNN7EXAMPLE
    aws_arn: arn:aws:sts::111122223333:user/moto
    emails: [bob@x.org]
"""


_NO_CHECKS = """from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from infra.environment import Environment
from infra.review.model import Finding


def plan_checks(environment: Environment, document: str) -> Sequence[Finding]:
    return ()


@contextmanager
def running_checks(environment: Environment) -> Iterator[Callable[[str], Sequence[Finding]]]:
    yield lambda document: ()
"""


class Checkout:
    """A clone with the tooling in it.

    Args:
        root: folder of the repository.
        build: INFRA_BUILD of its commands.
    """

    def __init__(self, root: Path, build: Path) -> None:
        self.root = root
        self.build = build

    @classmethod
    def make(cls, folder: Path) -> "Checkout":
        """Make the repository, with one commit on main."""
        root = folder / "repository"
        unwanted = shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
        for name in ("environments", "scripts", "policies", "requirements"):
            shutil.copytree(ROOT / name, root / name, ignore=unwanted)
        for name in (".gitignore", ".checkov.yaml"):
            shutil.copy(ROOT / name, root / name)
        (root / "modules").mkdir()
        for name, text in (("stack", _STACK), ("bootstrap", _BOOTSTRAP)):
            for file in (root / "environments" / name).glob("*.tf"):
                file.unlink()
            (root / "environments" / name / "main.tf").write_text(text)
            (root / "environments" / name / "versions.tf").write_text(_BACKEND % name)
        # Roots as small as these hold no policy; tests/policies is about policies.
        (root / "scripts/infra/review/plan_checks.py").write_text(_NO_CHECKS)
        parse_gates(_GATES, ENVIRONMENT)
        (root / "environments" / ENVIRONMENT / "gates.yaml").write_text(_GATES)
        made = cls.made_in(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    @classmethod
    def made_in(cls, folder: Path) -> Self:
        """The one that `make` made in a folder."""
        return cls(folder / "repository", folder / "build")

    def git(self, *arguments: str) -> str:
        """Run git; Carol is who commits."""
        result = subprocess.run(
            ["git", "-c", "user.name=Carol", "-c", "user.email=carol@x.org", "-C", str(self.root), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        )
        assert result.returncode == 0, result.stderr
        return result.stdout.strip()

    def commit(self, message: str) -> str:
        """Commit everything; the commit's hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def add_parameter(self, name: str, value: str) -> None:
        """Change the stack: a parameter more, or another value of it."""
        (self.root / "environments" / "stack" / f"{name}.tf").write_text(_PARAMETER % (name, name, value))

    def infra(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run the command `infra` of this repository, in an emulated account where the gates hold."""
        return subprocess.run(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=self.root,
            env=self.environment() | variables,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    def environment(self) -> dict[str, str]:
        """The process environment of its commands."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_", "GITHUB_"))}
        kept |= {
            "ACCOUNT": "emulated",
            "COLUMNS": "400",
            "GATES": "enforced",
            "INFRA_ACCOUNT_IDLE_SECONDS": "7200",
            "INFRA_BUILD": str(self.build),
            "PYTHONPATH": str(self.root / "scripts"),
        }
        return kept
