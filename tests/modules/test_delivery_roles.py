"""delivery-roles promises: plan changes nothing and reads no secret; apply builds the platform, never more power."""

import fnmatch
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.policies.iam.evaluation import Context, applies, as_list, decide
from infra.release.drift.reader import CALLS
from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans
from tests.modules.access_levels import access_levels

ACCOUNT = "123456789012"
IAM = f"arn:aws:iam::{ACCOUNT}"
STATE_BUCKET = "arn:aws:s3:::hokusai-terraform-state-staging"
STATE = f"{STATE_BUCKET}/stack.tfstate"
OTHER_STATE = f"{STATE_BUCKET}/bootstrap.tfstate"
LEDGER_ENTRY = f"{STATE_BUCKET}/ledger/00000001.json"
ARTIFACTS = "arn:aws:s3:::hokusai-mlflow-artifacts-staging"
BOUNDARY = f"{IAM}:policy/hokusai-boundary-staging"
PLAN_ROLE = f"{IAM}:role/hokusai-plan-staging"
APPLY_ROLE = f"{IAM}:role/hokusai-apply-staging"
TASK_ROLE = f"{IAM}:role/hokusai-mlflow-task-staging"

VARIABLES: dict[str, object] = {
    "environment": "staging",
    "github_repository": "hokusai-protocol/hokusai-infrastructure",
    "github_environment": "staging",
    "create_oidc_provider": True,
    "dns_names": ["auth.staging.hokus.ai", "registry.staging.hokus.ai"],
    "state": {
        "bucket_name": "hokusai-terraform-state-staging",
        "key": "stack.tfstate",
        "key_alias": "alias/hokusai-terraform-state-staging",
        "readable_keys": ["bootstrap.tfstate"],
    },
    "tags": {"Team": "registry"},
}

Policies = list[dict[str, Any]]


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{resource}"


def request_tags(environment: str = "staging") -> dict[str, str]:
    return {"aws:RequestTag/Project": "hokusai", "aws:RequestTag/Environment": environment}


def resource_tags(environment: str = "staging") -> dict[str, str]:
    return {"aws:ResourceTag/Project": "hokusai", "aws:ResourceTag/Environment": environment}


def role_policies(planned: Plan, role: str) -> Policies:
    """Every policy of a role: those attached, and its own."""
    attached = [found.index for found in planned.of_type("aws_iam_role_policy_attachment") if found.name == role]
    return [planned[f'aws_iam_policy.this["{index}"]'].policy() for index in attached] + [
        planned[f"aws_iam_role_policy.{role}"].policy()
    ]


def statements(policies: Policies, effect: str) -> Iterator[dict[str, Any]]:
    yield from (found for policy in policies for found in as_list(policy["Statement"]) if found["Effect"] == effect)


def allowed_actions(policies: Policies) -> set[str]:
    return {action for statement in statements(policies, "Allow") for action in as_list(statement["Action"])}


@pytest.fixture(scope="module")
def roles(plan: ModulePlans) -> Plan:
    return plan("delivery-roles", VARIABLES)


@pytest.fixture(scope="module")
def reading(roles: Plan) -> Policies:
    return role_policies(roles, "plan")


@pytest.fixture(scope="module")
def applying(roles: Plan) -> Policies:
    return role_policies(roles, "apply")


@pytest.fixture(scope="module")
def boundary(roles: Plan) -> Policies:
    return [roles["aws_iam_policy.boundary"].policy()]


@pytest.fixture(scope="module")
def tearing_down(plan: ModulePlans) -> Policies:
    return role_policies(plan("delivery-roles", VARIABLES | {"deletion_protection": False}), "apply")


# Trust ---------------------------------------------------------------------------------------------------------------


def assumed(roles: Plan, role: str, subject: str, audience: str = "sts.amazonaws.com") -> bool:
    [statement] = roles[f"aws_iam_role.{role}"].policy("assume_role_policy")["Statement"]
    assert statement["Principal"] == {"Federated": f"{IAM}:oidc-provider/token.actions.githubusercontent.com"}
    host = "token.actions.githubusercontent.com"
    token: Context = {f"{host}:aud": audience, f"{host}:sub": subject}
    return applies(statement | {"Resource": "*"}, "sts:AssumeRoleWithWebIdentity", "", token)


