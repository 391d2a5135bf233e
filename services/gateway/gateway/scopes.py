"""What a request needs: reading or writing."""

import re
from collections.abc import Set

from gateway.errors import PERMISSION_DENIED, GatewayError

READ = "mlflow:read"
WRITE = "mlflow:write"

# POST routes of MLflow 3.17 that change nothing (`mlflow.server.handlers.get_endpoints`). GraphQL stays a write:
# MLflow's schema has mutations, and the method does not tell them from queries.
_READING_POSTS = re.compile(
    r"/(?:ajax-)?api/\d\.0/?mlflow/(?:"
    r"(?:experiments|runs|logged-models|datasets|issues|traces|prompt-optimization/jobs)/search"
    r"|experiments/search-datasets"
    r"|registered-models/get-latest-versions"
    r"|artifacts/presigned-download-url"
    r"|traces/(?:batchGetInfos|calculate-filter-correlation|metrics)"
    r")"
)


def needed_scope(method: str, path: str) -> str:
    """The scope that a request needs.

    Args:
        method: HTTP method in capitals.
        path: path at MLflow, undecoded: an escaped letter in it makes a POST a write, never a read.
    """
    if method in ("GET", "HEAD", "OPTIONS"):
        return READ
    if method == "POST" and _READING_POSTS.fullmatch(path):
        return READ
    return WRITE


def authorise(scopes: Set[str], needed: str) -> None:
    """Let pass or refuse.

    Raises:
        GatewayError: 403, the key lacks the scope; MLflow's client does not repeat it.
    """
    if needed not in scopes:
        raise GatewayError(
            403, PERMISSION_DENIED, f"This API key lacks the scope {needed}. Ask for a key that has it, and use that."
        )
