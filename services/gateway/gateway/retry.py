"""What may be sent again to another service, when, and how often."""

import random
from collections.abc import Callable

from gateway.upstream_errors import DroppedError, UnreachableError, UpstreamError

_FIRST_PAUSE_SECONDS = 0.05
_LONGEST_PAUSE_SECONDS = 1.0


class RetryBudget:
    """How many repetitions are allowed: a share of all requests, so that a failing service is not buried under them.

    Args:
        now: seconds of a clock.
        share: repetitions a request.
        reserve: repetitions that a quiet service may use at once; one of them comes back each second.
    """

    def __init__(self, now: Callable[[], float], share: float = 0.1, reserve: float = 10.0) -> None:
        self._now = now
        self._share = share
        self._reserve = reserve
        self._tokens = reserve
        self._counted = now()

    def request(self) -> None:
        """Count a request."""
        if self._tokens < self._reserve * 2:
            self._tokens += self._share

    def spend(self) -> bool:
        """Take one repetition, if there is one left."""
        now = self._now()
        self._tokens = max(self._tokens, min(self._reserve, self._tokens + now - self._counted))
        self._counted = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def may_repeat(failure: UpstreamError, method: str, *, has_body: bool, reused: bool) -> bool:
    """Whether a request that failed so can be sent again without being applied twice.

    Args:
        failure: what happened.
        method: HTTP method in capitals.
        has_body: the request carries one; it may be half sent and cannot be had again.
        reused: the connection had carried a request before, so that it may have been closing already.
    """
    if isinstance(failure, UnreachableError):
        return True
    idempotent = method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")
    return isinstance(failure, DroppedError) and reused and idempotent and not has_body


def pause(attempt: int, chance: Callable[[], float] = random.random) -> float:
    """Seconds before repetition number `attempt` (from 0): exponential, with full jitter."""
    longest: float = min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt)
    return chance() * longest
