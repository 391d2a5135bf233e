"""One JSON line a request. Never a key, never a query: both hold what must not be kept."""

import time
from functools import lru_cache
from json.encoder import encode_basestring_ascii

_LONGEST = 1024


def text(value: str) -> str:
    """A string as JSON, bounded."""
    return encode_basestring_ascii(value[:_LONGEST])


def access_line(
    *,
    at: float,
    request_id: str,
    method: str,
    path: str,
    translated: str,
    target: str,
    status: int,
    outcome: str,
    milliseconds: float,
    auth_milliseconds: float,
    target_milliseconds: float,
    bytes_in: int,
    bytes_out: int,
    client_ip: str,
    user_id: str,
    key_id: str,
    reason: str,
) -> str:
    """The line of one request.

    Args:
        at: when it began, seconds since 1970.
        request_id: its id, which the client has too.
        method: HTTP method.
        path: public path without query.
        translated: path at MLflow, or empty.
        target: who answered: `mlflow`, `direct` (artifact lane) or `gateway`.
        status: what the client got; 499 if it went away before.
        outcome: as in the metrics.
        milliseconds: from the head of the request to the end of the answer.
        auth_milliseconds: of these, until the key was known.
        target_milliseconds: of these, until the target began its answer.
        bytes_in: body received.
        bytes_out: body sent.
        client_ip: the client's address.
        user_id: holder of the key, or empty.
        key_id: which key, or empty.
        reason: what went wrong inside, for the operator, or empty; may hold internal names.
    """
    # Written by hand: json.dumps of a dictionary costs five times as much, and this is done for every request.
    return (
        f'{{"kind":"access","time":"{timestamp(at)}","request_id":"{request_id}","method":"{method}",'
        f'"path":{text(path)},"translated":{text(translated)},"target":"{target}","status":{status},'
        f'"outcome":"{outcome}","ms":{milliseconds:.2f},"auth_ms":{auth_milliseconds:.2f},'
        f'"target_ms":{target_milliseconds:.2f},"bytes_in":{bytes_in},"bytes_out":{bytes_out},'
        f'"client_ip":"{client_ip}","user_id":{text(user_id)},"key_id":{text(key_id)},"reason":{text(reason)}}}'
    )


def timestamp(at: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC with milliseconds."""
    milliseconds = int(at * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}+00:00"


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at))