REPOSITORY = "repo:hokusai-protocol/hokusai-infrastructure"


@pytest.mark.parametrize(
    ("subject", "role"),
    [
        (f"{REPOSITORY}:pull_request", "plan"),
        (f"{REPOSITORY}:environment:staging-plan", "plan"),
        (f"{REPOSITORY}:environment:staging", "apply"),
        (f"{REPOSITORY}:environment:production", None),
        (f"{REPOSITORY}:environment:Staging", None),
        (f"{REPOSITORY}:ref:refs/heads/main", None),
        (f"{REPOSITORY}-fork:environment:staging", None),
        ("repo:somebody/hokusai-infrastructure:environment:staging", None),
        ("repo:somebody/hokusai-infrastructure:pull_request", None),
    ],
)
def test_each_subject_gets_its_role_and_no_other(roles: Plan, subject: str, role: str | None) -> None:
    assert [name for name in ("plan", "apply") if assumed(roles, name, subject)] == ([role] if role else [])


def test_only_tokens_made_for_aws(roles: Plan) -> None:
    assert not assumed(roles, "apply", f"{REPOSITORY}:environment:staging", "https://github.com/hokusai-protocol")
    provider = roles["aws_iam_openid_connect_provider.github[0]"]
    assert provider["url"] == "https://token.actions.githubusercontent.com"
    assert provider["client_id_list"] == ["sts.amazonaws.com"]


def test_one_provider_an_account(plan: ModulePlans) -> None:
    second = plan("delivery-roles", VARIABLES | {"create_oidc_provider": False, "permissions_boundary_arn": BOUNDARY})
    assert not second.of_type("aws_iam_openid_connect_provider")
    assert assumed(second, "apply", f"{REPOSITORY}:environment:staging")
    assert {role["permissions_boundary"] for role in second.of_type("aws_iam_role")} == {BOUNDARY}


# The plan role -------------------------------------------------------------------------------------------------------

# What only reads, although AWS files it under writing: the state and parameters are encrypted.
DECRYPTION = {"kms:Decrypt"}


def test_plan_role_holds_only_what_aws_calls_reading(reading: Policies) -> None:
    levels = access_levels()
    for action in allowed_actions(reading) - DECRYPTION:
        meant = {name: level for name, level in levels.items() if fnmatch.fnmatchcase(name, action)}
        assert meant, f"{action} is no action of AWS"
        writes = sorted(name for name, level in meant.items() if level not in ("List", "Read"))
        assert not writes, f"{action} means {writes}"


def test_plan_role_can_write_nothing(reading: Policies) -> None:
    # Not the words of the policies but AWS's whole list: every writing action, on anything, with every tag right.
    context: Context = {**request_tags(), **resource_tags(), "iam:PermissionsBoundary": BOUNDARY}
    writing = [name for name, level in access_levels().items() if level not in ("List", "Read")]
    assert len(writing) > 1000
    for action in writing:
        for resource in ("*", STATE, f"{STATE}.tflock", ARTIFACTS, TASK_ROLE, PLAN_ROLE):
            assert decide(reading, action, resource, context) != "allowed", f"{action} on {resource}"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", f"{ARTIFACTS}/model.pkl"),
        ("s3:GetObjectVersion", f"{ARTIFACTS}/model.pkl"),
        ("s3:GetObject", f"{STATE_BUCKET}/other.tfstate"),
        ("s3:GetObject", "arn:aws:s3:::hokusai-terraform-state-production/stack.tfstate"),
        ("secretsmanager:GetSecretValue", arn("secretsmanager", "secret:rds!db-1")),
        ("secretsmanager:BatchGetSecretValue", "*"),
        ("ssm:GetParameter", arn("ssm", "parameter/hokusai/production/database/mlflow-password")),
        ("ssm:GetParameters", arn("ssm", "parameter/payroll")),
        ("ssm:GetParametersByPath", arn("ssm", "parameter/")),
    ],
)
def test_secrets_are_denied_whatever_else_is_attached(
    reading: Policies, applying: Policies, action: str, resource: str
) -> None:
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    assert decide([*reading, everything], action, resource) == "denied"
    assert decide([*applying, everything], action, resource) == "denied"


