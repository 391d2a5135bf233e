"""One JSON line a request. Never a key, never a query: both hold what must not be kept."""

import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii

from gateway.exchange import Exchange

_LONGEST = 1024
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def access_line(exchange: Exchange, status: int, outcome: str, milliseconds: float) -> str:
    """The line of one request.

    Its `path` is the public one and `translated` the one at MLflow; `target` is who answered: `mlflow`, `direct`
    (artifact lane) or `gateway`; `auth_ms` is how long the auth service was asked, `target_ms` how long it took until
    the target began its answer; `reason` is what went wrong inside, for the operator: it may hold internal names.

    Args:
        exchange: the request.
        status: what the client got; 499 if it went away before.
        outcome: as in the metrics.
        milliseconds: from the head of the request to the end of the answer.
    """
    route, identity = exchange.route, exchange.identity
    path = exchange.path or exchange.message.path.partition("?")[0]
    method = exchange.method if exchange.method in _METHODS else "OTHER"
    # Written by hand: json.dumps of a dictionary costs five times as much, and this is done for every request.
    return (
        f'{{"kind":"access","time":"{timestamp(exchange.at)}","request_id":"{exchange.request_id}",'
        f'"method":"{method}","path":{_text(path)},"translated":{_text(route.path if route else "")},'
        f'"target":"{exchange.target}","status":{status},"outcome":"{outcome}",'
        f'"ms":{_hundredths(round(milliseconds * 100))},"auth_ms":{_hundredths(round(exchange.auth_ms * 100))},'
        f'"target_ms":{_hundredths(round(exchange.target_ms * 100))},"bytes_in":{exchange.bytes_in},'
        f'"bytes_out":{exchange.bytes_out},"client_ip":"{exchange.client_ip}",'
        f'{_holder(identity.user_id, identity.key_id) if identity else _NOBODY},"reason":{_text(exchange.reason)}}}'
    )


def timestamp(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    return _millisecond(int(at * 1000))


# Most requests repeat what others held a moment before.


@lru_cache(maxsize=4096)
def _hundredths(number: int) -> str:
    return f"{number / 100:.2f}"


@lru_cache(maxsize=64)
def _millisecond(at: int) -> str:
    return f"{_second(at // 1000)}.{at % 1000:03d}+00:00"


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    """A string as JSON, bounded."""
    return encode_basestring_ascii(value[:_LONGEST])


@lru_cache(maxsize=4096)
def _holder(user_id: bytes, key_id: bytes) -> str:
    return f'"user_id":{_text(user_id.decode())},"key_id":{_text(key_id.decode())}'


_NOBODY = _holder(b"", b"")
