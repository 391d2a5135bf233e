"""What clients asked while faults happened, and what they got."""

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from infra.verification.exchange import Exchange
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

_REFUSED = 400
# As MLflow's own client: MLFLOW_HTTP_REQUEST_TIMEOUT.
_PATIENCE_SECONDS = 120.0
Body = bytes | Mapping[str, object] | Iterator[bytes] | None


@dataclass(frozen=True)
class Request:
    """One request of a client, without any repetition.

    Args:
        what: it is for, in a few words.
        began: seconds since the epoch.
        seconds: until its answer was complete; pauses that the client itself made are not counted.
        answer: None when there was none.
        error: why there was none, or what is wrong with it; "" otherwise.
    """

    what: str
    began: float
    seconds: float
    answer: Exchange | None
    error: str = ""

    @property
    def status(self) -> int | None:
        """HTTP status; None without an answer."""
        return self.answer.status if self.answer else None

    @property
    def ended(self) -> float:
        """Seconds since the epoch."""
        return self.began + self.seconds

    @property
    def failed(self) -> bool:
        """Whether the client did not get what it asked for."""
        return self.answer is None or self.answer.status >= _REFUSED or bool(self.error)

    @property
    def outcome(self) -> str:
        """Status, or why there is none, as reports count them."""
        return self.error or str(self.status)


@dataclass(frozen=True)
class Round:
    """A client's requests that belong together.

    Args:
        client: its name.
        began: seconds since the epoch.
        ended: seconds since the epoch.
        whole: whether every request got what it asked for.
    """

    client: str
    began: float
    ended: float
    whole: bool


@dataclass
class Journal:
    """Everything that clients asked; filled by several threads.

    Args:
        honest: requests of clients who may do what they do.
        intruders: requests of those who may not.
        rounds: of honest clients.
    """

    honest: list[Request] = field(default_factory=list)
    intruders: list[Request] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, requests: list[Request], request: Request) -> Request:
        """Note a request.

        Args:
            requests: `honest` or `intruders`.
            request: what happened.
        """
        with self._lock:
            requests.append(request)
        return request


def ask(
    target: Target,
    what: str,
    method: str,
    path: str,
    body: Body = None,
    *,
    key: str,
    length: int | None = None,
    pauses: float = 0.0,
) -> Request:
    """Ask the front door once.

    Args:
        target: the registry.
        what: the request is for.
        method: HTTP method.
        path: request target.
        body: bytes, pieces of them, or what is sent as JSON.
        key: API key; "" for none.
        length: of a body in pieces, in bytes.
        pauses: seconds that the pieces take by themselves.
    """
    began = time.time()
    headers = {} if length is None else {"Content-Length": str(length)}
    try:
        answer = target.ask(method, path, body, headers, key=key, seconds=_PATIENCE_SECONDS)
    except CheckFailed as error:
        cause = error.__cause__
        reason = f"no answer ({type(cause).__name__})" if cause else "no answer"
        return Request(what, began, time.time() - began, None, reason)
    return Request(what, began, max(0.0, time.time() - began - pauses), answer)
