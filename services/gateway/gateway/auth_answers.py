"""What the auth service's answers mean: who holds a key, or why a client is refused."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

from gateway.errors import (
    PERMISSION_DENIED,
    REQUEST_LIMIT_EXCEEDED,
    TEMPORARILY_UNAVAILABLE,
    UNAUTHENTICATED,
    GatewayError,
)
from gateway.headers import safe_value
from gateway.settings import Settings

LEGACY_SERVICE_ID = "ml-platform"


@dataclass(frozen=True)
class Identity:
    """The holder of a key.

    Args:
        user_id: who, as header value towards MLflow.
        key_id: which key.
        scopes: what it may do.
        requests_per_hour: its rate limit, or None.
        legacy: issued for the service id that ends.
    """

    user_id: bytes
    key_id: bytes
    scopes: frozenset[str]
    requests_per_hour: int | None
    legacy: bool

    @cached_property
    def lines(self) -> bytes:
        """The header lines by which MLflow learns who asks."""
        return b"X-Hokusai-User-Id: %b\r\nX-Hokusai-API-Key-Id: %b\r\n" % (self.user_id, self.key_id)


def identity(answer: object, settings: Settings, today: date) -> Identity:
    """Read a positive answer of the auth service.

    Raises:
        GatewayError: 403, the key was issued for another service, or for the one whose time is over;
            503, the answer lacks what it must hold.
    """
    if not isinstance(answer, dict):
        raise unusable()
    user, key, service = answer.get("user_id"), answer.get("key_id"), answer.get("service_id")
    scopes, limit = answer.get("scopes"), answer.get("rate_limit_per_hour")
    if not (isinstance(user, str | int) and isinstance(key, str | int) and isinstance(service, str)):
        raise unusable()
    if scopes is not None and not (isinstance(scopes, list) and all(isinstance(scope, str) for scope in scopes)):
        raise unusable()
    if limit is not None and (not isinstance(limit, int) or isinstance(limit, bool) or limit < 0):
        raise unusable()
    legacy = service == LEGACY_SERVICE_ID and service != settings.auth_service_id
    if legacy and (settings.legacy_service_id_until is None or today > settings.legacy_service_id_until):
        raise GatewayError(
            403,
            PERMISSION_DENIED,
            f"This API key was issued for {LEGACY_SERVICE_ID}, which is no longer accepted. "
            f"Create a key for {settings.auth_service_id} and set MLFLOW_TRACKING_TOKEN to it.",
        )
    if not legacy and service != settings.auth_service_id:
        raise GatewayError(
            403,
            PERMISSION_DENIED,
            f"This API key was issued for another service. Create a key for {settings.auth_service_id}.",
        )
    return Identity(
        safe_value(str(user)),
        safe_value(str(key)),
        frozenset(scopes) if scopes else settings.auth_default_scopes,
        limit,
        legacy,
    )


def refusal(status: int, retry_after: str | None, service_id: str) -> GatewayError:
    """What a client is told when the auth service does not answer 200.

    Args:
        status: what it answered.
        retry_after: its `Retry-After`, for 429.
        service_id: service that keys are issued for.
    """
    if status == 401:
        return GatewayError(
            401,
            UNAUTHENTICATED,
            "The API key is not valid: unknown, expired or revoked. Set MLFLOW_TRACKING_TOKEN to a valid one.",
            {"WWW-Authenticate": 'Bearer realm="hokusai", error="invalid_token"'},
        )
    if status == 403:
        return GatewayError(
            403, PERMISSION_DENIED, f"This API key may not use this service. Create a key for {service_id}."
        )
    if status == 429:
        seconds = retry_after if retry_after and retry_after.isdigit() and len(retry_after) < 7 else "60"
        return GatewayError(
            429, REQUEST_LIMIT_EXCEEDED, f"Too many requests. Try again in {seconds} s.", {"Retry-After": seconds}
        )
    return unavailable()


def unusable() -> GatewayError:
    """The auth service answered, but not as it must."""
    return GatewayError(503, TEMPORARILY_UNAVAILABLE, "The auth service's answer could not be used.")


def unavailable() -> GatewayError:
    """The auth service did not answer."""
    return GatewayError(
        503, TEMPORARILY_UNAVAILABLE, "API keys cannot be checked at the moment. Try again.", {"Retry-After": "5"}
    )