@pytest.mark.parametrize(
    "action",
    [
        "logs:GetLogEvents",
        "logs:FilterLogEvents",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "ec2:GetPasswordData",
        "ec2:GetConsoleOutput",
        "kms:GenerateDataKey",
        "sts:AssumeRole",
        "rds:DownloadDBLogFilePortion",
    ],
)
def test_contents_are_not_configuration(reading: Policies, action: str) -> None:
    assert decide(reading, action, "*") == "not allowed"


STATE_KEY: Context = {
    "kms:ResourceAliases": ["alias/hokusai-terraform-state-staging"],
    "kms:ViaService": "s3.us-east-1.amazonaws.com",
}
PASSWORD = arn("ssm", "parameter/hokusai/staging/database/mlflow-password")
PASSWORD_KEY: Context = {
    "kms:ViaService": "ssm.us-east-1.amazonaws.com",
    "kms:EncryptionContext:PARAMETER_ARN": PASSWORD,
}


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("s3:GetObject", STATE, {}, "allowed"),
        ("s3:ListBucket", STATE_BUCKET, {}, "allowed"),
        ("s3:ListBucketVersions", STATE_BUCKET, {}, "allowed"),
        ("s3:GetObject", LEDGER_ENTRY, {}, "allowed"),
        ("s3:PutObject", LEDGER_ENTRY, {"s3:if-none-match": "*"}, "not allowed"),
        ("s3:GetObject", OTHER_STATE, {}, "allowed"),
        ("s3:PutObject", OTHER_STATE, {}, "not allowed"),
        ("s3:PutObject", STATE, {}, "not allowed"),
        ("s3:PutObject", f"{STATE}.tflock", {}, "not allowed"),
        ("s3:DeleteObject", f"{STATE}.tflock", {}, "not allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), STATE_KEY, "allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), {"kms:ResourceAliases": STATE_KEY["kms:ResourceAliases"]}, "not allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), {**STATE_KEY, "kms:ResourceAliases": ["alias/x"]}, "not allowed"),
        ("ssm:GetParameter", PASSWORD, {}, "allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), PASSWORD_KEY, "allowed"),
        (
            "kms:Decrypt",
            arn("kms", "key/1"),
            {**PASSWORD_KEY, "kms:EncryptionContext:PARAMETER_ARN": PASSWORD.replace("staging", "production")},
            "not allowed",
        ),
        ("secretsmanager:GetRandomPassword", "*", {}, "allowed"),
        ("ec2:DescribeVpcs", "*", {}, "allowed"),
        ("iam:GetRolePolicy", TASK_ROLE, {}, "allowed"),
        ("iam:GetRolePolicy", f"{IAM}:role/somebody-else", {}, "not allowed"),
    ],
)
def test_plan_role_reads_its_state_and_parameters(
    reading: Policies, action: str, resource: str, context: Context, expected: str
) -> None:
    assert decide(reading, action, resource, context) == expected


@pytest.mark.parametrize("permission", sorted(set(CALLS.values())))
def test_plan_role_may_make_every_call_of_drift_and_adopt(reading: Policies, permission: str) -> None:
    # What is asked of one thing is asked of the platform's own only.
    asked = TASK_ROLE if "RolePolicies" in permission else ARTIFACTS if permission.startswith("s3:Get") else "*"
    assert decide(reading, permission, asked) == "allowed"


# The apply role ------------------------------------------------------------------------------------------------------


