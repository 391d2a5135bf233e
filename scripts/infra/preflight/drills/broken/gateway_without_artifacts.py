"""A broken version of the gateway: it starts, is healthy, and answers 404 to every artifact.

What the first version of the platform did to outside developers, and what no health check notices.
"""

import sys

from gateway import paths
from gateway.errors import ENDPOINT_NOT_FOUND, GatewayError

_translate = paths.translate


def _without_artifacts(path: str) -> paths.Route:
    route = _translate(path)
    if route.endpoint is paths.Endpoint.ARTIFACTS:
        raise GatewayError(404, ENDPOINT_NOT_FOUND, f"Nothing is served at {path}.")
    return route


# Before anything else of the gateway has imported it.
paths.translate = _without_artifacts  # type: ignore[assignment]

if __name__ == "__main__":
    from gateway.cli import main

    sys.exit(main())
