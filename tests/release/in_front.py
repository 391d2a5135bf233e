"""A proxy in front of an emulated account whose answers are now and then not the account's.

It stands where the account's port is expected, so that Terraform, its provider and boto3 all meet the same faults.
"""

import http.client
import re
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from infra.account.emulated import HOST, EmulatedAccount
from tests.release.faults import Call, Decides

_HELD_SECONDS: Final = 1.0
_HOP_BY_HOP: Final = ("connection", "content-length", "expect", "transfer-encoding")


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """A connection that was cut on purpose, or by a process that was killed."""


@contextmanager
def in_front_of(account: EmulatedAccount, faults: Decides) -> Iterator[EmulatedAccount]:
    """Serve an account through a proxy.

    Args:
        account: the account.
        faults: asked for each call.

    Yields:
        The account, as those see it who go through the proxy.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _serve(self) -> None:
            body = _body(self)
            call = _call(self.command, self.headers, body)
            code, status = faults.decide(call)
            if code == "cut":
                time.sleep(_HELD_SECONDS)
                return self._cut()
            if status:
                slow_down = (code, call.service) == ("Throttling", "s3")  # told apart by the status: HEAD has no body
                return self._answer(503 if slow_down else status, *_error(call, code))
            upstream = http.client.HTTPConnection(HOST, account.port, timeout=90)
            try:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP_BY_HOP}
                headers["Content-Length"] = str(len(body))
                upstream.request(self.command, self.path, body, headers)
                answer = upstream.getresponse()
                content = answer.read()
            except OSError:
                return self._cut()
            finally:
                upstream.close()
            if code == "lost":
                return self._cut()
            return self._answer(answer.status, content, dict(answer.getheaders()))

        do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = _serve  # noqa: N815

        def _cut(self) -> None:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

        def _answer(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length", "server", "date"):
                    self.send_header(name, value)
            length = next((value for name, value in headers.items() if name.lower() == "content-length"), "0")
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - its name
            """Nothing."""

    server = _Server((HOST, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield replace(account, port=server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body


def _call(method: str, headers: Any, body: bytes) -> Call:
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request", headers.get("Authorization", ""))
    target = headers.get("X-Amz-Target", "").rpartition(".")[2]
    query = re.search(rb"(?:^|&)Action=([A-Za-z]+)", body[:2000])
    action = target or (query.group(1).decode() if query else "")
    return Call(method, scope.group(1) if scope else "", action, headers.get("If-None-Match") == "*")


def _error(call: Call, code: str) -> tuple[bytes, dict[str, str]]:
    """An error as the service's protocol has it."""
    if call.service in ("ssm", "logs", "tagging", "ecs", "ecr"):
        name = {"Throttling": "ThrottlingException", "AccessDenied": "AccessDeniedException"}.get(code, code)
        name = "ExpiredTokenException" if code == "ExpiredToken" else name
        kind = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": name}
        return f'{{"__type":"{name}","message":"injected"}}'.encode(), kind
    error = f"<Error><Code>{'SlowDown' if (code, call.service) == ('Throttling', 's3') else code}</Code>"
    error += "<Message>injected</Message></Error>"
    if call.service == "ec2":
        name = {"Throttling": "RequestLimitExceeded", "AccessDenied": "UnauthorizedOperation"}.get(code, code)
        error = f"<Response><Errors><Error><Code>{name}</Code><Message>injected</Message></Error></Errors></Response>"
    elif call.service != "s3":
        error = f"<ErrorResponse>{error}</ErrorResponse>"
    return error.encode(), {"Content-Type": "text/xml"}
