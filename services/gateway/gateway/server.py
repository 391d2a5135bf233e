"""The worker processes: started, watched, ended together."""

import json
import os
import resource
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable
from types import FrameType

from gateway.limits import RateTable
from gateway.settings import Settings
from gateway.worker import run_worker

# A worker that dies is started again, unless they die faster than that: then the task must fail, and be seen failing.
_DEATHS = 5
_WITHIN_SECONDS = 60.0
_RATE_SLOTS = 65536


class StartError(Exception):
    """The gateway could not start. The message says why and what to do."""


def serve(settings: Settings) -> int:
    """Run the gateway until SIGTERM or SIGINT.

    Returns:
        Exit code: 0 after an orderly end, 1 if workers kept dying.

    Raises:
        StartError: the port cannot be taken.
    """
    _raise_descriptor_limit()
    held = _bind(settings.listen_address, settings.port)
    port = held.getsockname()[1]
    rates = RateTable(_RATE_SLOTS, time.time)
    secret = secrets.token_bytes(32)
    supervisor = _Supervisor()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, supervisor.stop)

    def start() -> None:
        pid = os.fork()
        if pid == 0:
            _child(settings, port, rates, secret)
        supervisor.workers.add(pid)

    for _ in range(settings.workers):
        start()
    ready = {"kind": "start", "address": settings.listen_address, "port": port, "workers": settings.workers}
    os.write(1, json.dumps(ready).encode() + b"\n")
    return supervisor.watch(start)


class _Supervisor:
    """Knows the workers."""

    def __init__(self) -> None:
        self.workers: set[int] = set()
        self._stopping = False
        self._deaths: list[float] = []

    def stop(self, _number: int, _frame: FrameType | None) -> None:
        """End all workers in order."""
        self._stopping = True
        self._signal_workers()

    def _signal_workers(self) -> None:
        for pid in self.workers:
            os.kill(pid, signal.SIGTERM)

    def watch(self, start: Callable[[], None]) -> int:
        """Wait for workers to end; start again what died."""
        failed = False
        while self.workers:
            pid, status = os.wait()
            if pid not in self.workers:
                continue
            self.workers.discard(pid)
            if self._stopping:
                failed = failed or os.waitstatus_to_exitcode(status) not in (0, -signal.SIGTERM)
                continue
            now = time.monotonic()
            self._deaths = [then for then in self._deaths if now - then < _WITHIN_SECONDS] + [now]
            code = os.waitstatus_to_exitcode(status)
            os.write(1, json.dumps({"kind": "fault", "what": "a worker died", "exit_code": code}).encode() + b"\n")
            if len(self._deaths) > _DEATHS:
                self._stopping = failed = True
                self._signal_workers()
            else:
                start()
        return 1 if failed else 0


def _raise_descriptor_limit() -> None:
    """A connection takes a descriptor on either side; the usual soft limit of 1024 is less than one worker serves."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Each worker has a queue of its own; the kernel spreads connections over them.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((address, port))
    except OSError as error:
        bound.close()
        raise StartError(
            f"Cannot listen on {address} port {port}: {error.strerror}. Set LISTEN_ADDRESS and PORT."
        ) from None
    return bound


def _child(settings: Settings, port: int, rates: RateTable, secret: bytes) -> None:
    """A worker's life; never returns into the parent's code."""
    code = 1
    try:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        run_worker(settings, _bind(settings.listen_address, port), rates, secret)
        code = 0
    except Exception as error:  # a fault at start: the parent starts another worker, or gives up
        sys.stderr.write(f"gateway worker: {type(error).__name__}: {error}\n")
    finally:
        sys.stderr.flush()
        os._exit(code)
