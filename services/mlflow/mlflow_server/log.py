"""What the entrypoint says, one line each, before the server's own log begins."""

import sys


def say(line: str) -> None:
    """Write a line to the container's log.

    Args:
        line: without secrets.
    """
    print(f"mlflow-server: {line}", file=sys.stderr, flush=True)
