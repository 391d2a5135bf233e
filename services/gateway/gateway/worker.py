"""One worker process: everything that answers requests, from its start to the last request after SIGTERM."""

import asyncio
import gc
import json
import logging
import os
import signal
import socket
from dataclasses import replace

import uvloop

from gateway.auth import Authenticator
from gateway.diagnosis import Diagnosis
from gateway.freed_memory import keep_freed_memory
from gateway.handler import Handler
from gateway.health import Health
from gateway.journal import Journal
from gateway.limits import RateTable
from gateway.listener import Listener, wall_clock_ms
from gateway.metrics import CLIENT_ERROR, Metrics
from gateway.output import Lines
from gateway.paths import Endpoint
from gateway.proxy import Proxy
from gateway.settings import Settings
from gateway.upstream import Pool

# After SIGTERM connections are still taken for this long: the load balancer may have sent them before it knew.
_LAST_CONNECTIONS_SECONDS = 0.5


class _LineHandler(logging.Handler):
    """Reports faults that aiohttp met: their kind, never the bytes that a client sent."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        kind = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else ""
        self._lines.write(json.dumps({"kind": "fault", "where": record.name, "what": str(record.msg), "error": kind}))


class _StoreHandler(logging.Handler):
    """Reports why the artifact store refused: names of the inside that no client is told."""

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.write(json.dumps({"kind": "fault", "where": record.name, "what": record.getMessage()[:2000]}))


def run_worker(settings: Settings, listening: socket.socket, rates: RateTable, secret: bytes) -> None:
    """Serve until SIGTERM or SIGINT, then finish what is running.

    Args:
        settings: the gateway's settings.
        listening: a bound socket of this worker's own.
        rates: shared with the other workers.
        secret: keys the hashes of the auth cache.
    """
    # Requests leave next to no cycles; looking for them after every 700 objects costs a tenth of a request.
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    keep_freed_memory()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings, listening, rates, secret))


async def _serve(settings: Settings, listening: socket.socket, rates: RateTable, secret: bytes) -> None:
    loop = asyncio.get_running_loop()
    lines = Lines(1)
    counters = Metrics(settings.environment)
    pool = Pool(settings.mlflow_server_url, settings.upstream_connections, settings.upstream_connect_seconds)
    authenticator = Authenticator(settings, secret)
    lane = None
    if settings.artifact_lane == "direct":
        from gateway.artifacts.direct import DirectLane  # noqa: PLC0415 # loads botocore
        from gateway.artifacts.settings import DirectLaneSettings  # noqa: PLC0415

        lane = DirectLane(
            replace(
                DirectLaneSettings.from_environment(os.environ),
                largest_upload=settings.max_artifact_bytes,
                client_idle_seconds=settings.body_idle_seconds,
            )
        )
        await lane.start()
        _report_to(logging.getLogger("gateway.artifacts"), _StoreHandler(lines))
    handler = Handler(
        settings,
        authenticator=authenticator,
        proxy=Proxy(settings, pool, Diagnosis(settings, pool)),
        health=Health(settings, pool),
        rates=rates,
        journal=Journal(lines, counters),
        lane=lane,
    )
    logger = _report_to(logging.getLogger("gateway.connections"), _LineHandler(lines))
    listener = Listener(handler, settings, lambda: counters.request(Endpoint.OTHER, CLIENT_ERROR, 0.0, 0, 0), logger)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await listener.start(listening)
    reporter = loop.create_task(_report(settings, lines, counters, pool))
    await stop.wait()

    handler.draining = True
    deadline = loop.time() + settings.drain_seconds
    await asyncio.sleep(min(_LAST_CONNECTIONS_SECONDS, settings.drain_seconds))
    await listener.stop_accepting()
    await asyncio.sleep(min(_LAST_CONNECTIONS_SECONDS, settings.drain_seconds))
    while handler.running and loop.time() < deadline:
        await asyncio.sleep(0.05)
    listener.close_idle()
    await listener.end()
    reporter.cancel()
    if lane is not None:
        await lane.close()
    pool.close()
    authenticator.close()
    _write_metrics(lines, counters, pool)
    lines.flush()


def _report_to(logger: logging.Logger, handler: logging.Handler) -> logging.Logger:
    logger.propagate = False
    logger.handlers = [handler]
    return logger


async def _report(settings: Settings, lines: Lines, counters: Metrics, pool: Pool) -> None:
    while True:
        await asyncio.sleep(settings.metrics_seconds)
        _write_metrics(lines, counters, pool)


def _write_metrics(lines: Lines, counters: Metrics, pool: Pool) -> None:
    counters.retries += pool.retries
    pool.retries = 0
    for line in counters.lines(wall_clock_ms()):
        lines.write(line)
