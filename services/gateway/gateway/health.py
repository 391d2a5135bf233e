"""Is the gateway alive, may it get requests, and does what stands behind it work?"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.errors import ENDPOINT_NOT_FOUND, GatewayError
from gateway.exchange import Exchange
from gateway.settings import Settings
from gateway.upstream import Pool, Request
from gateway.upstream_errors import UpstreamError

# Calls that need the database or the artifact store. MLflow's own /health needs neither and is 200 without both.
_CALLS = {
    "experiments": ("POST", "/api/2.0/mlflow/experiments/search", b'{"max_results":1}'),
    "models": ("GET", "/api/2.0/mlflow/registered-models/search?max_results=1", b""),
    "artifacts": ("GET", "/api/2.0/mlflow-artifacts/artifacts?path=.hokusai-gateway-probe", b""),
}
_SECONDS = 10.0


@dataclass(frozen=True)
class Check:
    """One call and how it went.

    Args:
        name: what was called.
        ok: whether it worked.
        milliseconds: how long it took.
        reason: why it did not work, without internal names; empty if it did.
    """

    name: str
    ok: bool
    milliseconds: float
    reason: str

    def as_json(self) -> dict[str, object]:
        """As the client gets it."""
        found: dict[str, object] = {"status": "ok" if self.ok else "failed", "latency_ms": round(self.milliseconds, 1)}
        return found if self.ok else {**found, "reason": self.reason}


class Health:
    """Answers health checks; what is behind is asked at most once in a while.

    Args:
        settings: where MLflow is, and for how long an answer counts.
        pool: connections to it.
    """

    def __init__(self, settings: Settings, pool: Pool) -> None:
        self._settings = settings
        self._pool = pool
        self._known: dict[str, tuple[float, Check]] = {}
        self._locks = {name: asyncio.Lock() for name in _CALLS}

    async def answer(self, exchange: Exchange, *, details: bool, draining: bool) -> None:
        """Answer a path below /health.

        Args:
            exchange: the request.
            details: whether the client showed a key, and may see what is wrong.
            draining: the worker is ending.

        Raises:
            GatewayError: 404, there is no such check.
        """
        path = exchange.path
        name = path.removeprefix("/health/mlflow/")
        if path == "/health":
            _send(exchange, 200, {"status": "ok"})
        elif path == "/health/ready" and draining:
            _send(exchange, 503, {"status": "draining"})
        elif path == "/health/ready":
            check = await self._check("experiments")
            _send(exchange, 200 if check.ok else 503, {"status": "ok" if check.ok else "unavailable"})
        elif path == "/health/mlflow":
            checks = await asyncio.gather(*(self._check(name) for name in _CALLS))
            _report(exchange, checks, details=details)
        elif name in _CALLS:
            _report(exchange, [await self._check(name)], details=details)
        else:
            raise GatewayError(404, ENDPOINT_NOT_FOUND, "There is no such health check.")

    async def _check(self, name: str) -> Check:
        async with self._locks[name]:
            known = self._known.get(name)
            now = time.monotonic()
            if known is not None and now - known[0] < self._settings.health_cache_seconds:
                return known[1]
            check = await self._call(name)
            self._known[name] = (time.monotonic(), check)
            return check

    async def _call(self, name: str) -> Check:
        method, target, body = _CALLS[name]
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self._settings.mlflow_server_url.authority}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode("ascii")
        begun = time.perf_counter()
        reason = ""
        try:
            # It changes nothing, so it may be repeated like a GET.
            connection, answer = await self._pool.ask(Request("GET", head + body), _SECONDS)
            try:
                while await connection.read(_SECONDS):
                    pass
            finally:
                self._pool.release(connection)
            if answer.status >= 400:
                reason = f"MLflow answers {answer.status}"
        except UpstreamError as failure:
            reason = f"MLflow: {type(failure).__name__}"
        return Check(name, not reason, (time.perf_counter() - begun) * 1000, reason)


def _report(exchange: Exchange, checks: Sequence[Check], *, details: bool) -> None:
    ok = all(check.ok for check in checks)
    report: dict[str, object] = {"status": "ok" if ok else "unavailable"}
    if details:
        report["checks"] = {check.name: check.as_json() for check in checks}
    _send(exchange, 200 if ok else 503, report)


def _send(exchange: Exchange, status: int, report: dict[str, object]) -> None:
    lines = [b"Content-Type: application/json\r\n", b"Cache-Control: no-store\r\n"]
    exchange.send(status, lines, json.dumps(report).encode())
