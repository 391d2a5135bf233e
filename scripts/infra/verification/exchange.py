"""One request to the front door and its answer, as a client sees them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_SHOWN_BYTES = 2000
_SECRET_HEADERS = {"authorization", "x-api-key"}


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Args:
        method: HTTP method.
        url: as a client writes it.
        sent: request headers.
        status: of the answer.
        headers: of the answer, names in lower case.
        body: of the answer.
        seconds: from connecting to the end of the answer.
        time: when it began, seconds since the epoch.
    """

    method: str
    url: str
    sent: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    seconds: float
    time: float

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the server says
        """The body, read as JSON; an empty object where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return {}

    @property
    def request_line(self) -> str:
        """Method and URL."""
        return f"{self.method} {self.url}"

    def described(self) -> str:
        """Request and answer as text; keys are masked, a long body is cut."""
        sent = [f"{name}: {_masked(name, value)}" for name, value in self.sent.items()]
        received = [f"{name}: {value}" for name, value in self.headers.items()]
        text = self.body[:_SHOWN_BYTES].decode(errors="replace")
        cut = f"\n... {len(self.body) - _SHOWN_BYTES} bytes more" if len(self.body) > _SHOWN_BYTES else ""
        return "\n".join([self.request_line, *sent, "", f"{self.status}", *received, "", text + cut]).strip()


def _masked(name: str, value: str) -> str:
    if name.lower() not in _SECRET_HEADERS:
        return value
    scheme, space, _ = value.partition(" ")
    return f"{scheme}{space}***" if space else "***"
