"""One request at a time."""

import threading
import time


class Turn:
    """Lets one request run at a time, and none while the account is copied.

    moto's models are not made for threads: two calls at a time that change one security group lose one of the changes.
    Nothing is lost by it, since all of its work is done under Python's interpreter lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_use = time.monotonic()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.end()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when it did not come within `seconds`."""
        return self._lock.acquire(timeout=seconds)

    def end(self) -> None:
        """Let the next one run."""
        self._last_use = time.monotonic()
        self._lock.release()

    def idle_for(self) -> float:
        """Seconds since the last request ended; 0 while one runs."""
        return 0.0 if self._lock.locked() else time.monotonic() - self._last_use
