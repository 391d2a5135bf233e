"""Logs that are files of this machine, as a platform of preflight has them."""

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from infra.verification.evidence import Comparison, LogLine, Traffic
from infra.verification.steps import CheckFailed

# Log files of tasks, each with the service that it is of.
Files = Callable[[], Mapping[Path, str]]

_ACCESS = '"kind":"access"'
_FAILED = {"server_error", "aborted"}  # as the gateway's metric Errors counts them
_PATIENCE_SECONDS, _PAUSE_SECONDS = 15.0, 0.1


class LogFiles:
    """The lines that were printed after this was made.

    Args:
        files: says which there are; tasks come and go.
        whole: whether what was printed before counts as well: of a platform that was started to be verified.
    """

    patience_seconds = _PATIENCE_SECONDS
    settling_seconds = 0.0

    def __init__(self, files: Files, *, whole: bool = False) -> None:
        self._files = files
        self._began = {} if whole else {str(file): file.stat().st_size for file in files()}

    def lines(self, words: Sequence[str]) -> Mapping[str, list[LogLine]]:
        """See `Logs`."""
        wanted = re.compile("|".join(words).encode())
        found: dict[str, list[LogLine]] = {}
        for file, service in self._files().items():
            of_service = found.setdefault(service, [])
            with file.open("rb") as log:
                log.seek(self._began.get(str(file), 0))
                for line in iter(log.readline, b""):
                    if wanted.search(line):
                        text = line.decode(errors="replace").rstrip("\n")
                        of_service.append(LogLine(service, text, str(file), log.tell()))
        return found

    def following(self, line: LogLine, count: int) -> list[str]:
        """See `Logs`."""
        with Path(line.stream).open("rb") as log:
            log.seek(line.position)
            read = (log.readline() for _ in range(count))
            return [each.decode(errors="replace").rstrip("\n") for each in read if each]


class AccessLines:
    """Requests as the gateway's access log tells them; an emulated account counts none.

    Args:
        files: log files.
        gateway: the gateway's service.
        began: when the verification began, seconds since the epoch.
    """

    def __init__(self, files: Files, gateway: str, began: float) -> None:
        self._files, self._gateway, self._began = files, gateway, began

    def compared(self, probed: float, least: int) -> Sequence[Comparison]:
        """See `TrafficCounts`."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            requests = list(self._requests())
            if sum(at >= probed for at, _ in requests) >= least:
                break
            if time.monotonic() > deadline:
                raise CheckFailed(
                    f"The gateway's access log does not have the {least} requests that were just answered: "
                    "how many requests fail cannot be said"
                )
            time.sleep(_PAUSE_SECONDS)
        length = time.time() - self._began
        before = [failed for at, failed in requests if self._began - length <= at < self._began]
        since = [failed for at, failed in requests if at >= self._began]
        return [Comparison("the gateway", Traffic(len(before), sum(before)), Traffic(len(since), sum(since)))]

    def _requests(self) -> Iterator[tuple[float, bool]]:
        """When each request of a client came, and whether it failed."""
        for file, service in self._files().items():
            if service == self._gateway:
                for line in file.read_text(errors="replace").splitlines():
                    if _ACCESS in line and line.endswith("}"):
                        entry = json.loads(line)
                        if not entry["path"].startswith("/health"):
                            yield datetime.fromisoformat(entry["time"]).timestamp(), entry["outcome"] in _FAILED
