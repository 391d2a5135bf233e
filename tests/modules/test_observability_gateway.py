"""observability and the gateway: alarms and dashboard use only what the gateway's own code prints."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from gateway import metrics
from gateway.auth_answers import refusal
from gateway.paths import Endpoint
from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "observability"
SERVICE = {"cluster_name": "hokusai-staging", "service_name": "hokusai-gateway"}
INPUTS: dict[str, object] = {
    "environment": "staging",
    "log_retention_days": 30,
    "log_groups": {"gateway": {"name": "/ecs/hokusai/gateway/staging"}},
    "services": {"gateway": SERVICE, "mlflow": SERVICE},
    "gateway": {"service": "gateway", "error_percent": 2, "legacy_service_id_until": "2027-03-31"},
}

# A metric with the value of each of its dimensions.
Series = tuple[str, str, frozenset[tuple[str, str]]]

# What became of requests: what a status says, and what the handler says itself.
OUTCOMES = {metrics.outcome(status) for status in range(200, 600)} | {metrics.CLIENT_GONE, metrics.ABORTED}
# An auth service that does not answer, or answers what it must not, is refused like one that answers 500.
AUTH_UNAVAILABLE = metrics.outcome(refusal(500, None, "platform").status)


@pytest.fixture(scope="module")
def printed() -> set[Series]:
    """Every series that the gateway's own counters print, read as CloudWatch reads it."""
    counters = metrics.Metrics("staging")
    for endpoint in Endpoint:
        for outcome in OUTCOMES:
            counters.request(endpoint, outcome, 12.5, 1, 2)
    for status in (401, 403, 429, 500):
        counters.auth(metrics.outcome(refusal(status, None, "platform").status))
    found: set[Series] = set()
    for line in counters.lines(0):
        document = json.loads(line)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                values = frozenset((name, document[name]) for name in names)
                found |= {(directive["Namespace"], metric["Name"], values) for metric in directive["Metrics"]}
    return found


