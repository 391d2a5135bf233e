"""task-roles: execution and task role apart, each reaching exactly what it was given; the gateway reaches no S3."""

import json
from typing import Any

import pytest

from infra.policies.iam.evaluation import as_list, decide
from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "task-roles"
CLUSTER = f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:cluster/hokusai-staging"
BUCKET = "arn:aws:s3:::hokusai-mlflow-artifacts-staging"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT_ID}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
PARAMETERS = f"arn:aws:ssm:{REGION}:{ACCOUNT_ID}:parameter/hokusai/staging/database"
DATABASE = f"arn:aws:rds:{REGION}:{ACCOUNT_ID}:db:hokusai-mlflow-staging"
SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT_ID}:secret:rds!db-*"
EXEC_LOG = f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/ecs/hokusai/exec/staging"

# The only actions of the module that know no resource.
WITHOUT_RESOURCE = {
    "ecr:GetAuthorizationToken",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
}


def log_group(service: str) -> str:
    return f"arn:aws:logs:{REGION}:{ACCOUNT_ID}:log-group:/ecs/hokusai/{service}/staging"


def repository(service: str) -> str:
    return f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/hokusai/{service}"


def role(service: str, **more: object) -> dict[str, object]:
    return {"log_group_arn": log_group(service), "repository_arn": repository(service), **more}


MLFLOW = role(
    "mlflow",
    parameter_arns=[f"{PARAMETERS}/host", f"{PARAMETERS}/mlflow-password"],
    parameter_key_aliases=["alias/hokusai-database-staging"],
    artifact_access={
        "bucket_arn": BUCKET,
        "prefix": "artifacts",
        "key_alias": "alias/hokusai-mlflow-artifacts-staging",
    },
)
MASTER_SECRET = {
    "arn_pattern": SECRET,
    "database_arn": DATABASE,
    "key_alias": "alias/hokusai-database-staging",
    "parameter_arn": f"{PARAMETERS}/master-secret-arn",
}
EXEC = {"log_group_arn": EXEC_LOG, "key_alias": "alias/hokusai-exec-staging"}
INPUTS: dict[str, object] = {
    "environment": "staging",
    "cluster_arn": CLUSTER,
    "permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT_ID}:policy/hokusai-boundary-staging",
    "roles": {
        "gateway": role("gateway"),
        "mlflow": MLFLOW,
        "migration": role("migration", master_secret=MASTER_SECRET),
        "auth": role("auth", exec=EXEC),
    },
}


