"""artifact-bucket promises: its name and key, classes that MLflow can serve from, lock and copies done right."""

from typing import Any

import pytest

from infra.policies.iam.evaluation import Context, as_list, decide
from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

NAME = "hokusai-mlflow-artifacts-production"
BUCKET = f"arn:aws:s3:::{NAME}"
COPY = "arn:aws:s3:::hokusai-mlflow-artifacts-copy"
COPY_KEY = "arn:aws:kms:us-west-2:210987654321:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KEY = "arn:aws:kms:us-east-1:123456789012:key/0000"
BOUNDARY = "arn:aws:iam::123456789012:policy/hokusai-boundary-production"

VARIABLES: dict[str, object] = {
    "environment": "production",
    "access_logs": {"bucket_name": "hokusai-access-logs-production", "prefix": "s3/artifacts/"},
    "lifecycle_rules": {
        "cool-down": {"prefix": "artifacts/", "transitions": {"STANDARD_IA": 90, "GLACIER_IR": 365}},
        "expire-old-versions": {"expire_noncurrent_after_days": 180, "keep_noncurrent_versions": 5},
    },
    "key_deletion_window_days": 20,
    "tags": {"Team": "registry"},
}
REPLICATION = {
    "destination_bucket_arn": COPY,
    "destination_kms_key_arn": COPY_KEY,
    "destination_account_id": "210987654321",
}
EVERYTHING = VARIABLES | {
    "object_lock": {"mode": "GOVERNANCE", "days": 90},
    "replication": REPLICATION,
    "permissions_boundary_arn": BOUNDARY,
}


@pytest.fixture(scope="module")
def artifacts(plan: ModulePlans) -> Plan:
    return plan("artifact-bucket", VARIABLES)


@pytest.fixture(scope="module")
def everything(plan: ModulePlans) -> Plan:
    return plan("artifact-bucket", EVERYTHING)


@pytest.fixture(scope="module")
def copying(everything: Plan) -> dict[str, Any]:
    return everything["aws_iam_role_policy.replication[0]"].policy()


def test_names_are_those_of_the_running_system(artifacts: Plan) -> None:
    assert artifacts["module.bucket.aws_s3_bucket.this"]["bucket"] == NAME
    assert artifacts["module.bucket.aws_kms_alias.this[0]"]["name"] == f"alias/{NAME}"
    assert artifacts.outputs == {"bucket_name": NAME, "bucket_arn": BUCKET, "key_alias": f"alias/{NAME}"}


def test_settings_reach_the_bucket(artifacts: Plan) -> None:
    assert artifacts["module.bucket.aws_kms_key.this[0]"]["deletion_window_in_days"] == 20
    assert artifacts["module.bucket.aws_s3_bucket.this"]["tags"]["Team"] == "registry"
    logging = artifacts["module.bucket.aws_s3_bucket_logging.this[0]"]
    assert (logging["target_bucket"], logging["target_prefix"]) == ("hokusai-access-logs-production", "s3/artifacts/")
    rules = {rule["id"]: rule for rule in artifacts["module.bucket.aws_s3_bucket_lifecycle_configuration.this"]["rule"]}
    assert rules.keys() == {"housekeeping", "cool-down", "expire-old-versions"}
    assert rules["cool-down"]["filter"][0]["prefix"] == "artifacts/"


def test_old_versions_expire_without_asking(plan: ModulePlans) -> None:
    defaults = plan("artifact-bucket", {name: VARIABLES[name] for name in ("environment", "access_logs")})
    rules = {rule["id"]: rule for rule in defaults["module.bucket.aws_s3_bucket_lifecycle_configuration.this"]["rule"]}
    assert rules["expire-old-versions"]["noncurrent_version_expiration"][0]["noncurrent_days"] == 90
    assert defaults["module.bucket.aws_kms_key.this[0]"]["deletion_window_in_days"] == 30
    assert defaults["module.bucket.aws_s3_bucket.this"]["force_destroy"] is False
    assert len(defaults.of_type("terraform_data")) == 1


