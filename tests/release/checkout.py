"""A repository whose stack is the small one in tests/release/root, and commands in it."""

import shutil
import subprocess
import sys
from pathlib import Path

from infra.account.emulated import EmulatedAccount, find
from infra.account.preparation import hand_over
from tests.delivery.checkout import ENVIRONMENT, Checkout

ROOT = Path(__file__).parent / "root"
BUCKET = f"hokusai-terraform-state-{ENVIRONMENT}"

_BUCKET = """
resource "aws_s3_bucket_versioning" "state" {
  bucket = aws_s3_bucket.state.bucket
  versioning_configuration {
    status = "Enabled"
  }
}
"""


class Release(Checkout):
    """The repository, and commands in a build folder and an account of one's own."""

    @classmethod
    def make(cls, folder: Path) -> "Release":
        """Make the repository, with one commit."""
        made = super().make(folder)
        assert isinstance(made, cls)
        stack = made.root / "environments" / "stack"
        for file in stack.glob("*.tf"):
            file.unlink()
        for file in ROOT.glob("*.tf"):
            shutil.copy(file, stack)
        with (made.root / "environments" / "bootstrap" / "main.tf").open("a") as bootstrap:
            bootstrap.write(_BUCKET)
        made.commit("first generation")
        return made

    def account(self) -> EmulatedAccount:
        """The account that its commands use."""
        account = find(self.build / ENVIRONMENT / "account")
        assert account, "there is no account"
        return account

    def beside(self, build: Path, account: EmulatedAccount) -> "Release":
        """The same repository with a build folder of its own, in an account that is there already."""
        hand_over(account, build / ENVIRONMENT / "account")
        return type(self)(self.root, build)

    def turn(self, generation: int) -> None:
        """Change the configuration."""
        variables = self.root / "environments" / "stack" / "variables.tf"
        text = variables.read_text()
        variables.write_text(text.replace(f"default = {3 - generation}", f"default = {generation}"))
        assert f"default = {generation}" in variables.read_text()

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command, in a process group of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=self.root,
            env=self.environment() | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
            start_new_session=True,
        )
