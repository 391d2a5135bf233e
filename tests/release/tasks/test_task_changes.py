"""What a plan does to tasks, told from the plan, the state and what Terraform has made meanwhile."""

from typing import Any

import pytest

from infra.environment import environment_names
from infra.release.tasks.task_changes import (
    Migration,
    Network,
    changed_services,
    database_of,
    migration_of,
    needed_first,
    network_of,
    revisions_of,
    services_running,
)
from tests.environments.lifecycle import Lifecycles
from tests.release import plans

MIGRATION = Migration("hokusai-mlflow-migration-staging", plans.NEW, 'module.task["mlflow-migration"]', changed=True)


def test_a_deploy_of_mlflow() -> None:
    plan = plans.mlflow_deploy()
    assert changed_services(plan) == ("hokusai-mlflow",)
    assert migration_of(plan, "staging") == MIGRATION
    assert migration_of(plan, "production") is None
    assert needed_first(plan) == {
        'module.task["mlflow"].aws_ecs_task_definition.this',
        'module.task["mlflow-migration"].aws_ecs_task_definition.this',
    }, "the service must not be waited for: it is what must not serve before"
    assert network_of(plan, MIGRATION, {}) == Network(("subnet-a", "subnet-b"), ("sg-migration",))
    assert database_of(plan) == "hokusai-mlflow-staging"
    assert services_running(plan, {plans.NEW}) == ("hokusai-mlflow",)


def test_a_service_whose_own_settings_change_is_followed_too() -> None:
    plan = plans.plan(
        [plans.definition("gateway", plans.OLD, plans.OLD), plans.service("gateway", changed=True, desired_count=3)]
    )
    assert changed_services(plan) == ("hokusai-gateway",)


def test_a_plan_that_leaves_the_tasks_alone() -> None:
    plan = plans.plan([plans.definition("mlflow-migration", plans.OLD, plans.OLD), *plans.network(made=True)])
    assert changed_services(plan) == ()
    found = migration_of(plan, "staging")
    assert found
    assert not found.changed
    assert needed_first(plan) == frozenset()


def test_what_is_taken_away_is_not_followed() -> None:
    gone = plans.resource('module.task["x"].aws_ecs_service.this[0]', ["delete"], {"name": "hokusai-x"}, None)
    assert changed_services(plans.plan([gone])) == ()


def test_the_first_apply_has_no_network_before_it_is_made() -> None:
    plan = plans.first_apply()
    made = {
        'module.network.aws_subnet.private["a"]': "subnet-1",
        'module.network.aws_subnet.private["b"]': "subnet-2",
        'module.task["mlflow"].aws_security_group.this': "sg-other",
    }
    assert network_of(plan, MIGRATION, made) is None
    made['module.task["mlflow-migration"].aws_security_group.this'] = "sg-1"
    assert network_of(plan, MIGRATION, made) == Network(("subnet-1", "subnet-2"), ("sg-1",))
    assert database_of(plan) == "", "there is nothing to make a snapshot of"
    assert "module.database.aws_db_instance.this" in needed_first(plan)


def test_revisions_are_those_of_the_state() -> None:
    def made(kind: str, module: str, **attributes: Any) -> dict[str, Any]:
        return {"mode": "managed", "type": kind, "module": module, "instances": [{"attributes": attributes}]}

    deposed = made("aws_ecs_task_definition", "module.a", arn="a:5")
    deposed["instances"][0]["deposed"] = "1234"
    state = {
        "resources": [
            made("aws_ecs_task_definition", "module.a", arn="a:6"),
            deposed,
            made("aws_ecs_service", "module.a", name="one"),
            made("aws_ecs_task_definition", "module.b", arn="b:2"),
            made("aws_ecs_service", "module.b", name="two"),
        ]
    }
    assert revisions_of(state, ["one"]) == {"one": "a:6"}
    assert revisions_of({}, ["one"]) == {}


@pytest.mark.parametrize("name", environment_names())
def test_the_tasks_of_the_stack(lifecycles: Lifecycles, name: str) -> None:
    """What is looked for by name is what environments/stack has."""
    first, second = lifecycles.first_plan(name), lifecycles.second_plan(name)
    assert first.outputs["cluster_name"] == f"hokusai-{name}", "known before the first apply"
    assert set(changed_services(first)) == {"hokusai-auth", "hokusai-gateway", "hokusai-mlflow"}
    assert changed_services(second) == ()
    migration, again = migration_of(first, name), migration_of(second, name)
    assert migration
    assert again
    assert (migration.changed, again.changed, database_of(first)) == (True, False, "")
    assert database_of(second) == f"hokusai-mlflow-{name}"
    network = network_of(second, again, {})
    assert network
    assert len(network.groups) == 1
    zones = [each for each in second.of_type("aws_subnet") if each.name == "private"]
    assert set(network.subnets) == {each["id"] for each in zones}
    assert services_running(second, {again.image}) == ("hokusai-mlflow",)
