"""The auth service, as far as the gateway knows it: what it answers can be changed while it runs."""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any

READ_WRITE = ("mlflow:read", "mlflow:write")


@dataclass
class Key:
    """What the auth service knows of a key.

    Args:
        user_id: its holder.
        key_id: its id, which may stand in logs.
        scopes: what it may do; None: the field is absent.
        service_id: service it was issued for.
        rate_limit_per_hour: None: the field is absent.
        refused_as: status instead of 200: 401, 403, 429.
    """

    user_id: str
    key_id: str
    scopes: tuple[str, ...] | None = READ_WRITE
    service_id: str = "platform"
    rate_limit_per_hour: int | None = None
    refused_as: int | None = None


@dataclass
class AuthDouble:
    """A running double.

    Args:
        keys: by API key; change it as you like. What is not there is 401.
        calls: bodies of the questions so far, each with the key under `key`.
        delay_seconds: pause before each answer.
        host: address to listen on.
        port: TCP port; 0 until it listens, then the one that it got.
        failing_with: answer everything with this status, body and headers.
    """

    keys: dict[str, Key] = field(default_factory=dict)
    calls: list[dict[str, Any]] = field(default_factory=list)
    delay_seconds: float = 0.0
    failing_with: tuple[int, bytes, Mapping[str, str]] | None = None
    host: str = "127.0.0.1"
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """AUTH_SERVICE_URL."""
        return f"http://{self.host}:{self.port}"

    def add(self, key: str, **known: Any) -> Key:  # noqa: ANN401 - fields of Key
        """Issue a key; `known` are fields of `Key`."""
        number = len(self.keys) + 1
        self.keys[key] = Key(**{"user_id": f"user-{number}", "key_id": f"key-{number}", **known})
        return self.keys[key]

    def revoke(self, key: str) -> None:
        """The key is refused from now on."""
        del self.keys[key]

    def start(self) -> None:
        """Listen: on a free port, later on the same one again."""
        double = self

        class Answer(_Answer):
            auth = double

        self._server = _Server((self.host, self.port), Answer)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        """Be down: connections are refused, open ones end with their next request."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def down(self) -> bool:
        """Whether it is stopped."""
        return self._server is None


class _Server(ThreadingHTTPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def server_bind(self) -> None:
        # Not HTTPServer's, which asks the system for the name of the address.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[0], self.server_address[1]  # type: ignore[assignment]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - socketserver's own signature
        # Whoever asked may have waited long enough and gone: no fault of this service.
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    auth: AuthDouble

    def do_GET(self) -> None:
        self._send(*((200, b'{"status":"ok"}', {}) if self.path == "/health" else (404, b"{}", {})))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.auth.down:
            self.close_connection = True
            return
        if self.path == "/api/v1/keys/validate":
            status, answer, headers = self._validate(body)
        else:
            status, answer, headers = 404, b"{}", {}
        self._send(status, answer, headers)

    def _send(self, status: int, answer: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _validate(self, body: bytes) -> tuple[int, bytes, Mapping[str, str]]:
        key = self.headers.get("Authorization", "").removeprefix("Bearer ")
        self.auth.calls.append({**json.loads(body), "key": key})
        time.sleep(self.auth.delay_seconds)
        if self.auth.failing_with is not None:
            return self.auth.failing_with
        known = self.auth.keys.get(key)
        if known is None or known.refused_as is not None:
            status = 401 if known is None else int(known.refused_as or 401)
            headers = {"Retry-After": "17"} if status == 429 else {}
            return status, b'{"detail":"refused"}', headers
        answer: dict[str, Any] = {
            "user_id": known.user_id,
            "key_id": known.key_id,
            "service_id": known.service_id,
            "scopes": None if known.scopes is None else list(known.scopes),
            "rate_limit_per_hour": known.rate_limit_per_hour,
        }
        return 200, json.dumps({name: value for name, value in answer.items() if value is not None}).encode(), {}

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the name that http.server gives it
        """Nothing: the calls are in `calls`."""


@contextmanager
def running_auth() -> Iterator[AuthDouble]:
    """A double that listens and knows no key yet."""
    double = AuthDouble()
    double.start()
    try:
        yield double
    finally:
        double.stop()