def test_apply_role_writes_without_wildcards(applying: Policies, reading: Policies, boundary: Policies) -> None:
    levels = access_levels()
    for action in (allowed_actions(applying) - allowed_actions(reading)) | allowed_actions(boundary):
        assert action in levels, f"{action} is no action of AWS, or a wildcard"
    for policies in (applying, boundary):
        for statement in statements(policies, "Allow"):
            if as_list(statement["Resource"]) == ["*"]:
                broad = {act for act in as_list(statement["Action"]) if levels.get(act, "Read") not in ("List", "Read")}
                assert broad <= KNOWS_NO_RESOURCE, f"{statement.get('Sid')}: {broad - KNOWS_NO_RESOURCE}"


# AWS's Service Authorization Reference lists no resource type for these.
KNOWS_NO_RESOURCE = {
    "ecs:DeregisterTaskDefinition",
    "elasticloadbalancing:SetWebAcl",
    "kms:CreateKey",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:PutResourcePolicy",
    "route53:CreateHostedZone",
    "servicediscovery:CreatePrivateDnsNamespace",
    "servicediscovery:TagResource",
    "servicediscovery:UntagResource",
    "sns:SetSubscriptionAttributes",
    "sns:Unsubscribe",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}

BOUNDED: Context = {"iam:PermissionsBoundary": BOUNDARY}
LOAD_BALANCER = arn("elasticloadbalancing", "loadbalancer/app/hokusai-edge-staging/1")
TO_ECS: Context = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        ("s3:PutObject", STATE, {}),
        ("s3:PutObject", LEDGER_ENTRY, {"s3:if-none-match": "*"}),
        ("s3:GetObject", LEDGER_ENTRY, {}),
        ("s3:PutObject", f"{STATE}.tflock", {}),
        ("s3:DeleteObject", f"{STATE}.tflock", {}),
        ("kms:GenerateDataKey", arn("kms", "key/1"), STATE_KEY),
        ("s3:CreateBucket", ARTIFACTS, {}),
        ("s3:PutBucketPolicy", ARTIFACTS, {}),
        ("kms:CreateKey", "*", request_tags()),
        ("kms:TagResource", arn("kms", "key/1"), request_tags()),
        ("kms:PutKeyPolicy", arn("kms", "key/1"), resource_tags()),
        ("kms:CreateAlias", arn("kms", "alias/hokusai-logs-staging"), {}),
        ("iam:CreateRole", TASK_ROLE, BOUNDED),
        ("iam:PutRolePolicy", TASK_ROLE, BOUNDED),
        # AWS tells the boundary in few calls only; these are decided without it.
        ("iam:DeleteRole", TASK_ROLE, {}),
        ("iam:UpdateRole", TASK_ROLE, {}),
        ("iam:UpdateRoleDescription", TASK_ROLE, {}),
        ("iam:TagRole", TASK_ROLE, {}),
        ("iam:PassRole", TASK_ROLE, TO_ECS),
        ("ec2:CreateVpc", arn("ec2", "vpc/*"), request_tags()),
        ("ec2:CreateSubnet", arn("ec2", "subnet/*"), request_tags()),
        ("ec2:CreateSubnet", arn("ec2", "vpc/vpc-1"), resource_tags()),
        ("ec2:AuthorizeSecurityGroupIngress", arn("ec2", "security-group/sg-1"), resource_tags()),
        ("ec2:AuthorizeSecurityGroupIngress", arn("ec2", "security-group-rule/*"), request_tags()),
        ("ec2:CreateTags", arn("ec2", "subnet/subnet-1"), {"ec2:CreateAction": "CreateSubnet"}),
        ("ec2:CreateTags", arn("ec2", "security-group/sg-default"), request_tags()),
        ("elasticloadbalancing:CreateLoadBalancer", LOAD_BALANCER, {}),
        (
            "elasticloadbalancing:CreateTargetGroup",
            arn("elasticloadbalancing", "targetgroup/hokusai-gateway-8001-staging/1"),
            {},
        ),
        ("elasticloadbalancing:CreateRule", arn("elasticloadbalancing", "listener/app/hokusai-edge-staging/1/2"), {}),
        ("wafv2:CreateWebACL", arn("wafv2", "regional/webacl/hokusai-edge-staging/1"), {}),
        ("wafv2:CreateWebACL", "arn:aws:wafv2:us-east-1:aws:regional/managedruleset/AWS/Common", {}),
        ("wafv2:AssociateWebACL", LOAD_BALANCER, {}),
        ("ecs:CreateService", arn("ecs", "service/hokusai-staging/hokusai-mlflow"), {}),
        ("ecs:RegisterTaskDefinition", arn("ecs", "task-definition/hokusai-mlflow-staging:1"), {}),
        ("ecs:RunTask", arn("ecs", "task-definition/hokusai-migration-staging:1"), {}),
        ("servicediscovery:CreatePrivateDnsNamespace", "*", request_tags()),
        ("servicediscovery:CreateService", arn("servicediscovery", "namespace/ns-1"), resource_tags()),
        ("servicediscovery:CreateService", arn("servicediscovery", "service/*"), request_tags()),
        ("rds:CreateDBInstance", arn("rds", "db:hokusai-mlflow-staging"), {}),
        ("rds:CreateDBParameterGroup", arn("rds", "pg:hokusai-mlflow-staging-postgres17"), {}),
        ("secretsmanager:CreateSecret", arn("secretsmanager", "secret:rds!db-1"), {}),
        ("ssm:PutParameter", PASSWORD, {}),
        ("logs:CreateLogGroup", arn("logs", "log-group:/ecs/hokusai/mlflow/staging"), {}),
        ("logs:PutRetentionPolicy", arn("logs", "log-group:/aws/rds/instance/hokusai-mlflow-staging/postgresql:*"), {}),
        ("logs:CreateLogGroup", arn("logs", "log-group:/vpc/hokusai/flow-logs/staging"), {}),
        ("logs:GetLogEvents", arn("logs", "log-group:/ecs/hokusai/mlflow/staging:log-stream:mlflow/mlflow/1"), {}),
        ("logs:CreateLogGroup", arn("logs", "log-group:aws-waf-logs-hokusai-edge-staging"), {}),
        ("cloudwatch:PutMetricAlarm", arn("cloudwatch", "alarm:hokusai-staging-mlflow-cpu"), {}),
        ("cloudwatch:PutMetricAlarm", arn("cloudwatch", "alarm:TargetTracking-service/hokusai-staging/x"), {}),
        ("cloudwatch:PutDashboard", f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/hokusai-staging", {}),
        ("sns:CreateTopic", arn("sns", "hokusai-alarms-staging"), {}),
        (
            "application-autoscaling:PutScalingPolicy",
            arn("application-autoscaling", "scalable-target/1"),
            {"application-autoscaling:service-namespace": "ecs"},
        ),
        (
            "route53:ChangeResourceRecordSets",
            "arn:aws:route53:::hostedzone/Z1",
            {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["registry.staging.hokus.ai"]},
        ),
        ("acm:DescribeCertificate", arn("acm", "certificate/1"), {}),
        ("ecr:DescribeImages", arn("ecr", "repository/hokusai/mlflow"), {}),
    ],
)
def test_apply_role_can_build_the_platform(applying: Policies, action: str, resource: str, context: Context) -> None:
    assert decide(applying, action, resource, context) == "allowed"


