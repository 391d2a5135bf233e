"""Noticing during an apply that the account no longer answers.

Without a network the provider waits for what it has just made as long as the resource's timeout allows: 20 minutes for
a bucket, 40 for a database. Nobody learns from that, and state and lock stay in the air meanwhile.
"""

import threading
from collections.abc import Callable
from types import TracebackType

from infra.account.reachability import answers
from infra.account.selection import Account
from infra.console import note

PATIENCE_SECONDS = 60.0
_PAUSE_SECONDS = 5.0


class ConnectionWatch:
    """Asks the account every few seconds, for as long as the block runs.

    Args:
        account: the account that is changed.
        region: its region, for the endpoint that is asked.
        patience_seconds: how long it may stay silent; short losses are bridged by the provider's own retries.
        ask: whether the account answers now.

    Attributes:
        lost: set once the account was silent for longer than that.
    """

    def __init__(
        self,
        account: Account,
        region: str,
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        ask: Callable[[Account, str], bool] = answers,
    ) -> None:
        self.lost = threading.Event()
        self.patience_seconds = patience_seconds
        self._ended = threading.Event()
        self._account = account
        self._region = region
        self._ask = ask
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "ConnectionWatch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()

    def _watch(self) -> None:
        pause = min(_PAUSE_SECONDS, self.patience_seconds / 4)
        silent_seconds = 0.0
        while not self._ended.wait(pause):
            silent_seconds = 0.0 if self._ask(self._account, self._region) else silent_seconds + pause
            if silent_seconds >= self.patience_seconds:
                note(
                    f"  The account has not answered for {silent_seconds:.0f} s: Terraform is told to stop.",
                    style="red",
                )
                self.lost.set()
                return