def test_can_be_torn_down_where_wanted(plan: ModulePlans) -> None:
    development = plan("artifact-bucket", VARIABLES | {"deletion_protection": False})
    assert development["module.bucket.aws_s3_bucket.this"]["force_destroy"] is True
    assert not development.of_type("terraform_data")


def test_lock_and_copies_are_off_unless_asked(artifacts: Plan) -> None:
    assert not artifacts.of_type("aws_s3_bucket_object_lock_configuration")
    assert not artifacts.of_type("aws_s3_bucket_replication_configuration")
    assert not artifacts.of_type("aws_iam_role")


def test_object_lock_leaves_the_bucket_in_place(everything: Plan) -> None:
    lock = everything["aws_s3_bucket_object_lock_configuration.this[0]"]
    assert lock["bucket"] == NAME
    [retention] = lock["rule"][0]["default_retention"]
    assert (retention["mode"], retention["days"]) == ("GOVERNANCE", 90)
    assert not everything["module.bucket.aws_s3_bucket.this"].values.get("object_lock_enabled"), "would replace it"


def test_everything_is_copied_but_deletions(everything: Plan) -> None:
    [rule] = everything["aws_s3_bucket_replication_configuration.this[0]"]["rule"]
    assert rule["status"] == "Enabled"
    assert rule["filter"][0]["prefix"] == ""
    assert rule["delete_marker_replication"] == [{"status": "Disabled"}]
    [selection] = rule["source_selection_criteria"]
    assert selection["sse_kms_encrypted_objects"] == [{"status": "Enabled"}], "or S3 skips every object"
    [destination] = rule["destination"]
    assert (destination["bucket"], destination["account"]) == (COPY, "210987654321")
    assert destination["access_control_translation"] == [{"owner": "Destination"}]
    assert destination["encryption_configuration"] == [{"replica_kms_key_id": COPY_KEY}]


def test_copies_in_the_own_account_keep_their_owner(plan: ModulePlans) -> None:
    own = REPLICATION | {"destination_account_id": None}
    planned = plan("artifact-bucket", EVERYTHING | {"replication": own})
    [destination] = planned["aws_s3_bucket_replication_configuration.this[0]"]["rule"][0]["destination"]
    assert not destination["access_control_translation"]
    policy = planned["aws_iam_role_policy.replication[0]"].policy()
    assert decide([policy], "s3:ObjectOwnerOverrideToBucketOwner", f"{COPY}/m") == "not allowed"
    assert decide([policy], "s3:ReplicateObject", f"{COPY}/m") == "allowed"


def test_only_s3_for_this_bucket_gets_the_role(everything: Plan) -> None:
    role = everything["aws_iam_role.replication[0]"]
    assert role["name"] == "hokusai-artifact-replication-production"
    assert role["permissions_boundary"] == BOUNDARY
    trust = role.policy("assume_role_policy")
    assert [statement["Principal"] for statement in trust["Statement"]] == [{"Service": "s3.amazonaws.com"}]
    trust = {"Statement": [statement | {"Resource": "*"} for statement in trust["Statement"]]}
    mine: Context = {"aws:SourceAccount": "123456789012", "aws:SourceArn": BUCKET}
    assert decide([trust], "sts:AssumeRole", "role", mine) == "allowed"
    assert decide([trust], "sts:AssumeRole", "role", {**mine, "aws:SourceAccount": "999999999999"}) == "not allowed"
    assert decide([trust], "sts:AssumeRole", "role", {**mine, "aws:SourceArn": COPY}) == "not allowed"
    assert decide([trust], "sts:AssumeRole", "role") == "not allowed"


OWN_KEY: Context = {"kms:ResourceAliases": [f"alias/{NAME}"], "kms:ViaService": "s3.us-east-1.amazonaws.com"}
THERE: Context = {"kms:ViaService": "s3.us-west-2.amazonaws.com"}


