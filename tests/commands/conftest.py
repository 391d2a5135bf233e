"""Running `infra` as a person does, in a build folder and an emulated account of the test's own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest

from infra.account.emulated import EmulatedAccount
from infra.repository import ROOT
from tests.environments.lifecycle import Lifecycles
from tests.shared_tools import share_tools

ENVIRONMENT = "development"


@dataclass
class Infra:
    """The command line in a build folder of its own.

    Args:
        build: INFRA_BUILD.
        account: the emulated account that stands there, bootstrapped, without a stack; None where there is none.
        root: the checkout that the command belongs to.
    """

    build: Path
    account: EmulatedAccount | None
    root: Path = ROOT

    def environment(self, **variables: str) -> dict[str, str]:
        """The process environment of a command, without what the machine says of AWS."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
        kept |= {"INFRA_BUILD": str(self.build), "PYTHONPATH": str(self.root / "scripts"), "COLUMNS": "200"}
        kept |= {
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_CONFIG_FILE": os.devnull,
        }
        return kept | variables

    def run(self, *arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end.

        Args:
            arguments: of `infra`.
            variables: process environment on top.

        Returns:
            The finished process; stdout and stderr as text.
        """
        with self.start(*arguments, **variables) as process:
            out, err = process.communicate(timeout=600)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self, *arguments: str, **variables: str) -> "subprocess.Popen[str]":
        """Start a command, in a session of its own like a terminal's.

        Args:
            arguments: of `infra`.
            variables: process environment on top.

        Returns:
            The running process.
        """
        return subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *arguments],
            cwd=self.root,
            env=self.environment(**variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A suite that was started in the background may ignore Ctrl-C, and would hand that on.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no thread matters to it
        )

    def files(self) -> set[str]:
        """What lies in the environment's build folder, without what Terraform caches."""
        folder = self.build / ENVIRONMENT
        skipped = {"terraform", "account", "lock", "bootstrap"}
        return {path.name for path in folder.glob("*") if path.name not in skipped} if folder.exists() else set()


@pytest.fixture
def infra(tmp_path: Path) -> Infra:
    """The command line where nothing was ever started."""
    return Infra(tmp_path / "build", None)


@pytest.fixture
def prepared(lifecycles: Lifecycles, tmp_path: Path) -> Iterator[Infra]:
    """The command line beside a bootstrapped emulated account, a copy of the test's own."""
    account = lifecycles.bare_account(ENVIRONMENT).fork(idle_seconds=900)
    folder = tmp_path / "build" / ENVIRONMENT / "account"
    folder.mkdir(parents=True)
    (folder / "account.json").write_text(json.dumps(asdict(account)))
    (folder / "prepared").write_text(account.instance_id)
    share_tools(tmp_path / "build")
    yield Infra(tmp_path / "build", account)
    account.stop()


@pytest.fixture
def one_error() -> "Callable[[subprocess.CompletedProcess[str]], str]":
    """The one error message of a failed command; fails on success, on a traceback and on two messages."""

    def check(result: "subprocess.CompletedProcess[str]") -> str:
        assert result.returncode not in (0, None), result.stdout
        assert "Traceback" not in result.stderr, result.stderr
        assert result.stderr.count("ERROR ") == 1, result.stderr
        return result.stderr[result.stderr.index("ERROR ") :]

    return check
