"""Whether the platform answers through its front door, as a client reaches it."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from infra.account.selection import Account
from infra.console import Step

PATIENCE_SECONDS: Final = 600.0
_PAUSE_SECONDS: Final = 5.0
_CALL_SECONDS: Final = 15.0

# Why an address does not answer as it should; "" when it does.
Ask = Callable[[str], str]


@dataclass(frozen=True)
class Health:
    """What was found at the front door.

    Args:
        healthy: whether it answered; None where there is nothing that could.
        told: in a sentence.
    """

    healthy: bool | None
    told: str


def check(
    account: Account,
    outputs: dict[str, Any],
    step: Step,
    *,
    patience_seconds: float = PATIENCE_SECONDS,
    pause_seconds: float = _PAUSE_SECONDS,
    ask: Ask | None = None,
) -> Health:
    """Ask the registry's own host name for its health, again and again while tasks are being replaced.

    Args:
        account: where the stack was applied.
        outputs: of the stack; `hosts.registry` is asked.
        step: told what the last answer was.
        patience_seconds: how long it may take.
        pause_seconds: between two questions.
        ask: asks an address.

    Returns:
        What was found.
    """
    if account.emulated:
        return Health(None, "not verified: emulated account runs nothing")
    host = (outputs.get("hosts") or {}).get("registry")
    if not host:
        return Health(False, "not verified: the stack has no output hosts.registry")
    address, began = f"https://{host}/health", time.monotonic()
    while True:
        wrong = (ask or answer)(address)
        seconds = time.monotonic() - began
        if not wrong:
            return Health(True, f"{address} answered after {seconds:.0f} s")
        if seconds >= patience_seconds:
            return Health(False, f"{address} was not healthy for {seconds:.0f} s: {wrong}")
        step.detail(wrong)
        time.sleep(pause_seconds)


def answer(address: str) -> str:
    """Ask once.

    Args:
        address: URL.

    Returns:
        Why it does not answer as it should; "" when it does.
    """
    request = urllib.request.Request(address, headers={"User-Agent": "infra"})  # noqa: S310 - https, from the stack
    try:
        with urllib.request.urlopen(request, timeout=_CALL_SECONDS) as response:  # noqa: S310 - as above
            return "" if response.status == 200 else f"it answered {response.status}"
    except urllib.error.HTTPError as error:
        with error:
            return f"it answered {error.code}"
    except (OSError, ValueError) as error:
        return str(getattr(error, "reason", error))
