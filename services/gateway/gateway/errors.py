"""What a client is told when a request fails: a status, an error code that MLflow clients know, and what to do."""

import json
from collections.abc import Mapping

# MLflow's own names (mlflow.protos.databricks_pb2.ErrorCode): its clients turn them into exceptions.
BAD_REQUEST = "BAD_REQUEST"
INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
UNAUTHENTICATED = "UNAUTHENTICATED"
PERMISSION_DENIED = "PERMISSION_DENIED"
RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
ENDPOINT_NOT_FOUND = "ENDPOINT_NOT_FOUND"
REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
INTERNAL_ERROR = "INTERNAL_ERROR"


class GatewayError(Exception):
    """A request that ends here.

    Args:
        status: HTTP status. MLflow's client repeats 408, 429 and 5xx, and gives up at once on anything else.
        error_code: one of MLflow's names.
        message: one or two sentences for the person who reads the client's exception: what, and what to do.
        headers: further response headers, `Retry-After` for one.
    """

    def __init__(self, status: int, error_code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.error_code = error_code
        self.message = message
        self.headers = headers or {}

    def body(self, request_id: str) -> bytes:
        """The JSON that goes to the client."""
        return json.dumps(
            {"error_code": self.error_code, "message": self.message, "request_id": request_id}, ensure_ascii=True
        ).encode()
