"""What a deploy's plan may do without being asked about: run other images, and nothing else."""

import pytest

from infra.release.deploying.beyond_images import beyond_images
from infra.terraform.plan_json import Plan
from tests.release import plans

WANTED = {plans.NEW}
TASK = 'module.task["mlflow"].aws_ecs_task_definition.this (delete/create)'


def test_images_alone() -> None:
    assert beyond_images(plans.mlflow_deploy(), WANTED) == ()


def test_a_revision_that_ecs_rolled_back_and_that_is_put_back() -> None:
    same = plans.definition("mlflow", plans.NEW, plans.NEW)
    assert beyond_images(plans.plan([same, plans.service("mlflow", changed=True)]), WANTED) == ()


@pytest.mark.parametrize(
    ("image", "again", "more"), [(plans.NEW, True, 0), (plans.NEW, False, 1), (plans.OLD, True, 1)]
)
def test_a_definition_that_an_earlier_attempt_has_only_deregistered(image: str, again: bool, more: int) -> None:
    after = {"family": "f", "container_definitions": plans.containers("mlflow", image)}
    made = plans.resource("module.t.aws_ecs_task_definition.this", ["create"], None, after)
    plan = plans.plan([made, plans.service("mlflow", changed=True)])
    assert len(beyond_images(plan, WANTED, again=again)) == more


def test_what_is_read_back_as_nothing_was_planned_as_nothing() -> None:
    made = plans.definition("mlflow", plans.OLD, plans.NEW, ipc_mode=None, tags=None, volume=[])
    made["change"]["before"] |= {"ipc_mode": "", "tags": {}, "volume": None}
    assert beyond_images(plans.plan([made]), WANTED) == ()


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (plans.plan([plans.definition("mlflow", plans.OLD, plans.NEW, cpu="1024")]), f"{TASK}: cpu"),
        (
            plans.plan([plans.definition("mlflow", plans.OLD, plans.reference("mlflow", "9"))]),
            f"{TASK}: image of container mlflow (mlflow@sha256:999999999999)",
        ),
        (
            plans.plan(
                [
                    plans.definition(
                        "mlflow",
                        plans.OLD,
                        plans.NEW,
                        container_definitions=plans.containers("mlflow", plans.NEW, user="0"),
                    )
                ]
            ),
            f"{TASK}: user of container mlflow",
        ),
        (
            plans.plan([plans.service("mlflow", changed=True, desired_count=5)]),
            'module.task["mlflow"].aws_ecs_service.this[0] (update): desired_count',
        ),
        (
            plans.plan([plans.resource("module.x.aws_s3_bucket.this", ["delete"], {"id": "b"}, None)]),
            "module.x.aws_s3_bucket.this (delete)",
        ),
        (
            plans.plan([plans.resource("module.t.aws_ecs_task_definition.this", ["create"], None, {"family": "f"})]),
            "module.t.aws_ecs_task_definition.this (create)",
        ),
    ],
)
def test_anything_else_is_named(plan: Plan, found: str) -> None:
    assert beyond_images(plan, WANTED) == (found,)
