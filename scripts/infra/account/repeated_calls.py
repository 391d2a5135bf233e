"""What a client that lost an answer gets when it asks again."""

from collections import OrderedDict
from typing import Any

Headers = list[tuple[str, str]]
Said = tuple[str, Headers, list[bytes]]
"""Status, headers and body of an answer."""


class RepeatedCalls:
    """Answers of the last successful calls, for clients that lost one and ask again.

    Every AWS SDK numbers its calls (`amz-sdk-invocation-id`) and repeats the number when it repeats a call because the
    connection broke. The second attempt gets the first one's answer; else a resource that the first one made would end
    an apply with "already exists". A refused call is repeated in earnest.
    """

    _CALLS = 512
    _BYTES = 1 << 20

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Said] = OrderedDict()

    def recall(self, environ: dict[str, Any]) -> Said | None:
        """The answer that this very call got before."""
        return self._answers.get(environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))

    def keep(self, environ: dict[str, Any], said: Said) -> None:
        """Remember the answer of a call that may have changed something."""
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        reads = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        if not call or reads or not said[0].startswith("2") or sum(map(len, said[2])) > self._BYTES:
            return
        self._answers[call] = said
        if len(self._answers) > self._CALLS:
            self._answers.popitem(last=False)