@pytest.mark.parametrize(
    ("action", "resource", "context"),
    [
        pytest.param("iam:CreateRole", TASK_ROLE, {}, id="a role without the boundary"),
        pytest.param(
            "iam:CreateRole", TASK_ROLE, {"iam:PermissionsBoundary": f"{IAM}:policy/mine"}, id="its own boundary"
        ),
        pytest.param("iam:PutRolePolicy", TASK_ROLE, {}, id="a policy into an unbounded role"),
        pytest.param("iam:AttachRolePolicy", f"{IAM}:role/admin", BOUNDED, id="somebody's role"),
        pytest.param(
            "iam:PutRolePolicy", f"{IAM}:role/hokusai-mlflow-task-production", BOUNDED, id="another environment"
        ),
        pytest.param("iam:PassRole", TASK_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}, id="a role for EC2"),
        pytest.param("iam:PassRole", f"{IAM}:role/admin", TO_ECS, id="somebody's role for a task"),
        pytest.param("iam:CreateUser", f"{IAM}:user/me", {}, id="a user"),
        pytest.param("iam:CreateAccessKey", f"{IAM}:user/me", {}, id="an access key"),
        pytest.param("sts:AssumeRole", TASK_ROLE, {}, id="becoming a task"),
        pytest.param("s3:PutObject", f"{ARTIFACTS}/model.pkl", {}, id="an artifact"),
        pytest.param(
            "logs:GetLogEvents",
            arn("logs", "log-group:/ecs/hokusai/mlflow/production:log-stream:mlflow/mlflow/1"),
            {},
            id="another environment's log lines",
        ),
        pytest.param(
            "logs:GetLogEvents",
            arn("logs", "log-group:/vpc/hokusai/flow-logs/staging:log-stream:x"),
            {},
            id="log lines of no task",
        ),
        pytest.param("s3:PutObject", f"{STATE_BUCKET}/other.tfstate", {}, id="another root's state"),
        pytest.param("s3:PutObject", OTHER_STATE, {}, id="another root's state that it reads"),
        pytest.param("s3:CreateBucket", "arn:aws:s3:::hokusai-mlflow-artifacts-production", {}, id="another bucket"),
        pytest.param("ec2:CreateSubnet", arn("ec2", "vpc/vpc-other"), request_tags(), id="a subnet in somebody's VPC"),
        pytest.param(
            "ec2:AuthorizeSecurityGroupIngress", arn("ec2", "security-group/sg-x"), request_tags(), id="a rule"
        ),
        pytest.param(
            "ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"), resource_tags("production"), id="another environment's VPC"
        ),
        pytest.param("ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"), {}, id="an untagged VPC"),
        pytest.param("ec2:CreateTags", arn("ec2", "vpc/vpc-1"), request_tags(), id="taking over a VPC"),
        pytest.param(
            "ec2:CreateTags",
            arn("ec2", "security-group/sg-1"),
            {**request_tags(), **resource_tags("production")},
            id="taking over a security group",
        ),
        pytest.param("ec2:RunInstances", "*", {**request_tags(), **resource_tags()}, id="a machine"),
        pytest.param(
            "kms:TagResource",
            arn("kms", "key/1"),
            {**request_tags(), **resource_tags("production")},
            id="taking over a key",
        ),
        pytest.param("kms:Decrypt", arn("kms", "key/1"), resource_tags(), id="decrypting directly"),
        pytest.param("iam:UpdateAssumeRolePolicy", TASK_ROLE, {}, id="letting itself take a role"),
        pytest.param(
            "route53:ChangeResourceRecordSets",
            "arn:aws:route53:::hostedzone/Z1",
            {"route53:ChangeResourceRecordSetsNormalizedRecordNames": ["registry.staging.hokus.ai", "hokus.ai"]},
            id="a record of somebody's",
        ),
        pytest.param("route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", {}, id="a nameless record"),
        pytest.param("ssm:PutParameter", arn("ssm", "parameter/hokusai/production/x"), {}, id="another parameter"),
        pytest.param("rds:DeleteDBInstance", arn("rds", "db:payroll"), {}, id="another database"),
        pytest.param(
            "application-autoscaling:PutScalingPolicy",
            arn("application-autoscaling", "scalable-target/1"),
            {"application-autoscaling:service-namespace": "dynamodb"},
            id="scaling something else",
        ),
    ],
)
def test_apply_role_reaches_nothing_else(applying: Policies, action: str, resource: str, context: Context) -> None:
    assert decide(applying, action, resource, context) != "allowed"


