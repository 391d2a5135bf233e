"""A program for tests: answers HTTP on PORT, and does what it is asked to from inside its task."""

import http.server
import json
import os
import signal
import socket
import socketserver
import sys
import time
from urllib.parse import parse_qsl, urlsplit


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)


class _Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = dict(parse_qsl(url.query))
        time.sleep(float(asked.get("sleep", "0")))
        if "leave" in asked:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        if "unread" in asked:
            self._send(403, b"{}")
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        answer = {"task": os.environ["HOSTNAME"], "path": self.path, "headers": list(self.headers.items())}
        if url.path == "/python":
            names: dict[str, object] = {}
            try:
                exec(body.decode(), names)  # noqa: S102 - that is its purpose
                answer["result"] = names.get("result")
            except Exception as error:
                answer["error"] = f"{type(error).__name__}: {error}"
        self._send(int(asked.get("status", "200")), json.dumps(answer | {"received": length}).encode())

    do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 - the names that http.server gives them

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main() -> None:
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    _Server(("0.0.0.0", int(os.environ["PORT"])), _Answer).serve_forever(0.1)  # noqa: S104


if __name__ == "__main__":
    main()
