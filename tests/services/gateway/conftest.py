"""A gateway between scripted neighbours: one for the session, put back in order for each test."""

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import pytest

from infra.preflight.parts.auth_double import AuthDouble, running_auth
from tests.services.gateway.scripted_upstream import ScriptedUpstream, respond, running_upstream
from tests.services.parts.gateway_service import GatewayService, running_gateway

KEY = "test-key-that-must-not-be-logged"
# Times that a test waits for are short; no test depends on one of them being exact.
SHORT = {
    "AUTH_CACHE_SECONDS": "0.3",
    "AUTH_NEGATIVE_CACHE_SECONDS": "0.2",
    "AUTH_TIMEOUT_SECONDS": "0.5",
    "UPSTREAM_CONNECT_SECONDS": "1",
    "UPSTREAM_RESPONSE_SECONDS": "0.6",
    "ARTIFACT_RESPONSE_SECONDS": "1.2",
    "BODY_IDLE_SECONDS": "0.8",
    "HEADER_TIMEOUT_SECONDS": "0.6",
    "MAX_BODY_BYTES": "200000",
    "MAX_ARTIFACT_BYTES": "4000000",
    "MAX_IN_FLIGHT_PER_KEY": "64",
}


@dataclass
class Neighbours:
    """What the session's gateway stands between."""

    upstream: ScriptedUpstream
    auth: AuthDouble


@pytest.fixture(scope="session")
def neighbours() -> Iterator[Neighbours]:
    with running_upstream() as upstream, running_auth() as auth:
        yield Neighbours(upstream, auth)


@pytest.fixture(scope="session")
def session_gateway(neighbours: Neighbours, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayService]:
    folder = tmp_path_factory.mktemp("gateway")
    with running_gateway(neighbours.upstream.url, neighbours.auth.url, folder, key=KEY, **SHORT) as service:
        yield service


@pytest.fixture
def upstream(neighbours: Neighbours) -> ScriptedUpstream:
    neighbours.upstream.script = respond()
    neighbours.upstream.requests.clear()
    return neighbours.upstream


@pytest.fixture
def auth(neighbours: Neighbours) -> AuthDouble:
    double = neighbours.auth
    double.keys.clear()
    double.calls.clear()
    double.delay_seconds, double.failing_with = 0.0, None
    double.add(KEY, user_id="user-1", key_id="key-1")
    if double.down:
        double.start()
    return double


@pytest.fixture
def gateway(session_gateway: GatewayService, upstream: ScriptedUpstream, auth: AuthDouble) -> GatewayService:
    """The session's gateway, its neighbours as they should be."""
    del upstream, auth
    return session_gateway


@pytest.fixture
def own_gateway(
    neighbours: Neighbours, upstream: ScriptedUpstream, auth: AuthDouble, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[GatewayService]]:
    """Starts a gateway with settings of the test's own, as context manager."""
    del upstream, auth

    def start(**settings: str) -> AbstractContextManager[GatewayService]:
        urls = (neighbours.upstream.url, neighbours.auth.url)
        return running_gateway(*urls, tmp_path_factory.mktemp("own"), key=KEY, **{**SHORT, **settings})

    return start


def exchange(service: GatewayService, data: bytes, seconds: float = 5.0) -> bytes:
    """Send bytes as they are; everything that comes back until the gateway ends the connection or `seconds` pass."""
    with socket.create_connection((service.host, service.port), timeout=seconds) as connection:
        connection.sendall(data)
        received = b""
        try:
            while more := connection.recv(65536):
                received += more
        except (TimeoutError, ConnectionResetError):
            pass
        return received