ROLE_CHANGES = (
    "AttachRolePolicy",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PassRole",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "TagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
)


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        *[(f"iam:{action}", role) for role in (APPLY_ROLE, PLAN_ROLE) for action in ROLE_CHANGES],
        ("iam:CreatePolicyVersion", BOUNDARY),
        ("iam:SetDefaultPolicyVersion", BOUNDARY),
        ("iam:DeletePolicy", BOUNDARY),
        ("iam:CreatePolicyVersion", f"{IAM}:policy/hokusai-delivery-identity-staging"),
        ("iam:DeleteRolePermissionsBoundary", TASK_ROLE),
        ("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/token.actions.githubusercontent.com"),
        ("iam:DeleteOpenIDConnectProvider", f"{IAM}:oidc-provider/token.actions.githubusercontent.com"),
        ("iam:AddClientIDToOpenIDConnectProvider", f"{IAM}:oidc-provider/token.actions.githubusercontent.com"),
        ("s3:PutBucketPolicy", STATE_BUCKET),
        ("s3:PutBucketVersioning", STATE_BUCKET),
        ("s3:PutLifecycleConfiguration", STATE_BUCKET),
        ("s3:PutBucketPublicAccessBlock", STATE_BUCKET),
        ("s3:DeleteBucket", STATE_BUCKET),
        ("s3:DeleteObjectVersion", STATE),
        ("s3:DeleteObject", STATE),
        ("s3:DeleteObject", LEDGER_ENTRY),
        ("s3:DeleteObjectVersion", LEDGER_ENTRY),
        ("kms:ScheduleKeyDeletion", arn("kms", "key/1")),
        ("kms:PutKeyPolicy", arn("kms", "key/1")),
    ],
)
def test_apply_role_is_denied_its_own_foundations(tearing_down: Policies, action: str, resource: str) -> None:
    # Of the role that may tear everything down, with a policy attached that allows everything.
    everything = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    context: Context = {**BOUNDED, **resource_tags(), **(STATE_KEY if action.startswith("kms:") else {})}
    assert decide([*tearing_down, everything], action, resource, context) == "denied"


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:DeleteBucket", ARTIFACTS),
        ("s3:DeleteObject", f"{ARTIFACTS}/model.pkl"),
        ("s3:DeleteObjectVersion", f"{ARTIFACTS}/model.pkl"),
        ("kms:ScheduleKeyDeletion", arn("kms", "key/1")),
        ("rds:DeleteDBInstance", arn("rds", "db:hokusai-mlflow-staging")),
    ],
)
def test_losing_data_takes_another_role(applying: Policies, tearing_down: Policies, action: str, resource: str) -> None:
    assert decide(applying, action, resource, resource_tags()) == "not allowed"
    assert decide(tearing_down, action, resource, resource_tags()) == "allowed"


