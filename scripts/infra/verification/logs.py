"""Steps about logs: nothing in them says that something inside went wrong."""

import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence

from infra.verification.evidence import LogLine, Logs
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

# A program's own cry for help. Refused requests are no such thing: they are expected, and in the access log.
_ALARMING = re.compile(r'^Traceback \(most recent call last\)|"kind": ?"fault"|\b(?:CRITICAL|FATAL)\b|: ERROR ')
# What every such line holds, for whoever searches many lines for few.
_WORDS = ("Traceback", "fault", "CRITICAL", "FATAL", "ERROR")
_TRACEBACK = "Traceback"
_SHOWN, _FOLLOWING = 3, 12
_PAUSE_SECONDS = 0.5


def _clean(target: Target) -> str:
    logs, mark = target.evidence.logs, secrets.token_hex(16)
    unmarked = _leave(target, mark)
    found, complete = _read(logs, mark, patient=unmarked is None)
    services = [name for name in found if any(_alarming(found[name]))]
    if services:
        raise CheckFailed("\n".join(line for name in services for line in _told(logs, name, found[name])))
    if unmarked is not None:
        raise CheckFailed(f"Nobody can say whether the logs are complete: {unmarked}") from unmarked
    if not complete:
        raise CheckFailed(
            f"The log of no service has the request {mark}, which was answered {logs.patience_seconds:.0f} s ago: what "
            "programs print does not get into the logs that were read",
            remedy="Look for the log group in the task definition, and for logs:PutLogEvents in the execution role.",
        )
    return f"{', '.join(sorted(found))}: nothing up to request {mark[:8]}"


def _leave(target: Target, mark: str) -> CheckFailed | None:
    """Send a request that the gateway logs by its id, with or without a key; what goes wrong with it, if anything."""
    try:
        target.ask("GET", "/version", headers={"X-Request-Id": mark}, key=target.keys.writing)
    except CheckFailed as error:
        return error
    return None


def _read(logs: Logs, mark: str, *, patient: bool) -> tuple[Mapping[str, list[LogLine]], bool]:
    """The lines with one of the words, and whether the mark is among them: what was printed before it then is, too."""
    words = (*_WORDS, mark)
    deadline = time.monotonic() + (logs.patience_seconds if patient else 0)
    while True:
        found = logs.lines(words)
        if any(mark in line.text for lines in found.values() for line in lines):
            if logs.settling_seconds:
                time.sleep(logs.settling_seconds)
                found = logs.lines(words)
            return found, True
        if time.monotonic() > deadline:
            return found, False
        time.sleep(_PAUSE_SECONDS)


def _alarming(lines: Sequence[LogLine]) -> Iterator[LogLine]:
    return (line for line in lines if _ALARMING.search(line.text))


def _told(logs: Logs, service: str, lines: Sequence[LogLine]) -> Iterator[str]:
    alarming = list(_alarming(lines))
    yield f"{service} logged {len(alarming)} times that something went wrong:"
    for line in alarming[:_SHOWN]:
        yield f"  {line.text}"
        if line.text.startswith(_TRACEBACK):
            yield from (f"  {each}" for each in logs.following(line, _FOLLOWING))


STEPS = (
    Step("logs", "No program logged a fault of its own since this began", _clean, formerly="deploy_mlflow_fix.sh"),
)