@pytest.fixture(scope="module")
def planned(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


@pytest.fixture(scope="module")
def alarms(planned: Plan) -> dict[str, dict[str, Any]]:
    """Alarms on what the gateway prints, by the part of their name after the environment."""
    found = {}
    for alarm in planned.of_type("aws_cloudwatch_metric_alarm"):
        spaces = {alarm["namespace"], *(metric["namespace"] for metric in queried(dict(alarm.values)).values())}
        if metrics.NAMESPACE in spaces:
            assert spaces <= {metrics.NAMESPACE, None, ""}
            found[str(alarm["alarm_name"]).removeprefix("hokusai-staging-")] = dict(alarm.values)
    return found


@pytest.fixture(scope="module")
def widgets(planned: Plan) -> dict[str, dict[str, Any]]:
    """Metric widgets of the gateway, by title."""
    body = json.loads(planned["aws_cloudwatch_dashboard.this"]["dashboard_body"])
    found = [widget["properties"] for widget in body["widgets"] if widget["type"] == "metric"]
    return {each["title"]: each for each in found if metrics.NAMESPACE in json.dumps(each)}


def queried(alarm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {query["id"]: metric for query in alarm["metric_query"] for metric in query["metric"]}


def of_alarm(alarm: dict[str, Any]) -> Iterator[Series]:
    if alarm["metric_name"]:
        yield alarm["namespace"], alarm["metric_name"], frozenset(alarm["dimensions"].items())
    for metric in queried(alarm).values():
        yield metric["namespace"], metric["metric_name"], frozenset(metric["dimensions"].items())


# The namespace with the names of all dimensions, and conditions on the values of some.
# docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html
SEARCH = re.compile(
    r"""(?:SUM\()?SEARCH\('\{([^},]+),([^}]+)\} MetricName="(\w+)"((?: \w+="[^"]+")*)', '(?:Sum|p50|p99)'\)+"""
)


def test_every_alarm_is_on_a_series_that_the_gateway_prints(
    alarms: dict[str, dict[str, Any]], printed: set[Series]
) -> None:
    used = [(name, series) for name, alarm in alarms.items() for series in of_alarm(alarm)]
    assert len(used) >= 10
    assert [(name, series) for name, series in used if series not in printed] == []


def test_every_widget_shows_what_the_gateway_prints(widgets: dict[str, dict[str, Any]], printed: set[Series]) -> None:
    seen = 0
    for title, widget in widgets.items():
        for line in widget["metrics"]:
            if isinstance(line[0], str):
                namespace, metric, *rest = line
                series = (namespace, metric, frozenset(zip(rest[::2], rest[1::2], strict=True)))
                assert series in printed, f"{title}: {series}"
            else:
                search = SEARCH.fullmatch(line[0]["expression"])
                assert search, f"{title}: {line[0]['expression']} is no search that CloudWatch knows"
                namespace, dimensions, metric, conditions = search.groups()
                wanted = set(re.findall(r'(\w+)="([^"]+)"', conditions))
                names = set(dimensions.split(","))
                assert any(
                    (namespace, metric, names) == (space, name, set(dict(values))) and wanted <= values
                    for space, name, values in printed
                ), f"{title}: nothing that the gateway prints is {metric} by {names} with {wanted}"
            seen += 1
    assert seen >= 15


def test_the_dashboard_shows_everything_that_the_gateway_counts(
    widgets: dict[str, dict[str, Any]], printed: set[Series]
) -> None:
    shown = json.dumps(list(widgets.values()))
    assert {metric for _, metric, _ in printed if not re.search(rf"\b{metric}\b", shown)} == set()
    outcomes = [line[0]["label"] for line in widgets["Gateway: requests by outcome"]["metrics"]]
    assert sorted(outcomes) == sorted(OUTCOMES)
    expressions = [line[0]["expression"] for line in widgets["Gateway: requests by outcome"]["metrics"]]
    assert all(f'Outcome="{label}"' in text for label, text in zip(outcomes, expressions, strict=True))


# What each alarm on several metrics computes: its expression, threshold, seconds, and metric and statistic by name.
CLIENTS = "(requests - FILL(probes, 0))"
REQUESTS, PROBES = (metrics.REQUESTS, "Sum", ""), (metrics.REQUESTS, "Sum", Endpoint.HEALTH.value)
EXPRESSIONS: dict[str, tuple[str, float, int, dict[str, tuple[str, str, str]]]] = {
    "gateway-errors": (
        f"IF({CLIENTS[1:-1]} >= 20, 100 * (errors - FILL(failed_probes, 0)) / {CLIENTS}, 0)",
        2,
        600,
        {
            "errors": (metrics.ERRORS, "Sum", ""),
            "failed_probes": (metrics.ERRORS, "Sum", Endpoint.HEALTH.value),
            "probes": PROBES,
            "requests": REQUESTS,
        },
    ),
    "gateway-retries": (
        f"IF({CLIENTS[1:-1]} >= 20, 100 * retries / {CLIENTS}, 0)",
        5,
        900,
        {"probes": PROBES, "requests": REQUESTS, "retries": (metrics.RETRIES, "Sum", "")},
    ),
    "gateway-slow-runs": (
        "IF(requests >= 20, latency, 0)",
        3000,
        900,
        {"latency": (metrics.LATENCY, "p90", "runs"), "requests": (metrics.REQUESTS, "Sum", "runs")},
    ),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_shares_and_times_count_only_with_enough_requests_of_clients(
    alarms: dict[str, dict[str, Any]], name: str
) -> None:
    alarm = alarms[name]
    [expression] = [query["expression"] for query in alarm["metric_query"] if query["return_data"]]
    used = queried(alarm)
    [period] = {metric["period"] for metric in used.values()}
    assert EXPRESSIONS[name] == (
        expression,
        alarm["threshold"],
        period * alarm["evaluation_periods"],
        {
            key: (each["metric_name"], each["stat"], each["dimensions"].get(metrics.ENDPOINT, ""))
            for key, each in used.items()
        },
    )
    assert alarm["treat_missing_data"] == "notBreaching"
    assert alarm["comparison_operator"] == "GreaterThanThreshold"


def test_only_calls_that_move_nothing_large_have_to_be_quick(alarms: dict[str, dict[str, Any]]) -> None:
    slow = {name.removeprefix("gateway-slow-") for name in alarms if name.startswith("gateway-slow-")}
    assert slow == {Endpoint.EXPERIMENTS, Endpoint.MODELS, Endpoint.RUNS}
    for endpoint in slow:
        for metric in queried(alarms[f"gateway-slow-{endpoint}"]).values():
            assert metric["dimensions"] == {metrics.ENVIRONMENT: "staging", metrics.ENDPOINT: endpoint}


def test_an_auth_service_that_cannot_be_asked_is_reported(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["gateway-auth-unavailable"]
    assert alarm["metric_name"] == metrics.AUTH_OUTCOMES
    assert alarm["dimensions"] == {metrics.ENVIRONMENT: "staging", metrics.OUTCOME: AUTH_UNAVAILABLE}
    assert (alarm["statistic"], alarm["threshold"], alarm["period"]) == ("Sum", 10, 300)
    assert alarm["treat_missing_data"] == "notBreaching"


def test_a_gateway_without_metrics_is_reported(alarms: dict[str, dict[str, Any]]) -> None:
    alarm = alarms["gateway-silent"]
    assert (alarm["statistic"], alarm["threshold"], alarm["comparison_operator"]) == (
        *("SampleCount", 1),
        "LessThanThreshold",
    )
    assert alarm["treat_missing_data"] == "breaching"
    # Nothing has been asked of it: what it watches is printed all the same.
    [line] = metrics.Metrics("staging").lines(0)
    assert json.loads(line)[alarm["metric_name"]] == 0


def test_old_keys_are_reported_in_the_four_weeks_before_their_end(plan: ModulePlans) -> None:
    def expression(last_day: str) -> str:
        changed = plan(MODULE, INPUTS | {"gateway": {"service": "gateway", "legacy_service_id_until": last_day}})
        [alarm] = [
            each for each in changed.of_type("aws_cloudwatch_metric_alarm") if each.index == "gateway-legacy-service-id"
        ]
        assert (alarm["threshold"], alarm["comparison_operator"]) == (0, "GreaterThanThreshold")
        return str(alarm["metric_query"][0]["expression"] or alarm["metric_query"][1]["expression"])

    first = "IF(10000 * YEAR(uses) + 100 * MONTH(uses) + DATE(uses) >= {}, uses, 0)"
    assert expression("2027-03-31") == first.format(20270303)
    assert expression("2027-01-10") == first.format(20261213)


def test_without_old_keys_there_is_nothing_about_them(plan: ModulePlans) -> None:
    changed = plan(MODULE, INPUTS | {"gateway": {"service": "gateway"}})
    assert "LegacyServiceId" not in json.dumps(changed.document["planned_values"])


def test_errors_that_the_gateway_counts_roll_its_deployment_back(planned: Plan) -> None:
    found = planned.outputs["deployment_alarm_names"]
    assert "hokusai-staging-gateway-errors" in found["gateway"]
    assert set(found["mlflow"]) == {"hokusai-staging-mlflow-cpu", "hokusai-staging-mlflow-memory"}


def test_alarms_tell_the_topic_and_show_on_the_dashboard(planned: Plan, alarms: dict[str, dict[str, Any]]) -> None:
    [resource] = [
        each
        for each in planned.document["configuration"]["root_module"]["resources"]
        if each["address"] == "aws_cloudwatch_metric_alarm.gateway"
    ]
    for action in ("alarm_actions", "ok_actions"):
        assert "aws_sns_topic.this.arn" in resource["expressions"][action]["references"]
    body = json.loads(planned["aws_cloudwatch_dashboard.this"]["dashboard_body"])
    prefix = f"arn:aws:cloudwatch:{REGION}:{ACCOUNT_ID}:alarm:hokusai-staging-"
    assert {f"{prefix}{name}" for name in alarms} <= set(body["widgets"][0]["properties"]["alarms"])
    assert all(alarm["alarm_description"] for alarm in alarms.values())


def test_metrics_are_taken_out_of_the_log_group(planned: Plan) -> None:
    """CloudWatch takes none out of groups of the class for infrequent access."""
    for group in planned.of_type("aws_cloudwatch_log_group"):
        assert group.values.get("log_group_class") in (None, "STANDARD"), group.address


@pytest.mark.parametrize(
    ("gateway", "message"),
    [
        (
            {"service": "tracking"},
            'gateway.service is "tracking", which services does not name: it has gateway, mlflow',
        ),
        ({"service": "gateway", "error_percent": 0}, "error_percent and retry_percent must lie between 0 and 100"),
        ({"service": "gateway", "retry_percent": 100}, "error_percent and retry_percent must lie between 0 and 100"),
        ({"service": "gateway", "slow_milliseconds": 0}, "slow_milliseconds must be more than 0"),
        (
            {"service": "gateway", "legacy_service_id_until": "31.3.2027"},
            'legacy_service_id_until must be a date such as "2027-03-31"',
        ),
    ],
)
def test_it_refuses(refuse: Refusal, gateway: dict[str, Any], message: str) -> None:
    refuse(MODULE, INPUTS | {"gateway": gateway}, message)