def test_without_names_no_record_can_be_written(plan: ModulePlans) -> None:
    policies = role_policies(plan("delivery-roles", VARIABLES | {"dns_names": []}), "apply")
    assert "route53:ChangeResourceRecordSets" not in allowed_actions(policies)


# The boundary --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("s3:PutObject", f"{ARTIFACTS}/artifacts/m", {}, "allowed"),
        ("ssm:GetParameters", PASSWORD, {}, "allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), {"kms:ResourceAliases": ["alias/hokusai-database-staging"]}, "allowed"),
        ("kms:Decrypt", arn("kms", "key/1"), STATE_KEY, "denied"),
        (
            "kms:Decrypt",
            arn("kms", "key/1"),
            {"kms:ResourceAliases": ["alias/hokusai-database-production"]},
            "not allowed",
        ),
        ("logs:PutLogEvents", arn("logs", "log-group:/ecs/hokusai/mlflow/staging:log-stream:x"), {}, "allowed"),
        ("logs:PutLogEvents", arn("logs", "log-group:/vpc/hokusai/flow-logs/staging:log-stream:x"), {}, "allowed"),
        ("logs:PutLogEvents", arn("logs", "log-group:RDSOSMetrics:log-stream:x"), {}, "allowed"),
        ("ecr:BatchGetImage", arn("ecr", "repository/hokusai/mlflow"), {}, "allowed"),
        ("ssmmessages:OpenDataChannel", "*", {}, "allowed"),
        (
            "secretsmanager:GetSecretValue",
            arn("secretsmanager", "secret:rds!db-1"),
            {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": arn("rds", "db:hokusai-mlflow-staging")},
            "allowed",
        ),
        (
            "secretsmanager:GetSecretValue",
            arn("secretsmanager", "secret:rds!db-1"),
            {"aws:ResourceTag/aws:rds:primaryDBInstanceArn": arn("rds", "db:hokusai-mlflow-production")},
            "not allowed",
        ),
        ("s3:GetObject", STATE, {}, "not allowed"),
        ("s3:DeleteObjectVersion", f"{ARTIFACTS}/artifacts/m", {}, "not allowed"),
        ("s3:PutObject", "arn:aws:s3:::hokusai-mlflow-artifacts-production/m", {}, "not allowed"),
        ("iam:PassRole", TASK_ROLE, {}, "not allowed"),
        ("iam:CreateRole", TASK_ROLE, {}, "not allowed"),
        ("sts:AssumeRole", APPLY_ROLE, {}, "not allowed"),
    ],
)
def test_boundary_is_what_services_need(
    boundary: Policies, action: str, resource: str, context: Context, expected: str
) -> None:
    assert decide(boundary, action, resource, context) == expected


