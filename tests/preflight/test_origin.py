"""From a resource to its lines. Held against the configuration itself: what stands on the line that was named."""

import pytest

from infra.preflight.origin import origin_of
from infra.preflight.origins import Origins
from infra.repository import ROOT
from tests.preflight.samples import LISTENER, REGISTRY, REGISTRY_RULE, ROLE


def lines(address: str, attribute: str = "") -> list[str]:
    """The lines of an origin, the deciding one first."""
    origin = origin_of(address, attribute)
    assert origin, address
    found = []
    for place in (*reversed(origin.calls), origin.block):
        found.append((ROOT / place.file).read_text().splitlines()[place.line - 1].strip())
    return found


@pytest.mark.parametrize(
    ("address", "attribute", "expected"),
    [
        (
            REGISTRY,
            "condition",
            ["registry = {", 'module "alb_rules" {', 'dynamic "condition" {'],
        ),
        (
            'module.alb_rules.aws_lb_target_group.this["auth"]',
            "health_check",
            ["auth = {", 'module "alb_rules" {', "health_check {"],
        ),
        (
            'module.task["mlflow"].aws_ecs_task_definition.this',
            "memory",
            ["mlflow = {", 'module "task" {', "memory                   = var.memory"],
        ),
        (
            "module.artifact_bucket.module.bucket.aws_s3_bucket_versioning.this",
            "",
            ['module "artifact_bucket" {', 'resource "aws_s3_bucket_versioning" "this" {'],
        ),
        (
            'module.task_roles.aws_iam_role_policy.task["mlflow-migration"]',
            "policy",
            [
                "mlflow-migration = {",
                'module "task_roles" {',
                "policy = data.aws_iam_policy_document.task[each.key].json",
            ],
        ),
        ('aws_route53_record.host["registry"]', "", ['resource "aws_route53_record" "host" {']),
    ],
)
def test_the_lines_are_those_that_decide(address: str, attribute: str, expected: list[str]) -> None:
    assert lines(address, attribute) == expected


def test_a_connection_is_found_in_the_table_of_connections() -> None:
    [entry, *_] = lines('module.connections.aws_vpc_security_group_ingress_rule.this["gateway-to-mlflow"]')
    assert entry.startswith('gateway-to-mlflow     = { from = "gateway"')


def test_what_is_in_no_file_has_no_origin() -> None:
    assert origin_of("module.nowhere.aws_lb.this") is None
    assert origin_of("module.alb_rules.aws_lb.this") is None


def test_people_read_kind_name_and_module() -> None:
    for address, words in (
        (REGISTRY, "listener rule `registry` (modules/alb-rules)"),
        ('module.task["mlflow"].aws_ecs_service.this[0]', "ecs service `mlflow` (modules/ecs-service)"),
        ('module.task_roles.aws_iam_role_policy.task["mlflow"]', 'role policy `task["mlflow"]` (modules/task-roles)'),
        ("module.database.aws_db_instance.this", "db instance `this` (modules/database)"),
    ):
        origin = origin_of(address)
        assert origin
        assert origin.described == words


@pytest.mark.parametrize(
    ("arn", "attribute", "address"),
    [
        (REGISTRY_RULE, "", REGISTRY),
        ("arn:aws:s3:::b/artifacts/1/model.pkl", "", "module.artifact_bucket.module.bucket.aws_s3_bucket.this"),
        (
            "arn:aws:s3:::b",
            "versioning_configuration",
            "module.artifact_bucket.module.bucket.aws_s3_bucket_versioning.this",
        ),
        (ROLE, "", 'module.task_roles.aws_iam_role.task["gateway"]'),
        (ROLE, "policy", 'module.task_roles.aws_iam_role_policy.task["gateway"]'),
        (
            "arn:aws:ecs:us-east-1:1:task-definition/hokusai-gateway-staging:7",
            "memory",
            'module.task["gateway"].aws_ecs_task_definition.this',
        ),
    ],
)
def test_an_arn_leads_to_the_address_that_holds_the_attribute(
    origins: Origins, arn: str, attribute: str, address: str
) -> None:
    found = origins.find(arn, attribute)
    assert found
    assert found.address == address


def test_what_is_in_no_state_is_not_guessed(origins: Origins) -> None:
    assert origins.find("arn:aws:iam::1:role/somebody-else") is None


def test_the_rule_of_a_host_is_the_one_that_should_have_taken_it(origins: Origins) -> None:
    assert origins.rule_for(LISTENER, "registry.staging.hokus.ai") == REGISTRY_RULE
    assert origins.rule_for(LISTENER, "other.hokus.ai") == ""
