"""log-bucket promises: each source writes below its own prefix, for its own resource; nobody else writes."""

from typing import Any

import pytest

from infra.policies.iam.evaluation import Context, decide
from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

NAME = "hokusai-access-logs-staging"
BUCKET = f"arn:aws:s3:::{NAME}"
ARTIFACTS = "arn:aws:s3:::hokusai-mlflow-artifacts-staging"
EDGE = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/hokusai-edge-staging/50dc6c495c0c9188"

VARIABLES: dict[str, object] = {
    "name": NAME,
    "environment": "staging",
    "expiration_days": 90,
    "tags": {"Team": "registry"},
    "sources": {
        "load_balancers": {"edge": "alb/edge", "auth": "alb/auth"},
        "buckets": {
            "artifacts": {"bucket_name": "hokusai-mlflow-artifacts-staging", "prefix": "s3/artifacts/"},
            "state": {"bucket_name": "hokusai-terraform-state-staging", "prefix": "s3/state/"},
        },
    },
}


def sources(**changed: object) -> dict[str, object]:
    return VARIABLES | {"sources": changed}


@pytest.fixture(scope="module")
def logs(plan: ModulePlans) -> Plan:
    return plan("log-bucket", VARIABLES)


@pytest.fixture(scope="module")
def policy(logs: Plan) -> dict[str, Any]:
    return logs["module.bucket.aws_s3_bucket_policy.this"].policy()


def delivered(policy: dict[str, Any], service: str, key: str, source: str, account: str = "123456789012") -> bool:
    """Whether a log delivery service may put an object, seen from the statements that are for this service."""
    mine = [
        statement
        for statement in policy["Statement"]
        if statement["Principal"] in ("*", {"Service": f"{service}.amazonaws.com"})
    ]
    context: Context = {
        "aws:SecureTransport": "true",
        "s3:TlsVersion": "1.2",
        "aws:SourceAccount": account,
        "aws:SourceArn": source,
    }
    return decide([{"Statement": mine}], "s3:PutObject", f"{BUCKET}/{key}", context) == "allowed"


ALB = "logdelivery.elasticloadbalancing"
ALB_KEY = "alb/edge/AWSLogs/123456789012/elasticloadbalancing/us-east-1/2026/01/01/a.log.gz"
S3 = "logging.s3"
S3_KEY = "s3/artifacts/2026-01-01-00-00-00-ABCDEF"


def test_each_source_may_deliver(policy: dict[str, Any]) -> None:
    assert delivered(policy, ALB, ALB_KEY, EDGE)
    assert delivered(policy, S3, S3_KEY, ARTIFACTS)


@pytest.mark.parametrize(
    ("service", "key", "source", "owner"),
    [
        pytest.param(ALB, ALB_KEY, EDGE, "999999999999", id="another account's load balancer"),
        pytest.param(ALB, ALB_KEY, EDGE.replace("edge", "auth"), "123456789012", id="prefix of another load balancer"),
        pytest.param(ALB, ALB_KEY, EDGE.replace("staging", "production"), "123456789012", id="another environment"),
        pytest.param(ALB, "alb/edge/AWSLogs/999999999999/a", EDGE, "123456789012", id="logs of another account"),
        pytest.param(ALB, S3_KEY, EDGE, "123456789012", id="a load balancer among the buckets' logs"),
        pytest.param(S3, S3_KEY, ARTIFACTS, "999999999999", id="another account's bucket"),
        pytest.param(S3, "s3/state/x", ARTIFACTS, "123456789012", id="prefix of another bucket"),
        pytest.param(S3, ALB_KEY, ARTIFACTS, "123456789012", id="a bucket among the load balancers' logs"),
        pytest.param("delivery.logs", ALB_KEY, EDGE, "123456789012", id="another service"),
    ],
)
def test_nobody_else_may_deliver(policy: dict[str, Any], service: str, key: str, source: str, owner: str) -> None:
    assert not delivered(policy, service, key, source, owner)


def test_delivery_is_all_that_is_allowed(policy: dict[str, Any]) -> None:
    allowed = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
    assert len(allowed) == 4
    for statement in allowed:
        assert statement["Action"] == "s3:PutObject"
        assert statement["Condition"].keys() == {"StringEquals", "ArnLike"}


def test_guards_stay(policy: dict[str, Any]) -> None:
    plain: Context = {"aws:SecureTransport": "false", "aws:SourceAccount": "123456789012", "aws:SourceArn": EDGE}
    assert decide([policy], "s3:PutObject", f"{BUCKET}/{ALB_KEY}", plain) == "denied"


def test_is_what_log_delivery_can_write_to(logs: Plan) -> None:
    [rule] = logs["module.bucket.aws_s3_bucket_server_side_encryption_configuration.this"]["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    assert not logs.of_type("aws_s3_bucket_logging"), "would log itself"


def test_logs_expire(logs: Plan) -> None:
    rules = {rule["id"]: rule for rule in logs["module.bucket.aws_s3_bucket_lifecycle_configuration.this"]["rule"]}
    assert rules["expire-logs"]["status"] == "Enabled"
    assert rules["expire-logs"]["filter"][0]["prefix"] == ""
    assert rules["expire-logs"]["expiration"][0]["days"] == 90
    assert rules["expire-logs"]["noncurrent_version_expiration"][0]["noncurrent_days"] == 7


def test_bucket_is_guarded(logs: Plan) -> None:
    assert logs["module.bucket.aws_s3_bucket.this"]["force_destroy"] is False
    assert logs["module.bucket.aws_s3_bucket.this"]["tags"]["Team"] == "registry"
    assert len(logs.of_type("terraform_data")) == 1
    assert logs.outputs == {"bucket_name": NAME, "bucket_arn": BUCKET}


def test_can_be_torn_down_where_wanted(plan: ModulePlans) -> None:
    logs = plan("log-bucket", VARIABLES | {"deletion_protection": False})
    assert logs["module.bucket.aws_s3_bucket.this"]["force_destroy"] is True
    assert not logs.of_type("terraform_data")


def test_example(plan: ModulePlans) -> None:
    assert plan("log-bucket", {}, root="examples/basic").outputs == {"bucket_name": NAME}


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (sources(), "a log bucket that nobody may write to"),
        (sources(load_balancers={"Edge": "alb"}), "not lower-case letters, digits and hyphens: Edge"),
        (sources(load_balancers={"hokusai-edge-staging": "alb"}), 'hokusai-edge-staging should lose "hokusai-"'),
        (sources(load_balancers={"edge": "alb/"}), 'or contains "AWSLogs": edge'),
        (sources(load_balancers={"edge": "alb/AWSLogs"}), 'or contains "AWSLogs": edge'),
        (sources(buckets={"a": {"bucket_name": "a-b", "prefix": "a"}}), 'does not end with "/" or begins with one: a'),
        (sources(buckets={"a": {"bucket_name": NAME, "prefix": "a/"}}), f'names the log bucket "{NAME}" itself'),
        (
            sources(load_balancers={"edge": "x"}, buckets={"a": {"bucket_name": "a-b", "prefix": "x/"}}),
            "sources share a prefix: a (x/), edge (x/)",
        ),
        (VARIABLES | {"expiration_days": 0}, "expiration_days must be a whole number of days"),
        (VARIABLES | {"environment": "Staging"}, "environment must be lower-case letters"),
    ],
)
def test_refuses(refuse: Refusal, variables: dict[str, object], message: str) -> None:
    refuse("log-bucket", variables, message)
