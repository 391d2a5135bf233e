"""The migration beside Terraform: not before what it needs is there, not after what must wait for it, once."""

import threading
from collections.abc import Callable

import pytest

from infra.console import Step
from infra.errors import InfraError
from infra.release.tasks.migration import Migrated
from infra.release.tasks.migration_run import MigrationRun
from infra.release.tasks.task_changes import Network, migration_of
from infra.terraform.plan_json import Plan
from tests.release import plans

DID = Migrated(plans.NEW, "t", "a" * 12, "b" * 12, 1.0)


class Work:
    """What was run where."""

    def __init__(self, outcome: Migrated | Exception = DID) -> None:
        self.outcome = outcome
        self.networks: list[Network] = []
        self.go_on = threading.Event()

    def __call__(self, network: Network, tell: Callable[[str], None]) -> Migrated:
        self.networks.append(network)
        tell("running")
        assert self.go_on.wait(60)
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def run_of(plan: Plan, work: Work) -> MigrationRun:
    migration = migration_of(plan, "staging")
    assert migration
    return MigrationRun(plan, migration, work)


def test_as_soon_as_both_definitions_are_there() -> None:
    work = Work()
    run = run_of(plans.mlflow_deploy(), work)
    run.hear(plans.complete('module.task["mlflow"].aws_ecs_task_definition.this'))
    run.hear(plans.complete(plans.MIGRATION_DEFINITION, action="delete"))
    run.hear({"type": "apply_start", "hook": {"resource": {"addr": plans.MIGRATION_DEFINITION}, "action": "create"}})
    assert not run.started, "the deletion of the revision before is not the new one"
    run.hear(plans.complete(plans.MIGRATION_DEFINITION))
    assert run.started, "the service is not waited for"
    run.hear(plans.complete('module.task["mlflow"].aws_ecs_service.this[0]', action="update"))
    work.go_on.set()
    assert run.wait(Step("t")) == DID
    assert work.networks == [Network(("subnet-a", "subnet-b"), ("sg-migration",))]


def test_at_the_first_apply_it_waits_for_the_database() -> None:
    plan = plans.first_apply()
    work = Work()
    work.go_on.set()
    run = run_of(plan, work)
    made = [
        ('module.network.aws_subnet.private["a"]', "subnet-1"),
        ('module.network.aws_subnet.private["b"]', "subnet-2"),
        ('module.network.aws_subnet.public["a"]', "subnet-3"),
        ('module.task["mlflow-migration"].aws_security_group.this', "sg-1"),
        ('module.task["mlflow"].aws_security_group.this', "sg-2"),
        ('module.task["mlflow"].aws_ecs_task_definition.this', "f"),
        (plans.MIGRATION_DEFINITION, "f"),
        ('module.task["mlflow"].aws_ecs_service.this[0]', "s"),
    ]
    for address, identity in made:
        run.hear(plans.complete(address, identity))
        assert not run.started
    run.hear(plans.complete("module.database.aws_db_instance.this", "db"))
    assert run.wait(Step("t")) == DID
    assert work.networks == [Network(("subnet-1", "subnet-2"), ("sg-1",))]


def test_its_failure_is_that_of_who_waits() -> None:
    work = Work(InfraError("The migration failed."))
    work.go_on.set()
    run = run_of(plans.mlflow_deploy(), work)
    run.start()
    with pytest.raises(InfraError, match="The migration failed"):
        run.wait(Step("t"))


def test_without_a_network_it_cannot_start() -> None:
    with pytest.raises(InfraError, match="Apply the stack first"):
        run_of(plans.first_apply(), Work()).start()
