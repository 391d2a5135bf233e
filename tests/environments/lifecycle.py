"""Runs every environment from nothing through plan, apply, empty plan and destroy, side by side, in the background.

The provider sleeps for minutes in an apply while the processor idles; so this process starts with the first test that
needs an environment, and its results are files that any test process waits for. `python -m tests.environments.lifecycle
FOLDER PID` ends when process PID does, and stops the accounts that it started.
"""

import json
import os
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from filelock import FileLock

from infra.account.emulated import EmulatedAccount, find
from infra.account.inventory import inventory
from infra.environment import environment_names
from infra.repository import ROOT
from infra.terraform.plan_json import Plan
from tests.shared_once import shared_folder
from tests.shared_tools import share_tools

_STEPS = ("plan", "apply", "second-plan", "destroy")
_WAIT_SECONDS = 1500


@dataclass(frozen=True)
class StepResult:
    """How a step ended.

    Args:
        exit_code: of the command.
        output: stdout and stderr.
        seconds: how long it took.
        left: what the account holds afterwards, as text.
    """

    exit_code: int
    output: str
    seconds: float
    left: list[str]


class Lifecycles:
    """The results, as they come."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def step(self, environment: str, step: str) -> StepResult:
        """Wait for a step of an environment.

        Args:
            environment: its name.
            step: "plan", "apply", "second-plan" or "destroy".

        Returns:
            How it ended.
        """
        path = self._folder / f"{environment}.{step}.json"
        deadline = time.monotonic() + _WAIT_SECONDS
        while not path.exists():
            assert time.monotonic() < deadline, f"{step} of {environment} did not end within {_WAIT_SECONDS} s"
            for earlier in _STEPS[: _STEPS.index(step)]:
                before = self._folder / f"{environment}.{earlier}.json"
                if before.exists() and StepResult(**json.loads(before.read_text())).exit_code != 0:
                    raise AssertionError(f"{earlier} of {environment} failed, so there was no {step}")
            time.sleep(0.2)
        return StepResult(**json.loads(path.read_text()))

    def first_plan(self, environment: str) -> Plan:
        """The plan of an environment in an account that holds only what the bootstrap root makes.

        Args:
            environment: its name.

        Returns:
            The plan.
        """
        result = self.step(environment, "plan")
        assert result.exit_code == 0, result.output
        return Plan.from_json((self._folder / f"{environment}.planned.json").read_bytes())

    def second_plan(self, environment: str) -> Plan:
        """The plan of an environment right after it was applied; it changes nothing, and every value in it is known.

        Args:
            environment: its name.

        Returns:
            The plan.
        """
        result = self.step(environment, "second-plan")
        assert result.exit_code == 0, result.output
        return Plan.from_json((self._folder / f"{environment}.planned-again.json").read_bytes())

    def applied_account(self, environment: str) -> EmulatedAccount:
        """A copy of the environment's account as it was after apply; it lives as long as the background process.

        Args:
            environment: its name.

        Returns:
            The account.
        """
        result = self.step(environment, "second-plan")
        assert result.exit_code == 0, result.output
        return EmulatedAccount(**json.loads((self._folder / f"{environment}.applied-account.json").read_text()))

    def bare_account(self, environment: str) -> EmulatedAccount:
        """A copy of the environment's account as it was before the stack.

        Args:
            environment: its name.

        Returns:
            The account.
        """
        result = self.step(environment, "plan")
        assert result.exit_code == 0, result.output
        return EmulatedAccount(**json.loads((self._folder / f"{environment}.bare-account.json").read_text()))


def shared_lifecycles(tmp_path_factory: pytest.TempPathFactory) -> Lifecycles:
    """The lifecycles of this test run, started by the first test process that asks.

    Args:
        tmp_path_factory: of the session.

    Returns:
        The results.
    """
    folder = shared_folder(tmp_path_factory) / "lifecycles"
    folder.mkdir(exist_ok=True)
    watched = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    with FileLock(folder / "start.lock"):
        if not (folder / "started").exists():
            with (folder / "log").open("w") as log:
                subprocess.Popen(
                    [sys.executable, "-m", "tests.environments.lifecycle", str(folder), str(watched)],
                    cwd=ROOT,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            (folder / "started").touch()
    return Lifecycles(folder)


def _write(path: Path, content: str) -> None:
    temporary = path.with_suffix(".partial")
    temporary.write_text(content)
    temporary.replace(path)


class _Run:
    """One environment's way through its life."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = name
        self._build = folder / "build" / name
        share_tools(self._build)
        self._process: subprocess.Popen[str] | None = None
        self._copies: list[EmulatedAccount] = []

    def __call__(self) -> None:
        if not self._step("plan", "plan"):
            return
        self._keep_plan("planned")
        self._copy("bare-account")
        self._publish("plan")
        if self._step("apply", "apply", "--yes") and self._publish("apply") and self._step("second-plan", "plan"):
            self._keep_plan("planned-again")
            self._copy("applied-account")
            self._publish("second-plan")
            self._step("destroy", "destroy", "--yes", "--confirm", f"destroy-{self._name}")
            self._publish("destroy")

    def stop(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        account = self._account()
        for each in [*self._copies, *([account] if account else [])]:
            each.stop()

    def _account(self) -> EmulatedAccount | None:
        return find(self._build / self._name / "account")

    def _keep_plan(self, purpose: str) -> None:
        _write(self._folder / f"{self._name}.{purpose}.json", (self._build / self._name / "plan.json").read_text())

    def _copy(self, purpose: str) -> None:
        account = self._account()
        assert account, f"the emulated account of {self._name} is gone"
        copy = account.fork()
        self._copies.append(copy)
        _write(self._folder / f"{self._name}.{purpose}.json", json.dumps(asdict(copy)))

    def _step(self, step: str, *command: str) -> bool:
        started = time.monotonic()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "infra.cli", *command[:1], "--env", self._name, *command[1:]],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={
                **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
                "INFRA_BUILD": str(self._build),
                "INFRA_ACCOUNT_IDLE_SECONDS": "7200",
                **({} if command[0] == "apply" else {"ACCOUNT": "emulated"}),
            },
        )
        output, _ = self._process.communicate()
        account = self._account()
        left = (
            [f"{item.service} {item.kind} {item.identifier}" for item in inventory(account)]
            if account and step in ("plan", "destroy")
            else []
        )
        result = StepResult(self._process.returncode, output, round(time.monotonic() - started, 1), left)
        self._result = result
        if result.exit_code != 0:
            self._publish(step)
        return result.exit_code == 0

    def _publish(self, step: str) -> bool:
        _write(self._folder / f"{self._name}.{step}.json", json.dumps(asdict(self._result)))
        return True


def _main(folder: Path, watched: int) -> None:
    runs = [_Run(folder, name) for name in environment_names()]
    threads = [threading.Thread(target=run, daemon=True) for run in runs]
    for thread in threads:
        thread.start()
    while _alive(watched):
        time.sleep(0.5)
    for run in runs:
        run.stop()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
