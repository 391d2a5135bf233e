"""What is kept of a request: its line in the access log, one in the audit trail if it writes, and the metrics."""

from gateway import metrics
from gateway.access_log import access_line
from gateway.audit import audit_line
from gateway.exchange import Exchange
from gateway.metrics import Metrics
from gateway.output import Lines


class Journal:
    """Keeps what is told of requests.

    Args:
        lines: where log and audit trail go.
        counters: this worker's metrics.
    """

    def __init__(self, lines: Lines, counters: Metrics) -> None:
        self._lines = lines
        self._counters = counters
        self.count_auth = counters.auth

    def count_legacy(self) -> None:
        """Count a request with a key of the service id that ends."""
        self._counters.legacy += 1

    def record(self, exchange: Exchange, outcome: str | None) -> None:
        """Keep what became of a request.

        Args:
            exchange: the request.
            outcome: what became of it, where its status does not tell.
        """
        milliseconds = exchange.elapsed_ms()
        if outcome is None:
            outcome = _outcome(exchange)
        status = 499 if outcome == metrics.CLIENT_GONE else exchange.status
        self._counters.request(exchange.endpoint, outcome, milliseconds, exchange.bytes_in, exchange.bytes_out)
        self._lines.write(access_line(exchange, status, outcome, milliseconds))
        if exchange.writes and exchange.route is not None:
            identity = exchange.identity
            self._lines.write(
                audit_line(
                    at=exchange.at,
                    request_id=exchange.request_id,
                    user_id=identity.user_id.decode() if identity else "",
                    key_id=identity.key_id.decode() if identity else "",
                    client_ip=exchange.client_ip,
                    method=exchange.method,
                    path=exchange.route.path,
                    query=exchange.query,
                    body=exchange.body,
                    status=status,
                    outcome=outcome,
                )
            )


def _outcome(exchange: Exchange) -> str:
    if not exchange.status:
        # There was nobody left to answer.
        return metrics.CLIENT_GONE
    found = metrics.outcome(exchange.status)
    if exchange.reason and found == metrics.OK and not exchange.keep_alive:
        return metrics.ABORTED
    return found
