"""A light load: a few clients that go on working, each in a thread of its own, until the drills are over."""

import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from infra.errors import InfraError
from infra.preflight.drills.acknowledged import Acknowledged
from infra.preflight.drills.clients import Intruder, SlowUploader, Writer, make_place
from infra.preflight.drills.requests import Journal, Round
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

_WRITERS = 2
_PAUSE_SECONDS = 0.5
_LONGEST_SECONDS = 3600.0  # an hour of drills is a hang
_LOOK_SECONDS = 0.05


class _Client(Protocol):
    def round(self) -> bool:
        """Its requests once through; whether they got what they asked for."""


class Load:
    """Clients that work; made by `running_load`.

    Args:
        clients: by name; those who are not honest have no rounds to wait for.
        honest: names of those who may do what they do.
        journal: what they ask.
        acknowledged: what the registry acknowledged to them.
    """

    def __init__(
        self, clients: dict[str, _Client], honest: frozenset[str], journal: Journal, acknowledged: Acknowledged
    ) -> None:
        self.journal, self.acknowledged = journal, acknowledged
        self._honest = honest
        self._ended = threading.Event()
        self._faults: list[str] = []
        self._deadline = time.monotonic() + _LONGEST_SECONDS
        self._threads = [
            threading.Thread(target=self._work, args=(name, client), name=name, daemon=True)
            for name, client in clients.items()
        ]

    def start(self) -> None:
        """Let them begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let them finish their rounds."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def wait_until_whole(self, since: float, seconds: float) -> float:
        """Wait until every honest client got all that it asked for in a round.

        Args:
            since: rounds that began before do not count; seconds since the epoch.
            seconds: longest wait.

        Returns:
            When the last of them had its whole round, seconds since the epoch.

        Raises:
            CheckFailed: one did not in time, with the request that failed last.
            InfraError: a client itself failed.
        """
        deadline = time.monotonic() + seconds
        while True:
            self.raise_faults()
            whole = {each.client: each for each in reversed(self.journal.rounds) if each.whole and each.began >= since}
            if self._honest <= set(whole):
                return max(whole[name].ended for name in self._honest)
            if time.monotonic() > deadline:
                waiting = ", ".join(sorted(self._honest - set(whole)))
                failed = [each for each in self.journal.honest if each.failed]
                last = f"; the last to fail: {failed[-1].what}: {failed[-1].outcome}" if failed else ""
                raise CheckFailed(
                    f"After {seconds:g} s the platform does not answer as before: no whole round of {waiting}{last}",
                    exchange=failed[-1].answer if failed else None,
                )
            time.sleep(_LOOK_SECONDS)

    def raise_faults(self) -> None:
        """Say that a client itself failed.

        Raises:
            InfraError: one did.
        """
        if self._faults:
            raise InfraError(f"A client of the drills failed, so their result means nothing:\n{self._faults[0]}")

    def _work(self, name: str, client: _Client) -> None:
        while not self._ended.wait(_PAUSE_SECONDS) and time.monotonic() < self._deadline:
            began = time.time()
            try:
                whole = client.round()
            except Exception:
                self._faults.append(traceback.format_exc())
                return
            if name in self._honest:
                self.journal.rounds.append(Round(name, began, time.time(), whole))


@contextmanager
def running_load(target: Target, name: str) -> Iterator[Load]:
    """Clients that work until the end of the block.

    Args:
        target: the registry.
        name: of their experiment and model.

    Yields:
        The load.

    Raises:
        CheckFailed: the registry does not let them begin.
    """
    place, journal, acknowledged = make_place(target, name), Journal(), Acknowledged()
    honest: dict[str, _Client] = {f"writer {n}": Writer(place, journal, acknowledged) for n in range(1, _WRITERS + 1)}
    honest["uploader"] = SlowUploader(place, journal, acknowledged)
    load = Load({**honest, "intruder": Intruder(place, journal)}, frozenset(honest), journal, acknowledged)
    load.start()
    try:
        yield load
    finally:
        load.stop()
