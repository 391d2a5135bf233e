"""A checkout with small roots, and programs that take accounts from its kept base."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from tests.delivery.checkout import Checkout

USING = Path(__file__).with_name("using.py")
SECONDS = 600  # a hang ends here


@dataclass
class User:
    """A running program that uses an account.

    Args:
        process: it.
        folder: its workplace.
        said: what it got.
    """

    process: "subprocess.Popen[str]"
    folder: Path
    said: dict[str, Any]

    @property
    def account(self) -> EmulatedAccount:
        return EmulatedAccount(**self.said["account"])

    def end(self) -> None:
        self.process.communicate(timeout=SECONDS)


Take = Callable[..., User]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A checkout of its own, in which a base is kept."""
    made = make_checkout(tmp_path_factory.mktemp("checkout"))
    maker = listen(start_program(made))
    maker.end()
    assert maker.said["origin"] == "new"
    yield made
    assert made.infra("account", "down", "--all").returncode == 0


def make_checkout(folder: Path) -> Checkout:
    """A checkout in which nothing is kept yet."""
    made = Checkout.make(folder)
    made.add_parameter("first", "1")
    made.commit("first")
    return made


def start_program(checkout: Checkout, *arguments: str) -> "subprocess.Popen[str]":
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "TF_"))}
    return subprocess.Popen(
        [sys.executable, str(USING), *arguments],
        cwd=checkout.root,
        env=kept
        | {
            "INFRA_ACCOUNT_IDLE_SECONDS": "900",
            "INFRA_BUILD": str(checkout.build),
            "PYTHONPATH": str(checkout.root / "scripts"),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def listen(process: "subprocess.Popen[str]") -> User:
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    line = process.stdout.readline()
    assert line, f"the program ended with {process.wait()}"
    return User(process, folder, json.loads(line))


@pytest.fixture
def take(checkout: Checkout) -> Iterator[Take]:
    """`take()` -> a program that uses an account; it ends with the test."""
    users: list[User] = []

    def start(*arguments: str) -> User:
        users.append(listen(start_program(checkout, *arguments)))
        return users[-1]

    yield start
    for user in users:
        if user.process.poll() is None:
            user.end()
