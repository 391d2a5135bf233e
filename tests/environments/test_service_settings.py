"""What the stack gives to containers and what their programs read: the same names, and values that they accept.

The programs' own code reads the planned environment, with dummies where ECS puts parameters.
"""

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import gateway.cli
import gateway.metrics
import gateway.settings
import mlflow_server.cli
import mlflow_server.health
from gateway.artifacts.settings import DirectLaneSettings
from infra.repository import ROOT
from infra.terraform.plan_json import Plan
from mlflow_server.environment import migrate_settings, serve_settings
from mlflow_server.settings import ServeSettings
from tests.environments.services import RUN_ONCE, SERVICES
from tests.environments.test_invariants import tasks

PARAMETERS = {
    "DATABASE_HOST": "database.example.internal",
    "DATABASE_PASSWORD": "not-a-password",
    "DATABASE_MASTER_SECRET_ARN": "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-0123-abcdef",
}


class Environment(Mapping[str, str]):
    """A container's environment that remembers what it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        self._values = values
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def gateway_settings(environ: Mapping[str, str]) -> gateway.settings.Settings:
    settings = gateway.settings.load(environ)
    if settings.artifact_lane == "direct":
        DirectLaneSettings.from_environment(environ)
    return settings


@dataclass(frozen=True)
class Program:
    """A program of services/: its folder, its command line, and what reads the settings."""

    folder: str
    main: Callable[[list[str]], int]
    read: Callable[[Mapping[str, str]], Any]


# The auth service is another team's program (docs/decisions/0006).
PROGRAMS = {
    "gateway": Program("gateway", gateway.cli.main, gateway_settings),
    "mlflow": Program("mlflow", mlflow_server.cli.main, serve_settings),
    "mlflow-migration": Program("mlflow", mlflow_server.cli.main, migrate_settings),
}


def container_of(plan: Plan, name: str) -> dict[str, Any]:
    [container] = [each for each in tasks(plan).values() if each["name"] == name]
    return container


@pytest.fixture
def certificates(tmp_path: Path) -> Path:
    """The database's certificate authorities, which the image holds."""
    path = tmp_path / "global-bundle.pem"
    path.write_text("")
    return path


def environment_of(container: dict[str, Any], certificates: Path) -> Environment:
    given = {item["name"]: item["value"] for item in container["environment"]}
    parameters = {item["name"]: PARAMETERS[item["name"]] for item in container.get("secrets", [])}
    assert not given.keys() & parameters.keys()
    return Environment({**given, **parameters, "DATABASE_CA_FILE": str(certificates)})


def test_every_container_is_a_program_of_services_or_the_auth_service(environment_plan: Plan) -> None:
    assert {each["name"] for each in tasks(environment_plan).values()} == SERVICES | RUN_ONCE
    assert PROGRAMS.keys() <= SERVICES | RUN_ONCE


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_program_accepts_the_planned_environment(lane_plan: Plan, certificates: Path, name: str) -> None:
    """Nothing that it needs is missing, and no value is refused: both would end the task at its start."""
    PROGRAMS[name].read(environment_of(container_of(lane_plan, name), certificates))


@pytest.mark.parametrize("name", PROGRAMS)
def test_nothing_is_given_that_the_program_does_not_read(lane_plan: Plan, certificates: Path, name: str) -> None:
    environment = environment_of(container_of(lane_plan, name), certificates)
    PROGRAMS[name].read(environment)
    assert set(environment) - environment.asked - {"DATABASE_CA_FILE"} == set()


@pytest.mark.parametrize("name", PROGRAMS)
def test_command_and_health_check_are_commands_of_the_program(
    environment_plan: Plan, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    container, program = container_of(environment_plan, name), PROGRAMS[name]
    scripts = tomllib.loads((ROOT / "services" / program.folder / "pyproject.toml").read_text())["project"]["scripts"]
    commands = [container["command"]]
    if "healthCheck" in container:
        kind, script, *arguments = container["healthCheck"]["command"]
        assert kind == "CMD"
        assert scripts[script] == f"{program.main.__module__}:{program.main.__name__}"
        commands.append(arguments)
    for command in commands:
        with pytest.raises(SystemExit) as ended:
            program.main([*command, "--help"])
        assert ended.value.code == 0, f"{command}: {capsys.readouterr().err}"


def test_the_services_agree_with_each_other(lane_plan: Plan, certificates: Path) -> None:
    gate = gateway_settings(environment_of(container_of(lane_plan, "gateway"), certificates))
    server: ServeSettings = serve_settings(environment_of(container_of(lane_plan, "mlflow"), certificates))
    assert gate.mlflow_server_url.authority in server.allowed_hosts
    assert gate.mlflow_server_url.port == server.port
    auth = {item["name"]: item["value"] for item in container_of(lane_plan, "auth")["environment"]}
    assert gate.auth_service_url.port == int(auth["PORT"])
    for name, port in (("gateway", gate.port), ("mlflow", server.port), ("auth", gate.auth_service_url.port)):
        assert [each["containerPort"] for each in container_of(lane_plan, name)["portMappings"]] == [port]
    hosts = {record["name"] for record in lane_plan.of_type("aws_route53_record")}
    assert gate.public_host in hosts


def test_times_fit_into_each_other(environment_plan: Plan, certificates: Path) -> None:
    containers = {name: container_of(environment_plan, name) for name in PROGRAMS}
    gate = gateway_settings(environment_of(containers["gateway"], certificates))
    server: ServeSettings = serve_settings(environment_of(containers["mlflow"], certificates))
    for balancer in environment_plan.of_type("aws_lb"):
        # Else it sends a request into a connection that is being closed.
        assert gate.keep_alive_seconds > balancer["idle_timeout"], balancer.address
    # ECS kills what has not ended by itself.
    assert gate.drain_seconds < containers["gateway"]["stopTimeout"]
    assert server.linger_seconds + server.drain_seconds < containers["mlflow"]["stopTimeout"]
    assert containers["mlflow"]["healthCheck"]["timeout"] > mlflow_server.health.LIMIT_SECONDS
    # A server that still waits for the schema is not taken for a dead one.
    check = containers["mlflow"]["healthCheck"]
    assert server.schema_wait_seconds < check["startPeriod"] + check["interval"] * check["retries"]


def test_alarms_watch_the_environment_that_the_gateway_names(environment_plan: Plan, certificates: Path) -> None:
    gate = gateway_settings(environment_of(container_of(environment_plan, "gateway"), certificates))
    watched = {
        metric["dimensions"]["Environment"]
        for alarm in environment_plan.of_type("aws_cloudwatch_metric_alarm")
        for query in alarm["metric_query"]
        for metric in query["metric"]
        if metric["namespace"] == gateway.metrics.NAMESPACE
    }
    assert watched == {gate.environment}
    [legacy] = [
        alarm
        for alarm in environment_plan.of_type("aws_cloudwatch_metric_alarm")
        if alarm.index == "gateway-legacy-service-id"
    ]
    assert str(gate.legacy_service_id_until) in legacy["alarm_description"]
    assert json.dumps(legacy["metric_query"]).count("LegacyServiceId") == 1
