"""One emulated account as a process, which can be copied by a fork.

The main thread does nothing but wait for orders (stop, fork), look after its own end (parent gone, idle), and fork.
Requests come in on threads of their own and run one at a time. So a fork happens in the main thread with no request
running, and the copy simply goes on in the same loop with another port: nothing half done is copied.

Its own calls, beside AWS's: `GET /infra/account`, `POST /infra/fork`, `POST /infra/stop`. Those that change something
need the header `X-Infra-Instance` with the account's instance id: a web page cannot send it, and whoever got the port
of an account that ended is not stopped by mistake.
"""

import io
import json
import os
import queue
import signal
import socket
import stat
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

from infra.account.lifetime import Lifetime, Watch
from infra.account.repeated_calls import Headers, RepeatedCalls, Said
from infra.account.turn import Turn

HOST = "127.0.0.1"

_TICK_SECONDS = 0.25
_QUIET_SECONDS = 60.0  # longest wait of a fork for the running request, which takes milliseconds

_StartResponse = Callable[..., Any]
_Answer = tuple[str, dict[str, Any]]


@dataclass(frozen=True)
class Identity:
    """What an account process is; the content of its ready file.

    Args:
        pid: process id.
        port: TCP port on 127.0.0.1.
        account_id: twelve digits.
        region: AWS region.
        instance_id: identifies this account from its start to its end; a copy has its own.
        started: UTC, ISO 8601.
    """

    pid: int
    port: int
    account_id: str
    region: str
    instance_id: str
    started: str


@dataclass(frozen=True)
class _Order:
    """Something that a request or a signal wants from the main thread."""

    verb: str
    details: dict[str, Any]
    answer: "queue.SimpleQueue[_Answer]"


