"""The standard MLflow client as a process that goes through its session step by step."""

import json
import select
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.verification.client import client_python
from infra.verification.steps import CheckFailed

# A hang ends here; a busy machine does not. The client itself gives up on a request after 120 s.
STEP_SECONDS = 300.0
_SCRIPT = Path(__file__).with_name("client_session.py")
_LAST_LINES = 12


class ClientSession:
    """A running client. It starts with its first step at the latest, and knows between steps what it made.

    Args:
        name: begins the names of everything that it makes.
        folder: for its home, its temporary files and what it prints.
        environment: complete process environment.
        python: of the client's environment.
    """

    def __init__(self, name: str, folder: Path, environment: Mapping[str, str], python: Path) -> None:
        self.facts: dict[str, str] = {}
        self._name = name
        self._folder = folder
        self._environment = environment
        self._python = python
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        """What the names of all that it makes begin with."""
        return self._name

    @property
    def log_file(self) -> Path:
        """What it prints."""
        return self._folder / "client.log"

    def start(self) -> "subprocess.Popen[bytes]":
        """Start it, unless it runs. Its imports take seconds, in which something else can be done.

        Returns:
            Its process.
        """
        self._process = self._process or self._start()
        return self._process

    def step(self, name: str, seconds: float = STEP_SECONDS) -> str:
        """Let the client go through one step.

        Args:
            name: a function of client_session.py.
            seconds: time limit; the client is ended when it needs longer.

        Returns:
            What it saw, in a few words.

        Raises:
            CheckFailed: it failed, ended, or took too long; with the client's own words.
        """
        process = self.start()
        assert process.stdin is not None  # noqa: S101 - a pipe
        try:
            process.stdin.write(f"{name}\n".encode())
            process.stdin.flush()
        except OSError:
            raise self._ended(process) from None
        said = self._answer(process, name, seconds)
        self.facts |= said["facts"]
        if "error" in said:
            raise CheckFailed(f"The MLflow client fails in {name}: {_first_line(said['error'])}")
        return str(said["seen"])

    def close(self) -> None:
        """End it."""
        if self._process is None:
            return
        assert self._process.stdin is not None  # noqa: S101 - a pipe
        assert self._process.stdout is not None  # noqa: S101 - a pipe
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process = None

    def _start(self) -> "subprocess.Popen[bytes]":
        with self.log_file.open("ab") as log:
            # Its stdin ends with this process, and so does it.
            return subprocess.Popen(
                [str(self._python), str(_SCRIPT), self._name],
                cwd=self._folder,
                env=dict(self._environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )

    def _answer(self, process: "subprocess.Popen[bytes]", name: str, seconds: float) -> dict[str, Any]:
        assert process.stdout is not None  # noqa: S101 - a pipe
        deadline = time.monotonic() + seconds
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise CheckFailed(f"The MLflow client did not end its step {name} within {seconds:.0f} s.")
            piece = process.stdout.read1(1 << 16)  # type: ignore[attr-defined]
            if not piece:
                raise self._ended(process)
            line += piece
        said: dict[str, Any] = json.loads(line)
        return said

    def _ended(self, process: "subprocess.Popen[bytes]") -> CheckFailed:
        code = process.wait()
        self.close()
        last = "\n".join(self.log_file.read_text(errors="replace").splitlines()[-_LAST_LINES:])
        return CheckFailed(f"The MLflow client ended with {code}:\n{last}")


@contextmanager
def client_session(name: str, folder: Path, environment: Mapping[str, str]) -> Iterator[ClientSession]:
    """A client that ends with the block.

    Args:
        name: begins the names of everything that it makes.
        folder: for what it prints, and its working directory.
        environment: complete process environment, as `client_variables` makes it.

    Yields:
        The session.

    Raises:
        InfraError: the client could not be installed.
    """
    session = ClientSession(name, folder, environment, client_python())
    try:
        yield session
    finally:
        session.close()


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0]
