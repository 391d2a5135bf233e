"""The process of an emulated AWS account: moto on loopback, with the gaps filled, that can be copied by a fork.

    python -m infra.account.server --account-id 123456789012 --region us-east-1 --port 0 --ready-file PATH

The main thread does nothing but wait for orders (stop, fork), look after its own end (parent gone, idle), and fork.
Requests come in on threads of their own and run one at a time. So a fork happens in the main thread with no request
running, and the copy simply goes on in the same loop with another port: nothing half done is copied.

Its own calls, beside AWS's: `GET /infra/account`, `POST /infra/fork`, `POST /infra/stop`. Those that change something
need the header `X-Infra-Instance` with the account's instance id: a web page cannot send it, and whoever got the port
of an account that ended is not stopped by mistake.
"""

import argparse
import io
import json
import os
import queue
import select
import signal
import socket
import stat
import sys
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Any

HOST = "127.0.0.1"

_TICK_SECONDS = 0.25
_QUIET_SECONDS = 60.0  # longest wait of a fork for the running request, which takes milliseconds
_SPILL_BYTES = 1 << 40  # S3 bodies stay in memory: spilled files would share their offset with the copies

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
class _Lifetime:
    """When an account ends by itself: a watched process is gone, or nobody asked anything for `idle_seconds`."""

    watched: tuple["_Watch", ...]
    idle_seconds: float | None


class _Watch:
    """A process whose end is noticed, also as a zombie and when its id was given to another one (Linux)."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._handle = -1
        if hasattr(os, "pidfd_open"):
            try:
                self._handle = os.pidfd_open(pid)
            except ProcessLookupError:
                self._pid = 0
            except OSError:  # a kernel without it: asked by number below
                self._handle = -1

    def gone(self) -> bool:
        """Whether the process has ended."""
        if self._pid == 0:
            return True
        if self._handle >= 0:
            return bool(select.select([self._handle], [], [], 0)[0])
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            return False
        return False


class _Turn:
    """Lets one request run at a time, and none while the account is copied.

    moto's models are not made for threads: two calls at a time that change one security group lose one of the changes.
    Nothing is lost by it, since all of its work is done under Python's interpreter lock.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last_use = time.monotonic()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self.end()

    def take(self, seconds: float) -> bool:
        """Wait for the turn; False when it did not come within `seconds`."""
        return self._lock.acquire(timeout=seconds)

    def end(self) -> None:
        """Let the next one run."""
        self._last_use = time.monotonic()
        self._lock.release()

    def idle_for(self) -> float:
        """Seconds since the last request ended; 0 while one runs."""
        return 0.0 if self._lock.locked() else time.monotonic() - self._last_use


_Headers = list[tuple[str, str]]
_Said = tuple[str, _Headers, list[bytes]]


