"""Whose something is, and what Terraform calls it."""

import pytest

from infra.release.drift.arns import left_out, named_by
from infra.release.drift.place import Platform, maker


@pytest.mark.parametrize(
    "name",
    [
        "hokusai-mlflow-artifacts-staging",
        "hokusai-staging",
        "hokusai-staging.local",
        "hokusai-staging-gateway-cpu",
        "hokusai-staging-vpc",
        "/ecs/hokusai/gateway/staging",
        "/vpc/hokusai/flow-logs/staging",
        "/aws/rds/instance/hokusai-mlflow-staging/postgresql",
        "aws-waf-logs-hokusai-edge-staging",
        "alias/hokusai-logs-staging",
        "/hokusai/staging/database/host",
        "hokusai/api-keys/staging",
    ],
)
def test_names_of_the_platform(name: str) -> None:
    assert Platform("staging").names(name)


@pytest.mark.parametrize(
    "name",
    [
        "hokusai-mlflow-artifacts-production",
        "hokusai-mlflow-artifacts-stagings",
        "hokusaistaging",
        "my-hokusai-staging",
        "staging",
        "hokusai",
        "TargetTracking-service/hokusai-staging/hokusai-gateway-AlarmHigh-1",
        "/aws/ecs/containerinsights/hokusai-staging/performance",
        "RDSOSMetrics",
        "",
    ],
)
def test_other_names(name: str) -> None:
    assert not Platform("staging").names(name)


def test_tags_of_another_environment_win_over_a_name() -> None:
    platform = Platform("staging")
    assert platform.elsewhere({"Environment": "production"})
    assert not platform.elsewhere({"Environment": "staging"})
    assert not platform.elsewhere({})


def test_who_made_it() -> None:
    assert maker({"Owner": "ada", "aws:createdBy": "arn:aws:iam::1:user/bob"}) == "arn:aws:iam::1:user/bob"
    assert maker({"Name": "x"}) == ""


@pytest.mark.parametrize(
    ("arn", "kind", "import_id"),
    [
        ("arn:aws:s3:::hokusai-x", "aws_s3_bucket", "hokusai-x"),
        ("arn:aws:ec2:us-east-1:1:vpc/vpc-1", "aws_vpc", "vpc-1"),
        ("arn:aws:ec2:us-east-1:1:security-group/sg-1", "aws_security_group", "sg-1"),
        ("arn:aws:ecs:us-east-1:1:service/hokusai-x/hokusai-mlflow", "aws_ecs_service", "hokusai-x/hokusai-mlflow"),
        ("arn:aws:iam::1:role/path/hokusai-x", "aws_iam_role", "hokusai-x"),
        ("arn:aws:kms:us-east-1:1:alias/hokusai-x", "aws_kms_alias", "alias/hokusai-x"),
        ("arn:aws:logs:us-east-1:1:log-group:/ecs/a/b:*", "aws_cloudwatch_log_group", "/ecs/a/b"),
        ("arn:aws:logs:us-east-1:1:log-group:/ecs/a/b", "aws_cloudwatch_log_group", "/ecs/a/b"),
        ("arn:aws:rds:us-east-1:1:db:hokusai-x", "aws_db_instance", "hokusai-x"),
        ("arn:aws:sns:us-east-1:1:topic", "aws_sns_topic", "arn:aws:sns:us-east-1:1:topic"),
        ("arn:aws:ssm:us-east-1:1:parameter/hokusai/x/y", "aws_ssm_parameter", "/hokusai/x/y"),
        ("arn:aws:wafv2:us-east-1:1:regional/webacl/edge/id-1", "aws_wafv2_web_acl", "id-1/edge/REGIONAL"),
        ("arn:aws:newservice:us-east-1:1:thing/t", "", ""),
        ("no arn", "", ""),
    ],
)
def test_what_an_arn_names(arn: str, kind: str, import_id: str) -> None:
    assert (named_by(arn).type, named_by(arn).import_id) == (kind, import_id)


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("arn:aws:ecs:us-east-1:1:task/hokusai-x/1", True),
        ("arn:aws:ecs:us-east-1:1:task-definition/hokusai-x:1", True),
        ("arn:aws:rds:us-east-1:1:snapshot:rds:hokusai-x", True),
        ("arn:aws:secretsmanager:us-east-1:1:secret:rds!db-1", True),
        ("arn:aws:ecs:us-east-1:1:service/hokusai-x/a", False),
        ("arn:aws:secretsmanager:us-east-1:1:secret:hokusai/a", False),
    ],
)
def test_what_is_nobodys_to_own(arn: str, expected: bool) -> None:
    assert left_out(arn) is expected
