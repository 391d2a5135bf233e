"""Metrics in CloudWatch's embedded metric format, counted in the process and printed every few seconds.

A line for each request would cost more than the request. The names are what alarms and dashboard use.
Format: docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

NAMESPACE = "Hokusai/Gateway"
ENVIRONMENT = "Environment"
ENDPOINT = "Endpoint"
OUTCOME = "Outcome"

REQUESTS = "Requests"
ERRORS = "Errors"
LATENCY = "Latency"
BYTES_IN = "BytesIn"
BYTES_OUT = "BytesOut"
RETRIES = "Retries"
AUTH_OUTCOMES = "AuthOutcomes"
LEGACY_SERVICE_ID = "LegacyServiceId"

# What became of a request.
OK = "ok"
CLIENT_ERROR = "client_error"
UNAUTHENTICATED = "unauthenticated"
FORBIDDEN = "forbidden"
LIMITED = "limited"
SERVER_ERROR = "server_error"
CLIENT_GONE = "client_gone"
ABORTED = "aborted"

# A metric holds 100 values a line at most.
_SAMPLES = 100


def outcome(status: int) -> str:
    """What a status says about a request."""
    if status < 400:
        return OK
    return {401: UNAUTHENTICATED, 403: FORBIDDEN, 429: LIMITED}.get(
        status, SERVER_ERROR if status >= 500 else CLIENT_ERROR
    )


class _Endpoint:
    """What is counted for one kind of request."""

    __slots__ = ("bytes_in", "bytes_out", "count", "outcomes", "samples")

    def __init__(self) -> None:
        self.outcomes: dict[str, int] = defaultdict(int)
        self.samples: list[float] = []
        self.count = 0
        self.bytes_in = 0
        self.bytes_out = 0

    def add(self, milliseconds: float) -> None:
        """Keep a fair sample of the latencies."""
        self.count += 1
        if len(self.samples) < _SAMPLES:
            self.samples.append(milliseconds)
        elif (place := int(random.random() * self.count)) < _SAMPLES:  # noqa: S311 # a sample, not a secret
            self.samples[place] = milliseconds


class Metrics:
    """Counts of one worker.

    Args:
        environment: environment's name, a dimension of every metric.
    """

    def __init__(self, environment: str) -> None:
        self._environment = environment
        self._endpoints: dict[str, _Endpoint] = defaultdict(_Endpoint)
        self._auth: dict[str, int] = defaultdict(int)
        self.retries = 0
        self.legacy = 0

    def request(self, endpoint: str, result: str, milliseconds: float, bytes_in: int, bytes_out: int) -> None:
        """Count a request that ended.

        Args:
            endpoint: kind of request.
            result: what became of it.
            milliseconds: from its head to the end of its answer.
            bytes_in: body received.
            bytes_out: body sent.
        """
        counts = self._endpoints[endpoint]
        counts.outcomes[result] += 1
        counts.add(milliseconds)
        counts.bytes_in += bytes_in
        counts.bytes_out += bytes_out

    def auth(self, result: str) -> None:
        """Count how the question who a key belongs to ended: `cached`, `valid`, or an outcome."""
        self._auth[result] += 1

    def lines(self, milliseconds: int) -> Iterator[str]:
        """The lines since the last time, as JSON without line end; the counts begin anew.

        Args:
            milliseconds: time of the lines, since 1970.
        """
        endpoints, self._endpoints = self._endpoints, defaultdict(_Endpoint)
        auth, self._auth = self._auth, defaultdict(int)
        for endpoint, counts in endpoints.items():
            of_endpoint = {ENVIRONMENT: self._environment, ENDPOINT: endpoint}
            errors = counts.outcomes.get(SERVER_ERROR, 0) + counts.outcomes.get(ABORTED, 0)
            values = {
                REQUESTS: counts.count,
                ERRORS: errors,
                LATENCY: [round(value, 2) for value in counts.samples],
                BYTES_IN: counts.bytes_in,
                BYTES_OUT: counts.bytes_out,
            }
            # Also without the kind of request: an alarm cannot add up what it does not know.
            yield _line(milliseconds, of_endpoint, [[ENVIRONMENT, ENDPOINT], [ENVIRONMENT]], values)
            for result, number in counts.outcomes.items():
                yield _line(
                    milliseconds,
                    {**of_endpoint, OUTCOME: result},
                    [[ENVIRONMENT, ENDPOINT, OUTCOME]],
                    {REQUESTS: number},
                )
        for result, number in auth.items():
            yield _line(
                milliseconds,
                {ENVIRONMENT: self._environment, OUTCOME: result},
                [[ENVIRONMENT, OUTCOME]],
                {AUTH_OUTCOMES: number},
            )
        totals = {RETRIES: self.retries, LEGACY_SERVICE_ID: self.legacy}
        self.retries = self.legacy = 0
        yield _line(milliseconds, {ENVIRONMENT: self._environment}, [[ENVIRONMENT]], totals)


_UNITS = {LATENCY: "Milliseconds", BYTES_IN: "Bytes", BYTES_OUT: "Bytes"}


def _line(milliseconds: int, dimensions: dict[str, str], sets: list[list[str]], values: dict[str, Any]) -> str:
    described = [{"Name": name, "Unit": _UNITS.get(name, "Count")} for name in values]
    directive = {"Namespace": NAMESPACE, "Dimensions": sets, "Metrics": described}
    document = {"_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": [directive]}, **dimensions, **values}
    return json.dumps(document, separators=(",", ":"))
