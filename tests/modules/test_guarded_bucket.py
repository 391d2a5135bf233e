"""guarded-bucket promises: every guard without asking, only the bucket's own key, no plan that loses the bucket."""

import re
from typing import Any

import pytest

from infra.policies.iam.evaluation import Context, decide
from infra.repository import MODULES
from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

NAME = "hokusai-reports-staging"
BUCKET = f"arn:aws:s3:::{NAME}"
SAFE: Context = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3"}

WITH_KEY: dict[str, object] = {
    "name": NAME,
    "access_logs": {"bucket_name": "hokusai-access-logs-staging", "prefix": "s3/reports/"},
    "key": {"alias": NAME, "deletion_window_days": 14},
    "tags": {"Team": "registry"},
    "lifecycle_rules": {
        "cool-down": {
            "prefix": "runs/",
            "transitions": {"STANDARD_IA": 30, "GLACIER_IR": 180},
            "expire_after_days": 900,
            "expire_noncurrent_after_days": 60,
            "keep_noncurrent_versions": 3,
            "abort_uploads_after_days": 2,
        },
        "off": {"enabled": False, "expire_noncurrent_after_days": 1},
    },
}
WITHOUT_KEY: dict[str, object] = {"name": NAME, "access_logs": None, "key": None, "deletion_protection": False}


@pytest.fixture(scope="module")
def with_key(plan: ModulePlans) -> Plan:
    return plan("guarded-bucket", WITH_KEY)


@pytest.fixture(scope="module")
def without_key(plan: ModulePlans) -> Plan:
    return plan("guarded-bucket", WITHOUT_KEY)


@pytest.fixture(scope="module", params=["with_key", "without_key"])
def any_bucket(request: pytest.FixtureRequest) -> Plan:
    planned: Plan = request.getfixturevalue(request.param)
    return planned


def bucket_policy(planned: Plan) -> dict[str, Any]:
    return planned["aws_s3_bucket_policy.this"].policy()


def test_is_closed_to_the_public(any_bucket: Plan) -> None:
    block = any_bucket["aws_s3_bucket_public_access_block.this"]
    for setting in ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"):
        assert block[setting] is True, setting
    assert any_bucket["aws_s3_bucket_ownership_controls.this"]["rule"] == [{"object_ownership": "BucketOwnerEnforced"}]


def test_keeps_versions(any_bucket: Plan) -> None:
    [versioning] = any_bucket["aws_s3_bucket_versioning.this"]["versioning_configuration"]
    assert versioning["status"] == "Enabled"


def test_every_setting_is_of_this_bucket(any_bucket: Plan) -> None:
    settings = [found for found in any_bucket.resources.values() if found.type.startswith("aws_s3_bucket_")]
    assert len(settings) >= 6
    assert {setting["bucket"] for setting in settings} == {NAME}


@pytest.mark.parametrize("resource", [BUCKET, f"{BUCKET}/model.pkl"])
@pytest.mark.parametrize(
    "weak", [{"aws:SecureTransport": "false"}, {"aws:SecureTransport": "true", "s3:TlsVersion": "1.1"}]
)
def test_refuses_weak_transport(any_bucket: Plan, resource: str, weak: Context) -> None:
    action = "s3:GetObject" if "/" in resource else "s3:ListBucket"
    assert decide([bucket_policy(any_bucket)], action, resource, weak) == "denied"
    assert decide([bucket_policy(any_bucket)], action, resource, SAFE) == "not allowed"


def test_policy_allows_nothing_by_itself(any_bucket: Plan) -> None:
    assert {statement["Effect"] for statement in bucket_policy(any_bucket)["Statement"]} == {"Deny"}


def test_encrypts_with_its_own_rotated_key(with_key: Plan) -> None:
    [rule] = with_key["aws_s3_bucket_server_side_encryption_configuration.this"]["rule"]
    assert rule["bucket_key_enabled"] is True
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "aws:kms"
    key = with_key["aws_kms_key.this[0]"]
    assert key["enable_key_rotation"] is True
    assert key["deletion_window_in_days"] == 14
    assert with_key["aws_kms_alias.this[0]"]["name"] == f"alias/{NAME}" == with_key.outputs["key_alias"]


def test_only_the_account_administers_the_key(with_key: Plan) -> None:
    [statement] = with_key["aws_kms_key.this[0]"].policy()["Statement"]
    assert statement["Principal"] == {"AWS": "arn:aws:iam::123456789012:root"}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"s3:x-amz-server-side-encryption": "AES256"}, id="no KMS"),
        # S3 uses the account-wide aws/s3 key for this one, not the bucket's.
        pytest.param({"s3:x-amz-server-side-encryption": "aws:kms"}, id="KMS without naming a key"),
        pytest.param({"s3:x-amz-server-side-encryption": "aws:kms:dsse"}, id="DSSE"),
        pytest.param({"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:x:1:key/2"}, id="another key"),
        pytest.param({"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}, id="a key of the client"),
    ],
)
def test_refuses_any_encryption_but_its_own(with_key: Plan, header: dict[str, str]) -> None:
    policy = [bucket_policy(with_key)]
    assert decide(policy, "s3:PutObject", f"{BUCKET}/model.pkl", {**SAFE, **header}) == "denied"
    assert decide(policy, "s3:PutObject", f"{BUCKET}/model.pkl", SAFE) == "not allowed", "the default must pass"


def test_without_a_key_uses_sse_s3(without_key: Plan) -> None:
    [rule] = without_key["aws_s3_bucket_server_side_encryption_configuration.this"]["rule"]
    assert rule["apply_server_side_encryption_by_default"][0]["sse_algorithm"] == "AES256"
    assert not without_key.of_type("aws_kms_key")
    policy = [bucket_policy(without_key)]
    header = {"s3:x-amz-server-side-encryption": "AES256"}
    assert decide(policy, "s3:PutObject", f"{BUCKET}/log", {**SAFE, **header}) == "not allowed", (
        "log delivery sends this"
    )


