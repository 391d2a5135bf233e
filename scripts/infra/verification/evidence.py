"""What an environment tells about itself, beside what its clients see: logs, alarms, requests that failed."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class LogLine:
    """A line that a program printed.

    Args:
        service: ECS service, or the task family of a task that was run by itself.
        text: the line.
        stream: where it stands: a file, a log stream.
        position: its place there: bytes, or milliseconds since 1970.
    """

    service: str
    text: str
    stream: str
    position: int


class Logs(Protocol):
    """What the programs have printed since the verification began."""

    @property
    def patience_seconds(self) -> float:
        """How long a line that was printed may take until it is here."""

    @property
    def settling_seconds(self) -> float:
        """How much later than that another task's lines may be here."""

    def lines(self, words: Sequence[str]) -> Mapping[str, list[LogLine]]:
        """The lines that hold one of some words.

        Args:
            words: letters and digits alone.

        Returns:
            In the order in which they were printed, by service; every service that has a log is there.
        """

    def following(self, line: LogLine, count: int) -> list[str]:
        """What was printed right after a line.

        Args:
            line: it.
            count: how many lines at most.
        """


@dataclass(frozen=True)
class Traffic:
    """Requests of clients within some time; health checks are none.

    Args:
        requests: how many.
        errors: how many of them were answered with 5xx, or were broken off.
    """

    requests: int
    errors: int

    @property
    def share(self) -> float:
        """Errors per request."""
        return self.errors / self.requests if self.requests else 0.0

    def __str__(self) -> str:
        return f"{self.errors} of {self.requests} ({100 * self.share:.2g} %)" if self.requests else "no requests"


@dataclass(frozen=True)
class Comparison:
    """The traffic at one place, before and since the verification began.

    Args:
        place: where it was counted, in words.
        before: within as long a time before.
        since: since it began.
    """

    place: str
    before: Traffic
    since: Traffic


class TrafficCounts(Protocol):
    """Where requests are counted."""

    def compared(self, probed: float, least: int) -> Sequence[Comparison]:
        """The traffic before and since the verification began.

        Args:
            probed: when the last requests began that must be counted in it, seconds since the epoch.
            least: how many of them must be counted at each place; it is waited for them.

        Raises:
            CheckFailed: they were not counted in time.
        """


@dataclass(frozen=True)
class Evidence:
    """What an environment tells about itself.

    Args:
        logs: of its programs.
        traffic: its requests.
        alarm_names: asks its state for the names of its alarms.
    """

    logs: Logs
    traffic: TrafficCounts
    alarm_names: Callable[[], Collection[str]]
