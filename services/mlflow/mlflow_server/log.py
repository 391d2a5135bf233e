"""What the entrypoint says, one line each, before the server's own log begins."""

import json
import sys
from collections.abc import Mapping


def say(line: str) -> None:
    """Write a line to the container's log.

    Args:
        line: without secrets.
    """
    print(f"mlflow-server: {line}", file=sys.stderr, flush=True)


def report(facts: Mapping[str, object]) -> None:
    """Write a line of JSON to the container's log, for whoever runs the task.

    Args:
        facts: without secrets.
    """
    print(json.dumps(dict(facts), sort_keys=True), file=sys.stderr, flush=True)
