"""What goes wrong with calls to the account: kinds of faults, and when they come."""

import random
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

_READING: Final = ("GET", "HEAD")


@dataclass(frozen=True)
class Call:
    """A call of AWS's API.

    Args:
        method: of HTTP.
        service: as the request's signature names it.
        action: of the query and JSON protocols; "" for others.
        conditional: whether it writes only where there is nothing.
    """

    method: str
    service: str
    action: str
    conditional: bool

    @property
    def writes(self) -> bool:
        """Whether it may change something."""
        verb = re.sub(r"[^A-Za-z]", "", self.action)
        if verb:
            return not verb.startswith(("Describe", "Get", "List"))
        return self.method not in _READING


# What happens to a call: "" for nothing, an error code with its status, "cut" before or "lost" after it was done.
Decision = tuple[str, int]
Rule = Callable[[Call, random.Random, int], Decision]
NOTHING: Final[Decision] = ("", 0)


class Decides(Protocol):
    """Is asked what happens to each call."""

    def decide(self, call: Call) -> Decision:
        """What happens to a call."""


def _now_and_then(decision: Decision, share: float, within: int, fits: Callable[[Call], bool]) -> Rule:
    """A share of the calls that fit, and one of the first ones in any case: no run goes without a fault."""
    seen, surely = [0], list[int]()

    def rule(call: Call, chance: random.Random, _: int) -> Decision:
        if not fits(call):
            return NOTHING
        surely.extend([chance.randrange(within)] if not surely else [])
        seen[0] += 1
        return decision if chance.random() < share or seen[0] == surely[0] + 1 else NOTHING

    return rule


def _ordinary(call: Call) -> bool:
    return call.service != ""


def _writes(call: Call) -> bool:
    return _ordinary(call) and call.writes


def _conditional(call: Call) -> bool:
    return call.conditional and call.service == "s3"


def _from_some_call_on(decision: Decision, begins: range, *, spare: tuple[str, ...] = ()) -> Rule:
    """Nothing works any more after some of the writing calls."""
    chosen: list[int] = []

    def rule(call: Call, chance: random.Random, written: int) -> Decision:
        chosen.extend([chance.choice(begins)] if not chosen else [])
        hit = _ordinary(call) and written >= chosen[0] and call.service not in spare
        return decision if hit else NOTHING

    return rule


# Kind -> the rule, made anew for each run from how many writing calls go well at least, where nothing works afterwards.
KINDS: Final[Mapping[str, Callable[[range], Rule]]] = {
    "throttling": lambda _: _now_and_then(("Throttling", 400), 0.2, 20, _ordinary),
    "server errors": lambda _: _now_and_then(("InternalFailure", 500), 0.2, 20, _ordinary),
    "timeouts": lambda _: _now_and_then(("cut", 0), 0.05, 20, _ordinary),
    "lost answers": lambda _: _now_and_then(("lost", 0), 0.2, 4, _writes),
    "access denied": lambda begins: _from_some_call_on(("AccessDenied", 403), begins, spare=("s3", "sts")),
    "expired token": lambda begins: _from_some_call_on(("ExpiredToken", 403), begins),
    "conditional-write conflicts": lambda _: _now_and_then(("ConditionalRequestConflict", 409), 0.5, 2, _conditional),
}


class Faults:
    """The faults of one run.

    Args:
        kind: a key of KINDS.
        chance: decides when.
        begins: how many writing calls go well, where nothing works afterwards; the command has to make more.
    """

    def __init__(self, kind: str, chance: random.Random, begins: range = range(3, 14)) -> None:
        self._rule = KINDS[kind](begins)
        self._chance = chance
        self._lock = threading.Lock()
        self._written = 0
        self.armed = False
        self.met = 0

    def decide(self, call: Call) -> Decision:
        """What happens to a call."""
        with self._lock:
            if not self.armed:
                return NOTHING
            decision = self._rule(call, self._chance, self._written)
            self._written += call.writes and _ordinary(call)
            self.met += decision != NOTHING
            return decision
