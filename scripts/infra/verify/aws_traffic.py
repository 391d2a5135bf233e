"""Requests and errors as CloudWatch counts them: the gateway's own metrics, and those of its load balancers."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.account.inventory import Clients
from infra.verification.evidence import Comparison, Traffic
from infra.verification.rollout import services_of
from infra.verification.steps import CheckFailed

_MINUTE = 60
# Metrics of a load balancer are there after a minute or two.
_PATIENCE_SECONDS, _PAUSE_SECONDS = 360.0, 10.0

# Sums by minute (seconds since the epoch).
_Sums = Mapping[int, float]


@dataclass(frozen=True)
class _Metric:
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]

    def query(self, number: int) -> dict[str, Any]:
        """As a query of GetMetricData; `m<number>` is its id."""
        dimensions = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.name, "Dimensions": dimensions}
        return {"Id": f"m{number}", "MetricStat": {"Metric": metric, "Period": _MINUTE, "Stat": "Sum"}}


@dataclass(frozen=True)
class _Place:
    """Where requests are counted: sums of `requests` less those of `not_requests`, and the same for errors."""

    name: str
    requests: tuple[_Metric, ...]
    errors: tuple[_Metric, ...]
    not_requests: tuple[_Metric, ...] = ()
    not_errors: tuple[_Metric, ...] = ()

    @property
    def metrics(self) -> tuple[_Metric, ...]:
        return (*self.requests, *self.errors, *self.not_requests, *self.not_errors)


class CloudWatchTraffic:
    """What CloudWatch counted since some moment, and as long before.

    Args:
        account: where.
        environment: a dimension of the gateway's metrics.
        cluster: whose services' load balancers are looked at.
        began: the moment, seconds since the epoch.
    """

    def __init__(self, account: Clients, environment: str, cluster: str, began: float) -> None:
        self._account, self._environment, self._cluster, self._began = account, environment, cluster, began

    def compared(self, probed: float, least: int) -> Sequence[Comparison]:
        """See `TrafficCounts`."""
        # CloudWatch counts by the minute: the minute in which this began belongs to it.
        first, last = _minute(self._began), _minute(time.time()) + _MINUTE
        length = last - first
        places = [_gateway(self._environment), *self._load_balancers()]
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            sums = self._sums(places, first - length, last)
            late = [place for place in places if _traffic(place, sums, _minute(probed), last).requests < least]
            if not late:
                break
            if time.monotonic() > deadline:
                raise CheckFailed(
                    f"CloudWatch has not counted {least} requests that were answered {_PATIENCE_SECONDS:.0f} s ago at "
                    f"{late[0].name}: how many requests fail cannot be said",
                    remedy="The gateway publishes its metrics through its log; look there for lines with `_aws`.",
                )
            time.sleep(_PAUSE_SECONDS)
        return [
            Comparison(place.name, _traffic(place, sums, first - length, first), _traffic(place, sums, first, last))
            for place in places
        ]

    def _load_balancers(self) -> Iterator[_Place]:
        elb = self._account.client("elbv2")
        groups = [
            attached["targetGroupArn"]
            for service in services_of(self._account, self._cluster)
            for attached in service.get("loadBalancers", [])
        ]
        if not groups:
            raise CheckFailed(f"No service of the cluster {self._cluster} is behind a load balancer")
        described = elb.describe_target_groups(TargetGroupArns=groups)["TargetGroups"]
        for arn in sorted({arn for group in described for arn in group["LoadBalancerArns"]}):
            dimensions = (("LoadBalancer", arn.partition(":loadbalancer/")[2]),)
            metric = {
                name: _Metric("AWS/ApplicationELB", name, dimensions)
                for name in ("RequestCount", "HTTPCode_Target_5XX_Count", "HTTPCode_ELB_5XX_Count")
            }
            own = metric["HTTPCode_ELB_5XX_Count"]  # of requests that no target got: RequestCount leaves those out
            yield _Place(
                name=f"the load balancer {arn.split('/')[-2]}",
                requests=(metric["RequestCount"], own),
                errors=(metric["HTTPCode_Target_5XX_Count"], own),
            )

    def _sums(self, places: Sequence[_Place], first: int, last: int) -> Mapping[_Place, Mapping[_Metric, _Sums]]:
        metrics = list(dict.fromkeys(metric for place in places for metric in place.metrics))
        pages = (
            self._account.client("cloudwatch")
            .get_paginator("get_metric_data")
            .paginate(
                MetricDataQueries=[metric.query(number) for number, metric in enumerate(metrics)],
                StartTime=datetime.fromtimestamp(first, UTC),
                EndTime=datetime.fromtimestamp(last, UTC),
            )
        )
        found: dict[str, dict[int, float]] = {}
        for page in pages:
            for result in page["MetricDataResults"]:
                sums = found.setdefault(result["Id"], {})
                for at, value in zip(result["Timestamps"], result["Values"], strict=True):
                    sums[int(at.timestamp())] = value
        by_metric = {metric: found.get(f"m{number}", {}) for number, metric in enumerate(metrics)}
        return {place: {metric: by_metric[metric] for metric in place.metrics} for place in places}


def _gateway(environment: str) -> _Place:
    """The gateway's own metrics (services/gateway/gateway/metrics.py), without health checks."""
    all_of_it = (("Environment", environment),)
    probes = (*all_of_it, ("Endpoint", "health"))
    namespace = "Hokusai/Gateway"
    return _Place(
        name="the gateway",
        requests=(_Metric(namespace, "Requests", all_of_it),),
        errors=(_Metric(namespace, "Errors", all_of_it),),
        not_requests=(_Metric(namespace, "Requests", probes),),
        not_errors=(_Metric(namespace, "Errors", probes),),
    )


def _traffic(place: _Place, sums: Mapping[_Place, Mapping[_Metric, _Sums]], first: int, last: int) -> Traffic:
    def total(metrics: tuple[_Metric, ...]) -> int:
        values = (value for metric in metrics for at, value in sums[place][metric].items() if first <= at < last)
        return math.ceil(sum(values))

    requests = total(place.requests) - total(place.not_requests)
    return Traffic(max(requests, 0), max(total(place.errors) - total(place.not_errors), 0))


def _minute(seconds: float) -> int:
    return int(seconds // _MINUTE) * _MINUTE