class _Memory:
    """Answers of the last successful calls, for clients that lost one and ask again.

    Every AWS SDK numbers its calls (`amz-sdk-invocation-id`) and repeats the number when it repeats a call because the
    connection broke. The second attempt gets the first one's answer; else a resource that the first one made would end
    an apply with "already exists". A refused call is repeated in earnest.
    """

    _CALLS = 512
    _BYTES = 1 << 20

    def __init__(self) -> None:
        self._answers: OrderedDict[str, _Said] = OrderedDict()

    def recall(self, environ: dict[str, Any]) -> _Said | None:
        """The answer that this very call got before."""
        return self._answers.get(environ.get("HTTP_AMZ_SDK_INVOCATION_ID", ""))

    def keep(self, environ: dict[str, Any], said: _Said) -> None:
        """Remember the answer of a call that may have changed something."""
        call = environ.get("HTTP_AMZ_SDK_INVOCATION_ID")
        reads = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        if not call or reads or not said[0].startswith("2") or sum(map(len, said[2])) > self._BYTES:
            return
        self._answers[call] = said
        if len(self._answers) > self._CALLS:
            self._answers.popitem(last=False)


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
        lifetime: _Lifetime,
        ready_file: Path | None,
    ) -> None:
        self._application = application
        self._identity = identity
        self._listener = listener
        self._lifetime = lifetime
        self._ready_file = ready_file
        self._turn = _Turn()
        self._memory = _Memory()
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

    def _answer(self, environ: dict[str, Any]) -> _Said:
        """Let moto answer."""
        started: list[tuple[str, _Headers]] = []

        def start_response(status: str, headers: _Headers, _failure: object = None) -> Callable[[bytes], None]:
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
        from moto.moto_server.werkzeug_app import MotoRequestHandler  # noqa: PLC0415 - after the environment is set
        from werkzeug.serving import make_server  # noqa: PLC0415

        class Handler(MotoRequestHandler):  # type: ignore[misc, unused-ignore]
            """Moto's handler, with connections that stay open and without a line for each request.

            Werkzeug closes the connection right behind every answer, and Go's client on a busy machine then now and
            then takes the end of the connection for the answer: once in some hundred calls of the provider. Closing is
            not needed here, since the whole body of a request is read before it is answered.
            """

            disable_nagle_algorithm = True
            wbufsize = 1 << 16  # one packet for head and body of a usual answer

            def run_wsgi(self) -> None:
                if self.headers.get("Expect", "").lower().strip() == "100-continue":
                    self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                    self.wfile.flush()
                said: list[tuple[str, _Headers]] = []

                def start_response(status: str, headers: _Headers, _: object = None) -> Callable[[bytes], None]:
                    said.append((status, headers))
                    return lambda _: None

                body = b"".join(self.server.app(self.make_environ(), start_response))
                status, headers = said[-1]
                code, _, reason = status.partition(" ")
                self.send_response(int(code), reason)
                for name, value in headers:
                    if name.lower() not in ("connection", "transfer-encoding") and (
                        name.lower() != "content-length" or self.command == "HEAD"
                    ):
                        self.send_header(name, value)
                if self.command != "HEAD" and code not in ("204", "304"):
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)
                self.wfile.flush()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                pass

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
        self._turn = _Turn()
        self._orders = queue.SimpleQueue()
        self._children = set()
        watched = [_Watch(int(details["parent_pid"]))] if details.get("parent_pid") else []
        if not details.get("outlive"):
            watched += [_Watch(origin), *self._lifetime.watched]
        idle = details.get("idle_seconds", self._lifetime.idle_seconds)
        self._lifetime = _Lifetime(tuple(watched), idle)
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


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="infra.account.server", description="An emulated AWS account on loopback.")
    parser.add_argument("--account-id", required=True, help="twelve digits")
    parser.add_argument("--region", required=True)
    parser.add_argument("--port", type=int, default=0, help="TCP port on 127.0.0.1; 0 takes a free one")
    parser.add_argument("--ready-file", type=Path, help="written when it serves, removed when it ends")
    parser.add_argument("--parent-pid", type=int, help="end when this process is gone")
    parser.add_argument("--idle-seconds", type=float, help="end when nobody asked anything for so long")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Run an emulated account until it ends.

    Args:
        argv: command line; None takes the process's own.

    Returns:
        Exit code.
    """
    arguments = _arguments(argv)
    watched = (_Watch(arguments.parent_pid),) if arguments.parent_pid else ()
    try:
        listener = socket.create_server((HOST, arguments.port), backlog=128)
    except OSError as error:
        print(
            f"Port {arguments.port} on {HOST} cannot be taken: {error.strerror}. "
            "Stop what listens there, or say PORT=0 to take a free one.",
            file=sys.stderr,
        )
        return 1
    # moto reads these when it is imported; nothing of the person's AWS configuration may matter to it.
    for name in [name for name in os.environ if name.startswith(("AWS_", "MOTO_", "S3_", "INITIAL_NO_AUTH"))]:
        del os.environ[name]
    os.environ |= {
        "MOTO_ACCOUNT_ID": arguments.account_id,
        "MOTO_S3_DEFAULT_KEY_BUFFER_SIZE": str(_SPILL_BYTES),
        "MOTO_DISABLE_GLOBAL_CORS": "true",
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_DEFAULT_REGION": arguments.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    from infra.account.gaps import create_application  # noqa: PLC0415 - moto reads the environment when it is imported

    identity = Identity(
        pid=os.getpid(),
        port=listener.getsockname()[1],
        account_id=arguments.account_id,
        region=arguments.region,
        instance_id=str(uuid.uuid4()),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    lifetime = _Lifetime(watched, arguments.idle_seconds)
    AccountProcess(create_application(), identity, listener, lifetime, arguments.ready_file).run()
    return 0


if __name__ == "__main__":
    # Not sys.exit: taking a large account apart object by object would take more than a second.
    exit_code = main()
    sys.stderr.flush()
    os._exit(exit_code)