@pytest.mark.parametrize(
    ("action", "resource", "context", "expected"),
    [
        ("s3:GetReplicationConfiguration", BUCKET, {}, "allowed"),
        ("s3:GetObjectVersionForReplication", f"{BUCKET}/m", {}, "allowed"),
        ("s3:ReplicateObject", f"{COPY}/m", {}, "allowed"),
        ("s3:ObjectOwnerOverrideToBucketOwner", f"{COPY}/m", {}, "allowed"),
        ("kms:Decrypt", KEY, OWN_KEY, "allowed"),
        ("kms:Encrypt", COPY_KEY, THERE, "allowed"),
        ("s3:ReplicateDelete", f"{COPY}/m", {}, "not allowed"),
        ("s3:ReplicateObject", f"{BUCKET}/m", {}, "not allowed"),
        ("s3:GetObjectVersionForReplication", "arn:aws:s3:::other/m", {}, "not allowed"),
        ("s3:PutObject", f"{BUCKET}/m", {}, "not allowed"),
        ("kms:Decrypt", KEY, {**OWN_KEY, "kms:ResourceAliases": ["alias/other"]}, "not allowed"),
        ("kms:Decrypt", KEY, {"kms:ResourceAliases": [f"alias/{NAME}"]}, "not allowed"),
        ("kms:Encrypt", COPY_KEY, {}, "not allowed"),
        ("kms:Encrypt", KEY, THERE, "not allowed"),
    ],
)
def test_the_role_copies_and_nothing_else(
    copying: dict[str, Any], action: str, resource: str, context: Context, expected: str
) -> None:
    assert decide([copying], action, resource, context) == expected


def test_no_wildcard_actions(copying: dict[str, Any]) -> None:
    assert not [act for statement in copying["Statement"] for act in as_list(statement["Action"]) if "*" in act]


@pytest.mark.parametrize("example", ["basic", "replicated"])
def test_examples(plan: ModulePlans, example: str) -> None:
    assert plan("artifact-bucket", {}, root=f"examples/{example}").outputs


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"environment": "Production"}, "environment must be lower-case letters"),
        ({"lifecycle_rules": {"ice": {"transitions": {"GLACIER": 90}}}}, "MLflow cannot serve from: ice (GLACIER)"),
        ({"lifecycle_rules": {"ice": {"transitions": {"DEEP_ARCHIVE": 90}}}}, "answer 403 until restored by hand"),
        ({"lifecycle_rules": {"zone": {"transitions": {"ONEZONE_IA": 90}}}}, "ONEZONE_IA loses them with its zone"),
        ({"lifecycle_rules": {"all": {"expire_after_days": 30}}}, "expire every artifact of the registry: all"),
        # Handed through to guarded-bucket.
        ({"lifecycle_rules": {"early": {"transitions": {"STANDARD_IA": 1}}}}, "before day 30, which S3 refuses: early"),
        ({"key_deletion_window_days": 6}, "must be 7 to 30 days"),
        ({"object_lock": {"mode": "SOFT", "days": 1}}, 'object_lock.mode must be "GOVERNANCE" or "COMPLIANCE"'),
        ({"object_lock": {"mode": "GOVERNANCE", "days": 0}}, "object_lock.days must be a whole number"),
        (
            {"object_lock": {"mode": "GOVERNANCE", "days": 1}, "deletion_protection": False},
            "object_lock needs deletion_protection",
        ),
        (
            {"replication": REPLICATION | {"destination_bucket_arn": "hokusai-copy"}},
            "destination_bucket_arn must be the ARN of a bucket",
        ),
        (
            {"replication": REPLICATION | {"destination_kms_key_arn": COPY_KEY.replace("key/", "alias/")}},
            "must be the ARN of a KMS key (not of an alias",
        ),
        (
            {"replication": REPLICATION | {"destination_account_id": "me"}},
            "destination_account_id must be twelve digits",
        ),
    ],
)
def test_refuses(refuse: Refusal, changed: dict[str, object], message: str) -> None:
    refuse("artifact-bucket", VARIABLES | changed, message)
