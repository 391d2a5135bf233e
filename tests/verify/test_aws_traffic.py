"""Requests and errors in CloudWatch: which times are held against each other, and what counts as a request."""

from datetime import UTC, datetime
from typing import Any

import pytest

from infra.verification.evidence import Comparison, Traffic
from infra.verification.steps import CheckFailed
from infra.verify.aws_traffic import CloudWatchTraffic
from tests.verification.recorded import RecordedAccount, services, with_services

GROUP = "arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/registry/1"
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/edge/50dc6c495c0c9188"
NOON = 1_795_348_800  # a full minute
# In the order of the queries: the gateway's requests, errors, probes, failed probes; the load balancer's requests, its
# own errors, its targets' errors.
IDS = [f"m{number}" for number in range(7)]


def minute(number: int) -> datetime:
    return datetime.fromtimestamp(NOON + 60 * number, UTC)


def data(*sums: dict[int, float]) -> dict[str, Any]:
    """Answer of GetMetricData, from sums by minute (0 is when it began)."""
    return {
        "MetricDataResults": [
            {
                "Id": name,
                "Timestamps": [minute(at) for at in values],
                "Values": list(values.values()),
                "StatusCode": "Complete",
            }
            for name, values in zip(IDS, sums, strict=True)
        ]
    }


def account(*answers: dict[str, Any]) -> RecordedAccount:
    made = with_services(RecordedAccount(), services("gateway", "mlflow", groups={"gateway": GROUP}))
    described = {"TargetGroups": [{"TargetGroupArn": GROUP, "LoadBalancerArns": [BALANCER]}]}
    made.answers("elbv2", "describe_target_groups", described, TargetGroupArns=[GROUP])
    for answer in answers:
        made.answers("cloudwatch", "get_metric_data", answer)
    return made


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Began half a minute after noon, two minutes ago; nobody waits."""
    monkeypatch.setattr("infra.verify.aws_traffic.time.time", lambda: NOON + 150.0)
    monkeypatch.setattr("infra.verify.aws_traffic._PAUSE_SECONDS", 0.0)
    monkeypatch.setattr("infra.verify.aws_traffic._PATIENCE_SECONDS", 60.0)


def compared(there: RecordedAccount) -> list[Comparison]:
    found = list(CloudWatchTraffic(there, "x", "hokusai-x", NOON + 30.0).compared(NOON + 125.0, 20))
    there.all_asked()
    return found


@pytest.mark.usefixtures("times")
def test_as_many_minutes_before_as_since_without_health_checks() -> None:
    there = account(
        data(
            {-4: 999, -3: 40, -1: 60, 0: 30, 2: 50},  # requests; three minutes since, three before
            {-1: 5, 2: 3},  # errors
            {-3: 10, 2: 20},  # probes
            {2: 1},  # failed probes
            {-2: 100, 2: 45},  # the load balancer's requests
            {-2: 1, 2: 3},  # its own errors, which are no requests there
            {2: 2},  # its targets' errors
        )
    )
    assert compared(there) == [
        Comparison("the gateway", before=Traffic(90, 5), since=Traffic(60, 2)),
        Comparison("the load balancer edge", before=Traffic(101, 1), since=Traffic(48, 5)),
    ]


@pytest.mark.usefixtures("times")
def test_what_cloudwatch_is_asked() -> None:
    there = with_services(RecordedAccount(), services("gateway", groups={"gateway": GROUP}))
    there.answers(
        "elbv2", "describe_target_groups", {"TargetGroups": [{"TargetGroupArn": GROUP, "LoadBalancerArns": [BALANCER]}]}
    )

    def query(name: str, namespace: str, metric: str, **dimensions: str) -> dict[str, Any]:
        listed = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        asked = {"Namespace": namespace, "MetricName": metric, "Dimensions": listed}
        return {"Id": name, "MetricStat": {"Metric": asked, "Period": 60, "Stat": "Sum"}}

    gateway, balancer = "Hokusai/Gateway", "AWS/ApplicationELB"
    suffix = "app/edge/50dc6c495c0c9188"
    there.answers(
        "cloudwatch",
        "get_metric_data",
        data({2: 20}, {}, {}, {}, {2: 20}, {}, {}),
        MetricDataQueries=[
            query("m0", gateway, "Requests", Environment="x"),
            query("m1", gateway, "Errors", Environment="x"),
            query("m2", gateway, "Requests", Environment="x", Endpoint="health"),
            query("m3", gateway, "Errors", Environment="x", Endpoint="health"),
            query("m4", balancer, "RequestCount", LoadBalancer=suffix),
            query("m5", balancer, "HTTPCode_ELB_5XX_Count", LoadBalancer=suffix),
            query("m6", balancer, "HTTPCode_Target_5XX_Count", LoadBalancer=suffix),
        ],
        StartTime=minute(-3),
        EndTime=minute(3),
    )
    assert [each.since for each in compared(there)] == [Traffic(20, 0), Traffic(20, 0)]


@pytest.mark.usefixtures("times")
def test_metrics_are_waited_for() -> None:
    nothing = data({}, {}, {}, {}, {}, {}, {})
    gateway_only = data({2: 20}, {}, {}, {}, {2: 19}, {}, {})
    there = account(nothing, gateway_only, data({2: 20}, {}, {}, {}, {2: 20}, {}, {}))
    assert len(compared(there)) == 2


@pytest.mark.usefixtures("times")
def test_metrics_that_never_come_are_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infra.verify.aws_traffic._PATIENCE_SECONDS", 0.0)
    # Many before the requests that must be counted say nothing about these.
    late = data({0: 500}, {}, {}, {}, {2: 20}, {}, {})
    with pytest.raises(CheckFailed, match=r"has not counted 20 requests .* at the gateway"):
        CloudWatchTraffic(account(late), "x", "hokusai-x", NOON + 30.0).compared(NOON + 125.0, 20)


def test_a_cluster_without_load_balancer_cannot_be_compared() -> None:
    there = with_services(RecordedAccount(), services("mlflow"))
    with pytest.raises(CheckFailed, match="No service of the cluster hokusai-x is behind a load balancer"):
        CloudWatchTraffic(there, "x", "hokusai-x", 0.0).compared(0.0, 20)
