"""How long each phase of a rollback took."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Phases:
    """Phases in their order.

    Attributes:
        seconds: by name.
    """

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase, also one that fails.

        Args:
            name: in the present participle.
        """
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - began

    @property
    def total(self) -> float:
        """All together, in seconds."""
        return sum(self.seconds.values())