class AccountProcess:
    """One emulated account, from its start to its end, and after a fork the copy.

    Args:
        application: moto's WSGI application with the gaps filled.
        identity: what it is.
        listener: the listening socket; taken over.
        lifetime: when it ends by itself.
        ready_file: written when it serves, removed when it ends; None for none.
    """

    def __init__(
        self,
        application: Callable[[dict[str, Any], _StartResponse], Iterable[bytes]],
        identity: Identity,
        listener: socket.socket,
        lifetime: Lifetime,
        ready_file: Path | None,
    ) -> None:
        self._application = application
        self._identity = identity
        self._listener = listener
        self._lifetime = lifetime
        self._ready_file = ready_file
        self._turn = Turn()
        self._memory = RepeatedCalls()
        self._orders: queue.SimpleQueue[_Order] = queue.SimpleQueue()
        self._children: set[int] = set()

    def run(self) -> None:
        """Serve until told to stop, until a watched process is gone, or until nobody asks any more."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command in the foreground
        self._serve()
        if self._ready_file:
            _write_atomically(self._ready_file, json.dumps(asdict(self._identity)))
        try:
            while self._go_on():
                pass
        finally:
            self._forget_ready_file()

    def __call__(self, environ: dict[str, Any], start_response: _StartResponse) -> Iterable[bytes]:
        """The WSGI application: the account's own calls, and AWS's."""
        path = environ.get("PATH_INFO", "")
        if path.startswith("/infra/") and "HTTP_AUTHORIZATION" not in environ:
            own_status, own_content = self._own_call(environ, path)
            own_body = json.dumps(own_content).encode()
            start_response(own_status, [("Content-Type", "application/json"), ("Content-Length", str(len(own_body)))])
            return [own_body]
        # A body on its way over a slow connection holds up nobody. moto keeps bodies in memory anyway.
        environ["wsgi.input"] = io.BytesIO(_body(environ))
        with self._turn:
            # The whole answer is made here: afterwards only the socket is left to do.
            status, headers, content = self._memory.recall(environ) or self._answer(environ)
        start_response(status, headers)
        return content

    def _answer(self, environ: dict[str, Any]) -> Said:
        """Let moto answer."""
        started: list[tuple[str, Headers]] = []

        def start_response(status: str, headers: Headers, _failure: object = None) -> Callable[[bytes], None]:
            started.append((status, headers))
            return lambda _: None

        iterable = self._application(environ, start_response)
        try:
            said = (*started[-1], list(iterable))
        finally:
            close = getattr(iterable, "close", None)
            if close:
                close()
        self._memory.keep(environ, said)
        return said

    def _own_call(self, environ: dict[str, Any], path: str) -> _Answer:
        call = f"{environ.get('REQUEST_METHOD')} {path}"
        if call == "GET /infra/account":
            return "200 OK", asdict(self._identity)
        if call not in ("POST /infra/fork", "POST /infra/stop"):
            return "404 Not Found", {"message": f"{call} is not a call of the emulated account."}
        if environ.get("HTTP_X_INFRA_INSTANCE") != self._identity.instance_id:
            return "403 Forbidden", {"message": "X-Infra-Instance is not the instance id of this account."}
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
            details = json.loads(environ["wsgi.input"].read(length) or b"{}") if length else {}
        except ValueError as error:
            return "400 Bad Request", {"message": f"The body is not JSON: {error}"}
        order = _Order(path.rpartition("/")[2], details, queue.SimpleQueue())
        self._orders.put(order)
        return order.answer.get()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._orders.put(_Order("stop", {}, queue.SimpleQueue()))

    def _serve(self) -> None:
        """Start the threads that answer."""
        from werkzeug.serving import make_server  # noqa: PLC0415 - after the environment is set

        from infra.account.request_handler import Handler  # noqa: PLC0415

        port = self._listener.getsockname()[1]
        server = make_server(HOST, port, self, threaded=True, request_handler=Handler, fd=self._listener.fileno())
        self._listener.close()
        threading.Thread(target=server.serve_forever, name="account", daemon=True).start()

    def _go_on(self) -> bool:
        """One turn of the main thread; False at the end of the account."""
        try:
            order = self._orders.get(timeout=_TICK_SECONDS)
        except queue.Empty:
            self._reap()
            idle = self._lifetime.idle_seconds
            if any(watch.gone() for watch in self._lifetime.watched):
                return False
            return idle is None or self._turn.idle_for() < idle
        if order.verb == "fork":
            self._fork(order)
            return True
        # Nothing of this account is to be found any more when the caller hears that it stopped.
        self._forget_ready_file()
        order.answer.put(("200 OK", asdict(self._identity)))
        time.sleep(0.05)  # the answer is on its way through another thread
        return False

    def _fork(self, order: _Order) -> None:
        listener = socket.create_server((HOST, 0), backlog=128)
        identity = replace(
            self._identity,
            port=listener.getsockname()[1],
            instance_id=str(uuid.uuid4()),
            started=datetime.now(UTC).isoformat(timespec="seconds"),
        )
        if not self._turn.take(_QUIET_SECONDS):
            listener.close()
            message = f"A request still ran after {_QUIET_SECONDS:.0f} s: an account is only copied while none runs."
            order.answer.put(("409 Conflict", {"message": message}))
            return
        origin = os.getpid()
        pid = os.fork()
        if pid == 0:
            self._become_copy(identity, listener, origin, order.details)
            return
        listener.close()
        self._turn.end()
        self._children.add(pid)
        # The copy's port listens since before the fork, so it can be used at once.
        order.answer.put(("200 OK", asdict(replace(identity, pid=pid))))

    def _become_copy(self, identity: Identity, listener: socket.socket, origin: int, details: dict[str, Any]) -> None:
        """After the fork, in the copy: let go of what belongs to the origin, and serve on a port of its own."""
        _let_go_of_sockets(keep=listener.fileno())
        self._identity = replace(identity, pid=os.getpid())
        self._listener = listener
        self._ready_file = None
        self._turn = Turn()
        self._orders = queue.SimpleQueue()
        self._children = set()
        watched = [Watch(int(details["parent_pid"]))] if details.get("parent_pid") else []
        if not details.get("outlive"):
            watched += [Watch(origin), *self._lifetime.watched]
        idle = details.get("idle_seconds", self._lifetime.idle_seconds)
        self._lifetime = Lifetime(tuple(watched), idle)
        self._serve()

    def _reap(self) -> None:
        """Take note of copies that ended, so that no zombie stays."""
        for pid in list(self._children):
            if os.waitpid(pid, os.WNOHANG)[0]:
                self._children.discard(pid)

    def _forget_ready_file(self) -> None:
        if not self._ready_file:
            return
        try:
            if json.loads(self._ready_file.read_text())["instance_id"] == self._identity.instance_id:
                self._ready_file.unlink()
        except (OSError, ValueError, KeyError):
            pass  # already gone, or another account's by now


def _body(environ: dict[str, Any]) -> bytes:
    """The whole body of a request: as long as announced, or up to the end of a chunked one."""
    stream = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(stream.read())
    return bytes(stream.read(int(environ.get("CONTENT_LENGTH") or 0)))


def _let_go_of_sockets(keep: int) -> None:
    """Give up inherited connections: else their clients would wait for the copy when the origin closes them.

    The numbers stay taken (by the null device), because forgotten Python objects may still close them some day.
    """
    null = os.open(os.devnull, os.O_RDWR)
    for entry in list(Path("/dev/fd").iterdir()):
        number = int(entry.name)
        try:
            if number != keep and stat.S_ISSOCK(os.fstat(number).st_mode):
                os.dup2(null, number, inheritable=False)
        except OSError:
            continue  # the descriptor that listed the folder
    os.close(null)


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(text)
    temporary.replace(path)
