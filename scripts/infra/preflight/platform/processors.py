"""Who runs on which of this machine's processors: a task has no more than its definition's share."""

import os
import threading

_UNITS_A_PROCESSOR = 1024  # docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TaskDefinition.html, `cpu`


class Processors:
    """Gives them to tasks in turn: those of one family side by side, whenever they start."""

    def __init__(self) -> None:
        self._available = sorted(os.sched_getaffinity(0))
        self._next: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, family: str, units: int) -> tuple[int, ...]:
        """The processors of a task that starts.

        Args:
            family: of its task definition.
            units: its `cpu`, 1024 a processor; 0 for no limit.

        Returns:
            As many as it needs; none where it may use all that the machine has.
        """
        wanted = max(1, -(-units // _UNITS_A_PROCESSOR))
        if not units or wanted >= len(self._available):
            return ()
        with self._lock:
            first = self._next.get(family, len(self._next))
            self._next[family] = first + wanted
        return tuple(self._available[(first + number) % len(self._available)] for number in range(wanted))
