"""What a running platform lets see; a Platform is one, and a test's own data."""

from collections.abc import Sequence
from typing import Protocol

from infra.preflight.platform.model import AwsCall, Event, Exchange, Refusal, TargetHealth, Task


class Observed(Protocol):
    """A platform as seen from outside."""

    @property
    def tasks(self) -> Sequence[Task]:
        """All tasks, also those that have stopped."""

    @property
    def events(self) -> Sequence[Event]:
        """What happened."""

    @property
    def exchanges(self) -> Sequence[Exchange]:
        """Requests at the front door."""

    @property
    def refusals(self) -> Sequence[Refusal]:
        """Connections that the network did not let through."""

    @property
    def aws_calls(self) -> Sequence[AwsCall]:
        """Calls of AWS APIs by tasks."""

    @property
    def targets(self) -> Sequence[TargetHealth]:
        """Targets of all target groups."""

    @property
    def limits(self) -> Sequence[str]:
        """What this machine does not allow to be checked."""
