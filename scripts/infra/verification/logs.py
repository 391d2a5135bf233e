"""Steps about logs: nothing in them says that something inside went wrong."""

import re

from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

# A program's own cry for help. Refused requests are no such thing: they are expected, and in the access log.
_ALARMING = re.compile(r'^Traceback \(most recent call last\)|"kind": ?"fault"|\b(?:CRITICAL|FATAL)\b|: ERROR ')
_SHOWN = 3


def _clean(target: Target) -> str:
    assert target.logs is not None  # noqa: S101 - the step is only there where logs are
    logs = target.logs()
    for service, text in logs.items():
        lines = [line for line in text.splitlines() if _ALARMING.search(line)]
        if lines:
            said = "\n".join(lines[:_SHOWN])
            raise CheckFailed(f"{service} logged {len(lines)} times that something went wrong:\n{said}")
    return f"{sum(text.count(chr(10)) for text in logs.values()):,} lines of {', '.join(sorted(logs))}"


STEPS = (Step("logs", "No program logged a fault of its own", _clean, formerly="deploy_mlflow_fix.sh"),)
