"""An upstream that does what a test says, byte by byte: also what no HTTP server would do."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field


@dataclass
class Received:
    """A request as it came.

    Args:
        head: request line and headers, with the empty line.
        rest: socket to read a body from, or to answer on.
        already: bytes of the body that came with the head.
        connection: number of the connection, from 1.
    """

    head: bytes
    rest: socket.socket
    already: bytes
    connection: int

    @property
    def line(self) -> str:
        """The request line."""
        return self.head.split(b"\r\n", 1)[0].decode()

    @property
    def headers(self) -> dict[str, str]:
        """Headers by name in lower case."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}

    def body(self) -> bytes:
        """The body, by its length or to its last chunk."""
        length = self.headers.get("content-length")
        data = self.already
        if length is not None:
            while len(data) < int(length):
                data += self._more()
            return data
        if self.headers.get("transfer-encoding") == "chunked":
            while not data.endswith(b"0\r\n\r\n"):
                data += self._more()
        return data

    def _more(self) -> bytes:
        more = self.rest.recv(65536)
        if not more:
            raise ConnectionError("the gateway ended the request")
        return more


def respond(
    body: bytes = b"{}", status: str = "200 OK", headers: str = "Content-Type: application/json\r\n"
) -> Callable[[Received], None]:
    """A script that reads the body and answers."""

    def script(request: Received) -> None:
        request.body()
        request.rest.sendall(
            f"HTTP/1.1 {status}\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body
        )

    return script


def raw(data: bytes, *, close: bool = False) -> Callable[[Received], None]:
    """A script that reads the body and sends these bytes; `close` ends the connection then."""

    def script(request: Received) -> None:
        request.body()
        request.rest.sendall(data)
        if close:
            request.rest.close()

    return script


@dataclass
class ScriptedUpstream:
    """A running upstream.

    Args:
        script: what it does with a request.
        requests: what came so far.
        host: address to listen on.
        port: TCP port; 0 until it listens, then the one that it got.
        connections: how many there were so far.
    """

    script: Callable[[Received], None] = field(default_factory=respond)
    requests: list[Received] = field(default_factory=list)
    host: str = "127.0.0.1"
    port: int = 0
    connections: int = 0
    _listening: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """MLFLOW_SERVER_URL; a name, so that a test sees when it leaks."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Listen: on a free port, later on the same one again."""
        self._listening = socket.create_server((self.host, self.port), backlog=512)
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def stop(self) -> None:
        """Refuse connections, and end those that there are."""
        if self._listening is not None:
            self._listening.shutdown(socket.SHUT_RDWR)
            self._listening.close()
            self._listening = None
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().shutdown(socket.SHUT_RDWR)

    def wait_for(self, count: int, seconds: float = 5.0) -> list[Received]:
        """The first `count` requests."""
        deadline = time.monotonic() + seconds
        while len(self.requests) < count:
            assert time.monotonic() < deadline, f"{len(self.requests)} of {count} requests came"
            time.sleep(0.01)
        return self.requests[:count]

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._serve, args=(connection, self.connections), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                data = b""
                while b"\r\n\r\n" not in data:
                    more = connection.recv(65536)
                    if not more:
                        return
                    data += more
                head, _, rest = data.partition(b"\r\n\r\n")
                request = Received(head + b"\r\n\r\n", connection, rest, number)
                self.requests.append(request)
                self.script(request)


@contextlib.contextmanager
def running_upstream(host: str = "127.0.0.1", port: int = 0) -> Iterator[ScriptedUpstream]:
    """An upstream that answers `{}` to everything until it is told otherwise."""
    upstream = ScriptedUpstream(host=host, port=port)
    upstream.start()
    try:
        yield upstream
    finally:
        upstream.stop()
