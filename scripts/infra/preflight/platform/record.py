"""What is seen while the platform runs, told as it happens and kept for report and verdict."""

import threading
import time
import traceback
from collections.abc import Callable, Hashable
from dataclasses import replace

from infra.errors import InfraError
from infra.preflight.platform.model import AwsCall, Event, EventKind, Exchange, Refusal


class Record:
    """Events, requests at the front door, refused connections and AWS calls of one run.

    Args:
        narrate: told of each event at once, from the platform's thread; must return quickly.
    """

    def __init__(self, narrate: Callable[[Event], None]) -> None:
        self._narrate = narrate
        self._lock = threading.Lock()
        self._refusals: dict[Hashable, Refusal] = {}
        self._calls: dict[Hashable, AwsCall] = {}
        self.events: list[Event] = []
        self.exchanges: list[Exchange] = []
        self._faults: list[str] = []

    def event(self, kind: EventKind, subject: str, text: str, task_id: str | None = None) -> None:
        """Something happened; see `Event`."""
        event = Event(time.time(), kind, subject, text, task_id)
        self.events.append(event)
        self._narrate(event)

    def fault(self, where: str, error: BaseException) -> None:
        """A part of preflight itself failed: what was seen after that proves nothing."""
        told = traceback.format_exception(error)
        self._faults.append(f"{where}:\n{''.join(told)}")

    def raise_faults(self) -> None:
        """Say that a part of preflight itself failed.

        Raises:
            InfraError: one did.
        """
        if self._faults:
            raise InfraError(f"Preflight itself failed, so its result means nothing. In the {self._faults[0]}")

    def exchange(self, exchange: Exchange) -> None:
        """The front door answered."""
        self.exchanges.append(exchange)

    def refused(self, refusal: Refusal) -> None:
        """The network refused a connection; told once, counted after that."""
        key = (refusal.source, refusal.destination, refusal.port, refusal.reason)
        with self._lock:
            known = self._refusals.get(key)
            self._refusals[key] = replace(known, times=known.times + 1) if known else refusal
        if not known:
            text = f"{refusal.source} -> {refusal.destination}:{refusal.port} refused: {refusal.reason}"
            self.event("refused", refusal.arn, text, refusal.task_id)

    def called(self, call: AwsCall) -> None:
        """A task called AWS; a denial is told once, all are counted."""
        key = (call.role_arn, call.action, call.resource, call.allowed, call.reason, call.status)
        with self._lock:
            known = self._calls.get(key)
            self._calls[key] = replace(known, times=known.times + 1) if known else call
        if not known and not call.allowed:
            role = call.role_arn.rpartition("/")[2]
            text = f"{role} may not {call.action} on {call.resource}: {call.reason}"
            self.event("denied", call.blame, text, call.task_id)

    @property
    def refusals(self) -> list[Refusal]:
        """Each refused connection, in the order in which they first occurred."""
        with self._lock:
            return list(self._refusals.values())

    @property
    def aws_calls(self) -> list[AwsCall]:
        """Each kind of call, in the order in which they first occurred."""
        with self._lock:
            return list(self._calls.values())
