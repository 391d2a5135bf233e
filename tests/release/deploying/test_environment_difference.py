"""How two environments differ, and which variable each difference follows from; the rest is named."""

import json
from dataclasses import replace
from typing import Any

import pytest

from infra.environment import load_environment
from infra.release.deploying.environment_difference import differences
from infra.terraform.plan_json import Plan
from tests.environments.lifecycle import Lifecycles

SOURCE, TARGET = load_environment("staging"), load_environment("production")


def definition(environment: Any, image: str = "a", **changed: Any) -> dict[str, Any]:
    account, name = environment.account_id, environment.name
    settings = {
        "ENVIRONMENT": name,
        "PUBLIC_HOST": f"registry.{environment.domain}",
        "MLFLOW_SERVER_URL": f"http://mlflow.hokusai-{name}.local:5000",
        "OPERATOR": f"ops@{environment.domain}",
    } | changed.pop("settings", {})
    container = {
        "name": "gateway",
        "image": f"{account}.dkr.ecr.us-east-1.amazonaws.com/hokusai/gateway@sha256:{image * 64}",
        "environment": [{"name": key, "value": value} for key, value in settings.items()],
        "secrets": [{"name": "KEY", "valueFrom": f"arn:aws:ssm:us-east-1:{account}:parameter/hokusai/{name}/key"}],
        "mountPoints": [{"containerPath": "/tmp"}],  # noqa: S108 - a path in a container
        "user": "10001:10001",
    } | changed.pop("container", {})
    family = f"hokusai-gateway-{name}"
    plain = {"cpu": "256", "memory": "512", "ephemeral_storage": [{"size_in_gib": 21}]}
    return {family: plain | changed | {"container_definitions": json.dumps([container])}}


def found(**changed: Any) -> list[tuple[str, str]]:
    made = differences(SOURCE, definition(SOURCE), TARGET, definition(TARGET, **changed))
    return [(each.what, each.because) for each in made]


def test_names_are_no_difference() -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"cpu": "512"}, [("cpu", "sizes.gateway.cpu")]),
        ({"memory": "1024"}, [("memory", "sizes.gateway.memory")]),
        # No environment gives the gateway another disk, so nothing explains it.
        ({"ephemeral_storage": [{"size_in_gib": 50}]}, [("ephemeral_storage", "")]),
        ({"image": "b"}, [("image", "")]),
        ({"container": {"user": "0"}}, [("user", "")]),
        ({"settings": {"DEBUG": "1"}}, [("setting DEBUG", "")]),
        ({"settings": {"PUBLIC_HOST": "registry.elsewhere.org"}}, [("setting PUBLIC_HOST", "")]),
        ({"settings": {"ARTIFACT_LANE": "mlflow"}}, [("setting ARTIFACT_LANE", "")]),
        ({"container": {"secrets": []}}, [("secret KEY", "")]),
    ],
)
def test_what_explains_it(changed: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(**changed) == expected


def test_a_variable_explains_only_where_the_environments_set_it_differently() -> None:
    other = replace(TARGET, variables={**TARGET.variables, "artifact_lane": "mlflow"})
    planned = definition(other, settings={"ARTIFACT_LANE": "mlflow"})
    [made] = differences(SOURCE, definition(SOURCE, settings={"ARTIFACT_LANE": "direct"}), other, planned)
    assert (made.source, made.target, made.because) == ("direct", "mlflow", "artifact_lane")


def test_another_environments_name_in_a_value_is_a_difference() -> None:
    """The mistake that copying a file makes: production that calls staging."""
    [made] = differences(
        SOURCE,
        definition(SOURCE),
        TARGET,
        definition(TARGET, settings={"MLFLOW_SERVER_URL": "http://mlflow.hokusai-staging.local:5000"}),
    )
    assert (made.what, made.because) == ("setting MLFLOW_SERVER_URL", "")


def test_a_task_that_one_of_them_does_not_have() -> None:
    made = differences(SOURCE, {}, TARGET, definition(TARGET))
    assert {each.source for each in made} == {"(absent)"}
    assert all(not each.because for each in made if each.what not in ("cpu", "memory"))


def test_the_environments_of_this_repository_differ_in_their_variables_alone(lifecycles: Lifecycles) -> None:
    """But for the images, which is what a promotion is for."""
    for one, other in (("development", "staging"), ("staging", "production")):
        made = differences(
            load_environment(one),
            definitions(lifecycles.first_plan(one)),
            load_environment(other),
            definitions(lifecycles.first_plan(other)),
        )
        assert {each.what for each in made if not each.because} == {"image"}, made


def definitions(plan: Plan) -> dict[str, Any]:
    return {each.values["family"]: each.values for each in plan.of_type("aws_ecs_task_definition")}