@pytest.fixture(scope="module")
def roles(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


def execution(plan: Plan, service: str) -> list[dict[str, Any]]:
    return [plan[f'aws_iam_role_policy.execution["{service}"]'].policy()]


def task(plan: Plan, service: str) -> list[dict[str, Any]]:
    address = f'aws_iam_role_policy.task["{service}"]'
    return [plan[address].policy()] if address in plan.resources else []


def statements(plan: Plan) -> list[dict[str, Any]]:
    return [statement for policy in plan.of_type("aws_iam_role_policy") for statement in policy.policy()["Statement"]]


def test_every_service_has_two_roles_with_the_boundary(roles: Plan) -> None:
    planned = roles.of_type("aws_iam_role")
    assert {role["name"] for role in planned} == {
        f"hokusai-{service}-{kind}-staging"
        for service in ("gateway", "mlflow", "migration", "auth")
        for kind in ("execution", "task")
    }
    assert {role["permissions_boundary"] for role in planned} == {INPUTS["permissions_boundary_arn"]}


@pytest.mark.parametrize(
    ("owner", "source", "trusted"),
    [
        (ACCOUNT_ID, f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task/hokusai-staging/0123", True),
        ("999999999999", f"arn:aws:ecs:{REGION}:{ACCOUNT_ID}:task/hokusai-staging/0123", False),
        (ACCOUNT_ID, f"arn:aws:ecs:{REGION}:999999999999:task/hokusai-staging/0123", False),
        (ACCOUNT_ID, f"arn:aws:ecs:eu-west-1:{ACCOUNT_ID}:task/hokusai-staging/0123", False),
    ],
)
def test_only_tasks_of_this_account_and_region_are_trusted(roles: Plan, owner: str, source: str, trusted: bool) -> None:
    for planned in roles.of_type("aws_iam_role"):
        (statement,) = planned.policy("assume_role_policy")["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}
        # A trust policy has no resource: the role itself is it.
        context = {"aws:SourceAccount": owner, "aws:SourceArn": source}
        trust = {"Statement": [statement | {"Resource": "*"}]}
        assert decide([trust], "sts:AssumeRole", planned["name"], context) == ("allowed" if trusted else "not allowed")


def test_no_wildcard_action_and_no_resource_that_is_not_named(roles: Plan) -> None:
    for statement in statements(roles):
        assert statement["Effect"] == "Allow"
        assert not any("*" in action or "?" in action for action in as_list(statement["Action"]))
        if "*" in as_list(statement["Resource"]):
            assert set(as_list(statement["Action"])) <= WITHOUT_RESOURCE
        if any(":kms:" in resource for resource in as_list(statement["Resource"])):
            assert "kms:ResourceAliases" in statement["Condition"]["ForAnyValue:StringEquals"]


def test_the_gateway_has_no_s3_and_no_permission_of_its_own(roles: Plan) -> None:
    assert task(roles, "gateway") == []
    assert "s3:" not in json.dumps(execution(roles, "gateway"))
    # Nor has anybody else who was not given a prefix.
    assert [name for name in ("migration", "auth") if "s3:" in json.dumps(task(roles, name))] == []


@pytest.mark.parametrize(
    ("action", "resource", "context", "decision"),
    [
        ("s3:ListBucket", BUCKET, {"s3:prefix": "artifacts/1/abc/"}, "allowed"),
        ("s3:ListBucket", BUCKET, {"s3:prefix": "artifacts/"}, "allowed"),
        ("s3:ListBucket", BUCKET, {"s3:prefix": "artifacts"}, "not allowed"),
        ("s3:ListBucket", BUCKET, {"s3:prefix": ""}, "not allowed"),
        ("s3:ListBucket", BUCKET, {}, "not allowed"),
        ("s3:ListBucket", f"{BUCKET}-others", {"s3:prefix": "artifacts/"}, "not allowed"),
        ("s3:GetObject", f"{BUCKET}/artifacts/1/model.bin", {}, "allowed"),
        ("s3:PutObject", f"{BUCKET}/artifacts/1/model.bin", {}, "allowed"),
        ("s3:DeleteObject", f"{BUCKET}/artifacts/1/model.bin", {}, "allowed"),
        ("s3:AbortMultipartUpload", f"{BUCKET}/artifacts/1/model.bin", {}, "allowed"),
        ("s3:ListMultipartUploadParts", f"{BUCKET}/artifacts/1/model.bin", {}, "allowed"),
        ("s3:GetObject", f"{BUCKET}/other/1/model.bin", {}, "not allowed"),
        ("s3:PutObject", f"{BUCKET}/artifacts-other/model.bin", {}, "not allowed"),
        ("s3:DeleteObjectVersion", f"{BUCKET}/artifacts/1/model.bin", {}, "not allowed"),
        ("s3:PutBucketPolicy", BUCKET, {}, "not allowed"),
    ],
)
def test_mlflow_reaches_its_prefix_and_nothing_else(
    roles: Plan, action: str, resource: str, context: dict[str, str], decision: str
) -> None:
    assert decide(task(roles, "mlflow"), action, resource, context) == decision


@pytest.mark.parametrize("action", ["kms:Decrypt", "kms:GenerateDataKey"])
@pytest.mark.parametrize(
    ("alias", "service", "decision"),
    [
        ("alias/hokusai-mlflow-artifacts-staging", "s3", "allowed"),
        ("alias/hokusai-mlflow-artifacts-production", "s3", "not allowed"),
        ("alias/hokusai-mlflow-artifacts-staging", "ssm", "not allowed"),
    ],
)
def test_mlflow_uses_its_own_key_through_s3_only(
    roles: Plan, action: str, alias: str, service: str, decision: str
) -> None:
    context = {"kms:ResourceAliases": [alias], "kms:ViaService": f"{service}.{REGION}.amazonaws.com"}
    assert decide(task(roles, "mlflow"), action, KEY, context) == decision


@pytest.mark.parametrize("other", ["hokusai/mlflow", "hokusai/mlflow-copy", "hokusai/gateway"])
def test_images_come_from_the_service_s_own_repository(roles: Plan, other: str) -> None:
    for action in ("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"):
        arn = f"arn:aws:ecr:{REGION}:{ACCOUNT_ID}:repository/{other}"
        expected = "allowed" if other == "hokusai/mlflow" else "not allowed"
        assert decide(execution(roles, "mlflow"), action, arn) == expected
    assert decide(execution(roles, "mlflow"), "ecr:PutImage", repository("mlflow")) == "not allowed"


def test_output_goes_to_the_service_s_own_log_group(roles: Plan) -> None:
    for service, expected in (("mlflow", "allowed"), ("gateway", "not allowed")):
        stream = f"{log_group(service)}:log-stream:mlflow/mlflow/0123"
        assert decide(execution(roles, "mlflow"), "logs:PutLogEvents", stream) == expected
        assert decide(execution(roles, "mlflow"), "logs:CreateLogStream", stream) == expected
    assert decide(execution(roles, "mlflow"), "logs:CreateLogGroup", log_group("mlflow")) == "not allowed"


def test_parameters_are_read_by_ecs_and_not_by_the_program(roles: Plan) -> None:
    password, master = f"{PARAMETERS}/mlflow-password", f"{PARAMETERS}/master-secret-arn"
    assert decide(execution(roles, "mlflow"), "ssm:GetParameters", password) == "allowed"
    assert decide(execution(roles, "mlflow"), "ssm:GetParameters", master) == "not allowed"
    assert decide(execution(roles, "migration"), "ssm:GetParameters", master) == "allowed"
    for service in ("gateway", "auth"):
        assert "ssm:" not in json.dumps(execution(roles, service))
    for service in ("gateway", "mlflow", "migration", "auth"):
        assert '"ssm:' not in json.dumps(task(roles, service))


@pytest.mark.parametrize(
    ("change", "decision"),
    [
        ({}, "allowed"),
        ({"kms:ResourceAliases": ["alias/hokusai-logs-staging"]}, "not allowed"),
        ({"kms:ViaService": f"s3.{REGION}.amazonaws.com"}, "not allowed"),
        ({"kms:EncryptionContext:PARAMETER_ARN": f"{PARAMETERS}/another"}, "not allowed"),
    ],
)
def test_parameters_are_decrypted_one_by_one(roles: Plan, change: dict[str, Any], decision: str) -> None:
    context = {
        "kms:ResourceAliases": ["alias/hokusai-database-staging"],
        "kms:ViaService": f"ssm.{REGION}.amazonaws.com",
        "kms:EncryptionContext:PARAMETER_ARN": f"{PARAMETERS}/mlflow-password",
    } | change
    assert decide(execution(roles, "mlflow"), "kms:Decrypt", KEY, context) == decision


def test_the_master_secret_is_that_of_the_database(roles: Plan) -> None:
    secret = SECRET.replace("*", "0123-AbCdEf")
    tag = "aws:ResourceTag/aws:rds:primaryDBInstanceArn"
    for database, expected in ((DATABASE, "allowed"), (f"{DATABASE}-other", "not allowed")):
        policies = task(roles, "migration")
        assert decide(policies, "secretsmanager:GetSecretValue", secret, {tag: database}) == expected
    for service in ("mlflow", "gateway", "auth"):
        assert "secretsmanager" not in json.dumps(task(roles, service) + execution(roles, service))
    for service, expected in (("secretsmanager", "allowed"), ("ssm", "not allowed")):
        context = {
            "kms:ResourceAliases": ["alias/hokusai-database-staging"],
            "kms:ViaService": f"{service}.{REGION}.amazonaws.com",
        }
        assert decide(task(roles, "migration"), "kms:Decrypt", KEY, context) == expected


def test_exec_permissions_are_only_where_exec_is_on(roles: Plan) -> None:
    for service in ("gateway", "mlflow", "migration"):
        assert "ssmmessages" not in json.dumps(task(roles, service))
    (policy,) = task(roles, "auth")
    assert {s["Sid"] for s in policy["Statement"]} == {
        "ExecChannels",
        "ExecFindLogGroup",
        "ExecRecord",
        "ExecSessionKey",
    }
    assert decide([policy], "logs:PutLogEvents", f"{EXEC_LOG}:log-stream:session") == "allowed"
    assert decide([policy], "logs:PutLogEvents", f"{log_group('auth')}:log-stream:session") == "not allowed"
    assert decide([policy], "kms:Decrypt", KEY, {"kms:ResourceAliases": ["alias/hokusai-exec-staging"]}) == "allowed"
    other = {"kms:ResourceAliases": ["alias/hokusai-database-staging"]}
    assert decide([policy], "kms:Decrypt", KEY, other) == "not allowed"


def test_arns_are_known_at_plan(roles: Plan) -> None:
    for kind in ("execution", "task"):
        assert roles.outputs[f"{kind}_role_arns"] == {
            service: f"arn:aws:iam::{ACCOUNT_ID}:role/hokusai-{service}-{kind}-staging"
            for service in ("gateway", "mlflow", "migration", "auth")
        }


def test_the_example_plans(plan: ModulePlans) -> None:
    example = plan(MODULE, {}, root="examples/basic")
    assert len(example.of_type("aws_iam_role")) == 4
    assert [policy.index for policy in example.of_type("aws_iam_role_policy") if policy.name == "task"] == ["mlflow"]


def mlflow(**change: object) -> dict[str, object]:
    return {"roles": {"mlflow": MLFLOW | change}}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"environment": "Staging"}, "environment must be lower-case letters"),
        ({"cluster_arn": "hokusai-staging"}, 'cluster_arn is "hokusai-staging": give the full ARN'),
        ({"roles": {"Gateway": role("gateway")}}, 'roles has keys that cannot be part of a role\'s name: "Gateway"'),
        (mlflow(repository_arn=repository("*")), f'"mlflow": {repository("*")}. Write the full ARN, without * or ?'),
        (mlflow(log_group_arn=log_group("ml?low")), "Write the full ARN, without * or ?"),
        (mlflow(parameter_arns=[f"{PARAMETERS}/*"]), f'"mlflow": {PARAMETERS}/*. Write the full ARN'),
        (mlflow(parameter_arns=["/hokusai/password"]), '"mlflow": /hokusai/password. Write the full ARN'),
        (mlflow(parameter_key_aliases=["*"]), 'something other than an alias: "mlflow": *.'),
        (
            mlflow(artifact_access={"bucket_arn": BUCKET, "prefix": "", "key_alias": "alias/a"}),
            'change it in "mlflow" ("")',
        ),
        (
            mlflow(artifact_access={"bucket_arn": BUCKET, "prefix": "*", "key_alias": "alias/a"}),
            'artifact_access.prefix must be a folder such as "artifacts"',
        ),
        (
            mlflow(artifact_access={"bucket_arn": "arn:aws:s3:::*", "prefix": "a1", "key_alias": "alias/a"}),
            '"mlflow": arn:aws:s3:::*. Write the full ARN',
        ),
        (
            mlflow(artifact_access={"bucket_arn": BUCKET, "prefix": "a1", "key_alias": KEY}),
            'keys by something other than an alias: "mlflow"',
        ),
        (
            mlflow(master_secret=MASTER_SECRET | {"arn_pattern": SECRET.replace("rds!db-*", "*")}),
            'the secrets that RDS makes; change it in "mlflow"',
        ),
    ],
)
def test_what_is_refused(refuse: Refusal, change: dict[str, object], message: str) -> None:
    refuse(MODULE, INPUTS | change, message)
