"""A repository of a drill's own: it releases with the commands that people use, into the platform's account."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from infra.account.emulated import EmulatedAccount
from infra.account.preparation import hand_over
from infra.environment import Environment
from infra.git import git
from infra.release.books import here, now
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.ledger.store import LedgerStore
from infra.release.remote_state import RemoteState
from infra.repository import ROOT, build_folder
from infra.review.approval_store import state_bucket
from infra.verification.steps import CheckFailed

# What the commands read.
_FOLDERS: Final = ("environments", "modules", "policies", "requirements", "scripts", "services")
_FILES: Final = (".checkov.yaml", ".gitignore")
_NOBODY: Final = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Drill"), ("EMAIL", "drill@localhost"))
}
_LAST_LINES = 8


class Checkout:
    """Such a repository, with one commit: what is applied.

    Args:
        environment: the environment that is released.
        account: the platform's.
        folder: where it is made; new.
    """

    def __init__(self, environment: Environment, account: EmulatedAccount, folder: Path) -> None:
        self.root, self._build = folder / "repository", folder / "build"
        self._environment, self._account = environment, account
        self._log = folder / "commands.log"
        unwanted = shutil.ignore_patterns(".terraform", "__pycache__", "*.egg-info")
        for name in _FOLDERS:
            shutil.copytree(ROOT / name, self.root / name, ignore=unwanted)
        for name in _FILES:
            shutil.copy(ROOT / name, self.root / name)
        git(self.root, "init", "--quiet", "--initial-branch=main")
        hand_over(account, self._build / environment.name / "account")
        # Installed once a checkout, minutes where there is none.
        (self._build / "tools").symlink_to((build_folder() / "tools").resolve())
        self._applied = self.commit("What is applied")

    def commit(self, message: str) -> str:
        """Commit everything.

        Args:
            message: of the commit.

        Returns:
            Its full hash.
        """
        git(self.root, "add", "--all")
        git(self.root, "commit", "--quiet", "--message", message, variables=_NOBODY)
        return git(self.root, "rev-parse", "HEAD").stdout.strip()

    def set_image(self, program: str, digest: str) -> None:
        """Let the environment's images file name another image of a program.

        Args:
            program: as the file names it.
            digest: with "sha256:".
        """
        file = self.root / "environments" / self._environment.name / "images.tfvars"
        before = str(self._environment.variables["images"][program])
        file.write_text(file.read_text().replace(before, f"{before.partition('@')[0]}@{digest}"))

    def enter_what_is_applied(self) -> None:
        """Enter into the account's ledger what the preflight itself applied: there is nothing to go back to else."""
        bucket, environment = state_bucket(self._environment), self._environment
        s3 = self._account.client("s3")
        ledger = LedgerStore(s3, bucket, self._account.account_id, environment.name)
        state = RemoteState(s3, bucket, self._account.account_id)
        began = Record(
            kind=Kind.APPLY,
            environment=environment.name,
            outcome=Outcome.UNKNOWN,
            who="preflight",
            where=here(),
            written=now(),
            started=now(),
            commit=self._applied,
            clean=True,
            images=dict(environment.variables["images"]),
            state=state.version(),
            note="applied by the preflight",
        )
        number = ledger.append(began).number
        ledger.append(
            replace(began, outcome=Outcome.SUCCEEDED, written=now(), ended=now(), closes=number, state=state.version())
        )

    def infra(self, *arguments: str) -> None:
        """Run a command of the tooling, as a person does.

        Args:
            arguments: of `infra`.

        Raises:
            CheckFailed: it failed; with its last lines.
        """
        result = subprocess.run(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=self.root,
            env=self._variables(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        with self._log.open("a") as log:
            log.write(f"$ infra {' '.join(arguments)}\n{result.stdout}\n")
        if result.returncode:
            told = "\n".join(result.stdout.strip().splitlines()[-_LAST_LINES:])
            raise CheckFailed(f"`infra {' '.join(arguments)}` ended with exit code {result.returncode}:\n{told}")

    def _variables(self) -> Mapping[str, str]:
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in {"ENV", "YES", "TO", "REASON", "CONFIRM", "GATES"}
        }
        return (
            kept
            | _NOBODY
            | {
                "ACCOUNT": "emulated",
                "INFRA_BUILD": str(self._build),
                "PYTHONPATH": str(self.root / "scripts"),
            }
        )
