"""Killing a command at a moment: of time, of what Terraform says, of the calls that come to the account."""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable

import psutil

from tests.release.checkout import ENVIRONMENT, Release
from tests.release.faults import NOTHING, Call, Decision

# In the short form of a campaign each once.
HOW = ("everything", "ctrl-c", "command")

# Whether a call is the awaited one; given how many came, itself included.
Moment = Callable[[int, Call], bool]


class Calls:
    """Counts the calls that come through `in_front_of`, and tells when the one is there that is waited for.

    A moment that is a call is the same one however busy the machine is, which a moment of time is not.

    Args:
        awaited: whether it is this one.

    Attributes:
        armed: whether calls are those of the command.
        count: how many of those there were.
    """

    def __init__(self, awaited: Moment = lambda _, __: False) -> None:
        self._awaited = awaited
        self._lock = threading.Lock()
        self.armed = False
        self.count = 0
        self.there = threading.Event()

    @classmethod
    def until(cls, count: int) -> "Calls":
        """Waits for so many calls."""
        return cls(lambda came, _: came >= count)

    def decide(self, call: Call) -> Decision:
        """Nothing ever happens to a call."""
        with self._lock:
            if self.armed:
                self.count += call.service != ""
                if self._awaited(self.count, call):
                    self.there.set()
        return NOTHING


def planning(_: int, call: Call) -> bool:
    """Whether it is a call that only Terraform makes: the first ones read what is there, for the plan."""
    return call.service not in ("", "ecr", "s3", "sts")


def registering(_: int, call: Call) -> bool:
    """Whether a revision of a task definition is made; the one before it is deregistered by then."""
    return call.action == "RegisterTaskDefinition"


def family(process: "subprocess.Popen[str]") -> list[psutil.Process]:
    """A command and everything below it: Terraform, and the provider."""
    try:
        command = psutil.Process(process.pid)
        return [command, *command.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def kill(process: "subprocess.Popen[str]", how: str) -> None:
    """End a command.

    Args:
        process: the command.
        how: "everything" (kill -9 of command, Terraform and provider at once), "command" (kill -9 of the command's
            process group), or "ctrl-c".
    """
    if how == "everything":
        for each in family(process):
            try:
                each.kill()
            except psutil.NoSuchProcess:
                continue
    elif process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL if how == "command" else signal.SIGINT)
    process.communicate(timeout=600)


def wait(seconds: float, process: "subprocess.Popen[str]") -> str:
    """Wait for a moment, or for the end of the process.

    Args:
        seconds: how long.
        process: the command.

    Returns:
        The moment, in words.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    return f"{seconds:.2f} s"


def wait_for_messages(count: int, release: Release, process: "subprocess.Popen[str]") -> str:
    """Wait until Terraform has said so much while it applies, or for the end of the process.

    Args:
        count: of messages; it does not depend on how busy the machine is.
        release: where the journal is.
        process: the command.

    Returns:
        The moment, in words.
    """
    journal = release.build / ENVIRONMENT / "apply.journal"
    while process.poll() is None:
        if journal.exists() and journal.read_bytes().count(b"\n") > count:
            break
        time.sleep(0.002)
    return f"{count} messages"


def wait_for_message(kind: str, release: Release, process: "subprocess.Popen[str]", times: int = 1) -> None:
    """Wait until Terraform has said something while it applies.

    Args:
        kind: of the message.
        release: where the journal is.
        process: the command; it must not end before.
        times: how often.
    """
    journal = release.build / ENVIRONMENT / "apply.journal"
    while not (journal.exists() and journal.read_text().count(f'"type":"{kind}"') >= times):
        assert process.poll() is None, f"it was over before {kind}"
        time.sleep(0.002)


def wait_for_call(calls: Calls, process: "subprocess.Popen[str]") -> str:
    """Wait until the awaited call is there, or for the end of the process.

    Args:
        calls: in front of the account.
        process: the command.

    Returns:
        The moment, in words.
    """
    while process.poll() is None and not calls.there.wait(0.002):
        pass
    return f"{calls.count} calls"


def moment_of(number: int, chance: random.Random, calls: int, first: Moment) -> Calls:
    """The call at which a run of a campaign is killed.

    Args:
        number: of the run.
        chance: of the run.
        calls: as many as there are when nothing happens.
        first: the moment of the first run, one that once was not recovered from.

    Returns:
        What waits for it; the last ones come when the command is over.
    """
    return Calls(first) if number == 0 else Calls.until(chance.randrange(1, calls + calls // 20 + 2))


def wait_for_moment(
    number: int, chance: random.Random, seconds: float, calls: Calls, process: "subprocess.Popen[str]"
) -> str:
    """Wait for the moment of a kill: every fourth comes at a moment of time, the others at a call to the account.

    Args:
        number: of the kill.
        chance: of the run.
        seconds: how long the command takes when nothing happens to it.
        calls: that it makes.
        process: the command.

    Returns:
        The moment, in words.
    """
    if number % 4 == 3:
        return wait(chance.uniform(0, 1.1 * seconds), process)
    return wait_for_call(calls, process)