def test_logs_access(with_key: Plan, without_key: Plan) -> None:
    logging = with_key["aws_s3_bucket_logging.this[0]"]
    assert (logging["target_bucket"], logging["target_prefix"]) == ("hokusai-access-logs-staging", "s3/reports/")
    assert not without_key.of_type("aws_s3_bucket_logging")


def test_cleans_up_everywhere(any_bucket: Plan) -> None:
    [rule] = [
        rule
        for rule in any_bucket["aws_s3_bucket_lifecycle_configuration.this"]["rule"]
        if rule["id"] == "housekeeping"
    ]
    assert rule["status"] == "Enabled"
    assert rule["filter"][0]["prefix"] == ""
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 7}]
    assert rule["expiration"][0]["expired_object_delete_marker"] is True


def test_lifecycle_is_what_was_asked(with_key: Plan) -> None:
    rules = {rule["id"]: rule for rule in with_key["aws_s3_bucket_lifecycle_configuration.this"]["rule"]}
    assert rules.keys() == {"housekeeping", "cool-down", "off"}
    assert rules["off"]["status"] == "Disabled"
    rule = rules["cool-down"]
    assert rule["status"] == "Enabled"
    assert rule["filter"][0]["prefix"] == "runs/"
    assert {(move["storage_class"], move["days"]) for move in rule["transition"]} == {
        ("STANDARD_IA", 30),
        ("GLACIER_IR", 180),
    }
    assert rule["expiration"][0]["days"] == 900
    [old] = rule["noncurrent_version_expiration"]
    assert (old["noncurrent_days"], old["newer_noncurrent_versions"]) == (60, 3)
    assert rule["abort_incomplete_multipart_upload"] == [{"days_after_initiation": 2}]


def test_protection_is_on_unless_lifted(with_key: Plan, without_key: Plan) -> None:
    assert with_key["aws_s3_bucket.this"]["force_destroy"] is False
    assert with_key["terraform_data.guard[0]"].actions == ("create",)
    assert without_key["aws_s3_bucket.this"]["force_destroy"] is True
    assert not without_key.of_type("terraform_data")


def test_guard_refuses_and_follows_bucket_and_key() -> None:
    # A plan's JSON carries no `lifecycle`, so this reads the code. What it does is seen when an account is taken down.
    code = (MODULES / "guarded-bucket/guard.tf").read_text()
    assert re.search(r"prevent_destroy\s*=\s*true", code)
    [triggers] = re.findall(r"triggers_replace\s*=\s*\[(.+)\]$", code, re.MULTILINE)
    assert "aws_s3_bucket.this.id" in triggers
    assert "aws_kms_key.this[*].key_id" in triggers


def test_tags_bucket_and_key(with_key: Plan) -> None:
    for address in ("aws_s3_bucket.this", "aws_kms_key.this[0]"):
        assert with_key[address]["tags"] == {"Team": "registry", "Name": NAME}


def test_names_are_known_at_plan(any_bucket: Plan) -> None:
    assert any_bucket.outputs["bucket_name"] == NAME
    assert any_bucket.outputs["bucket_arn"] == BUCKET


def test_example(plan: ModulePlans) -> None:
    assert plan("guarded-bucket", {}, root="examples/basic").outputs == {"bucket_name": NAME}


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"prefix": "runs/"}, "lifecycle_rules without any action: mine"),
        ({"transitions": {"ICE": 30}}, "unknown storage class: mine (ICE)"),
        ({"transitions": {"STANDARD_IA": 29}}, "before day 30, which S3 refuses: mine (STANDARD_IA after 29 days)"),
        ({"transitions": {"STANDARD_IA": 40, "GLACIER_IR": 40}}, "two storage classes on the same day: mine"),
        ({"transitions": {"GLACIER_IR": 40}, "expire_after_days": 40}, "on or after the day they expire: mine"),
        ({"expire_after_days": 0}, "days that are not a whole number from 1 on: mine"),
        ({"expire_noncurrent_after_days": 1.5}, "days that are not a whole number from 1 on: mine"),
        ({"expire_after_days": 5, "keep_noncurrent_versions": 2}, "keep_noncurrent_versions S3 refuses: mine"),
        ({"expire_noncurrent_after_days": 5, "keep_noncurrent_versions": 101}, "must be 1 to 100"),
    ],
)
def test_refuses_lifecycle_rules_that_s3_would(refuse: Refusal, rule: dict[str, object], message: str) -> None:
    refuse("guarded-bucket", WITH_KEY | {"lifecycle_rules": {"mine": rule}}, message)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"lifecycle_rules": {"housekeeping": {"expire_after_days": 1}}}, "belongs to the rule that every bucket has"),
        ({"access_logs": {"bucket_name": "logs", "prefix": "s3"}}, 'must end with "/"'),
        ({"access_logs": {"bucket_name": "logs", "prefix": "/s3/"}}, 'must end with "/" and not begin with one'),
        ({"access_logs": {"bucket_name": NAME, "prefix": "s3/"}}, "every log written would cause another one"),
        ({"key": {"alias": NAME, "deletion_window_days": 6}}, "must be 7 to 30 days"),
        ({"key": {"alias": NAME, "deletion_window_days": 31}}, "must be 7 to 30 days"),
        ({"name": "Reports"}, 'name "Reports" is not a bucket name'),
    ],
)
def test_refuses(refuse: Refusal, changed: dict[str, object], message: str) -> None:
    refuse("guarded-bucket", WITH_KEY | changed, message)
