"""How much of the service one key may use."""

import hashlib
import math
import mmap
import struct
from collections.abc import Callable
from functools import lru_cache

from gateway.errors import REQUEST_LIMIT_EXCEEDED, GatewayError

_SLOT = struct.Struct("<Qd")
_PROBES = 16


class RateTable:
    """When each key may ask again: one number a key, in memory that all workers of a task share.

    The limit is a bucket (GCRA): a key that was quiet may use a whole hour's requests at once, and then gets them back
    one by one, so that `Retry-After` is seconds and not the rest of an hour. Workers write without a lock; two that
    serve the same key in the same microsecond may count one request instead of two. Each task counts for itself.

    Args:
        slots: keys that are remembered; a key that finds no place takes the one that has been quiet longest.
        now: seconds of a clock that all workers share.
    """

    def __init__(self, slots: int, now: Callable[[], float]) -> None:
        self._slots = slots
        self._now = now
        self._memory = mmap.mmap(-1, slots * _SLOT.size)

    def take(self, key_id: bytes, per_hour: int) -> None:
        """Count a request.

        Args:
            key_id: which key.
            per_hour: its limit; 0 refuses everything.

        Raises:
            GatewayError: 429 with `Retry-After` in seconds.
        """
        if per_hour == 0:
            raise _too_many(3600)
        now = self._now()
        tag = _tag(key_id)
        offset, ready = self._find(tag, now)
        cost = 3600 / per_hour
        ready = (ready if ready > now else now) + cost
        wait = ready - now - 3600
        # Half a nanosecond a request of rounding must not refuse the last one of a full bucket.
        if wait > cost * 1e-6:
            raise _too_many(wait)
        _SLOT.pack_into(self._memory, offset, tag, ready)

    def _find(self, tag: int, now: float) -> tuple[int, float]:
        start = tag % self._slots
        oldest, oldest_ready = 0, math.inf
        for probe in range(_PROBES):
            offset = (start + probe) % self._slots * _SLOT.size
            there, ready = _SLOT.unpack_from(self._memory, offset)
            if there == tag:
                return offset, ready
            if ready < oldest_ready:
                oldest, oldest_ready = offset, ready
            if there == 0:
                break
        return oldest, now


@lru_cache(maxsize=4096)
def _tag(key_id: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(key_id, digest_size=8).digest(), "little") | 1


def _too_many(seconds: float) -> GatewayError:
    wait = str(max(1, math.ceil(seconds)))
    return GatewayError(
        429,
        REQUEST_LIMIT_EXCEEDED,
        f"This API key has used its requests for this hour. Try again in {wait} s.",
        {"Retry-After": wait},
    )


class InFlight:
    """Requests of each key that run at the moment in this worker.

    Args:
        limit: most requests of one key.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._running: dict[bytes, int] = {}

    def enter(self, key_id: bytes) -> None:
        """Count one in; `leave` follows.

        Raises:
            GatewayError: 429, the key has too many.
        """
        running = self._running.get(key_id, 0)
        if running >= self._limit:
            raise GatewayError(
                429,
                REQUEST_LIMIT_EXCEEDED,
                f"This API key has {running} requests running. Wait for some to end.",
                {"Retry-After": "1"},
            )
        self._running[key_id] = running + 1

    def leave(self, key_id: bytes) -> None:
        """Count one out."""
        left = self._running[key_id] - 1
        if left:
            self._running[key_id] = left
        else:
            del self._running[key_id]