# Names and limits ----------------------------------------------------------------------------------------------------


def test_arns_are_known_at_plan(roles: Plan) -> None:
    assert roles.outputs == {"plan_role_arn": PLAN_ROLE, "apply_role_arn": APPLY_ROLE, "boundary_arn": BOUNDARY}
    assert roles["aws_iam_role.plan"]["name"] == "hokusai-plan-staging"
    assert roles["aws_iam_role.apply"]["name"] == "hokusai-apply-staging"
    assert roles["aws_iam_policy.boundary"]["name"] == "hokusai-boundary-staging"
    for kind in ("aws_iam_role", "aws_iam_policy"):
        assert all(found["tags"] == {"Team": "registry"} for found in roles.of_type(kind))


def test_fits_into_iam(plan: ModulePlans) -> None:
    # The longest names that the variables take.
    environment = "e" * 20
    longest = plan("delivery-roles", VARIABLES | {"environment": environment, "deletion_protection": False})

    def size(policy: dict[str, Any]) -> int:
        return len(json.dumps(policy, separators=(",", ":")))

    assert all(size(found.policy()) <= 6144 for found in longest.of_type("aws_iam_policy"))
    assert all(size(found.policy()) <= 10240 for found in longest.of_type("aws_iam_role_policy"))
    attached = [found.name for found in longest.of_type("aws_iam_role_policy_attachment")]
    assert max(attached.count(name) for name in set(attached)) <= 10


def test_example(plan: ModulePlans) -> None:
    outputs = plan("delivery-roles", {}, root="examples/basic").outputs
    assert outputs == {"plan_role_arn": PLAN_ROLE, "apply_role_arn": APPLY_ROLE}


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"environment": "Staging"}, "environment must be lower-case letters"),
        ({"github_repository": "hokusai-protocol/*"}, 'must be "owner/name", without wildcard'),
        ({"github_repository": "hokusai-infrastructure"}, 'must be "owner/name", without wildcard'),
        ({"github_environment": "*"}, "no wildcard and no colon"),
        ({"github_environment": "staging-plan"}, 'must not end in "-plan"'),
        ({"dns_names": ["*.hokus.ai"]}, "dns_names that are not plain lower-case names: *.hokus.ai"),
        ({"ownership_tags": {}}, "ownership_tags is empty"),
        ({"ownership_tags": {f"Tag{n}": "v" * 200 for n in range(5)}}, "IAM takes 6144"),
        (
            {"state": {"bucket_name": "b-b", "key": "*.tfstate", "key_alias": "alias/x"}},
            'state.key "*.tfstate" must be the key of one object',
        ),
        (
            {"state": {"bucket_name": "b-b", "key": "k", "key_alias": "alias/x", "readable_keys": ["*"]}},
            "state.readable_keys must be keys of one object each",
        ),
        (
            {"state": {"bucket_name": "b-b", "key": "k", "key_alias": "hokusai-terraform-state"}},
            'must begin with "alias/"',
        ),
    ],
)
def test_refuses(refuse: Refusal, changed: dict[str, object], message: str) -> None:
    refuse("delivery-roles", VARIABLES | changed, message)
