"""state-backend promises: a guarded bucket with its own key, old states kept, a backend configuration that suits it."""

import json

import pytest

from infra.policies.iam.evaluation import Context, decide
from infra.terraform.plan_json import Plan
from tests.conftest import Refusal
from tests.module_plans import ModulePlans

NAME = "hokusai-terraform-state-staging"
VARIABLES: dict[str, object] = {
    "environment": "staging",
    "access_logs": {"bucket_name": "hokusai-access-logs-staging", "prefix": "s3/terraform-state/"},
    "noncurrent_versions_days": 180,
    "tags": {"Team": "registry"},
}


@pytest.fixture(scope="module")
def state(plan: ModulePlans) -> Plan:
    return plan("state-backend", VARIABLES)


def test_bucket_and_key_are_its_own(state: Plan) -> None:
    assert state["module.bucket.aws_s3_bucket.this"]["bucket"] == NAME
    assert state["module.bucket.aws_s3_bucket.this"]["tags"]["Team"] == "registry"
    assert state["module.bucket.aws_kms_alias.this[0]"]["name"] == f"alias/{NAME}"
    assert state["module.bucket.aws_kms_key.this[0]"]["deletion_window_in_days"] == 30
    assert state["module.bucket.aws_s3_bucket_logging.this[0]"]["target_prefix"] == "s3/terraform-state/"


def test_old_states_are_kept(state: Plan) -> None:
    rules = {rule["id"]: rule for rule in state["module.bucket.aws_s3_bucket_lifecycle_configuration.this"]["rule"]}
    [old] = rules["expire-old-states"]["noncurrent_version_expiration"]
    assert (old["noncurrent_days"], old["newer_noncurrent_versions"]) == (180, 20)
    assert not rules["expire-old-states"]["expiration"], "the current state never expires"
    assert state["module.bucket.aws_s3_bucket_versioning.this"]["versioning_configuration"][0]["status"] == "Enabled"


def test_nothing_but_the_bucket(state: Plan) -> None:
    assert not [found for found in state.resources.values() if "dynamodb" in found.type], "the lock is in the bucket"


def test_backend_configuration_suits_the_bucket(state: Plan) -> None:
    configuration = state.outputs["backend_config"]
    assert configuration == {"bucket": NAME, "region": "us-east-1", "use_lockfile": True}
    # `encrypt = true` makes Terraform send this header.
    policy = [state["module.bucket.aws_s3_bucket_policy.this"].policy()]
    header = {"s3:x-amz-server-side-encryption": "AES256"}
    assert decide(policy, "s3:PutObject", f"arn:aws:s3:::{NAME}/stack/terraform.tfstate", header) == "denied"
    assert decide(policy, "s3:PutObject", f"arn:aws:s3:::{NAME}/stack/terraform.tfstate") == "not allowed"


def administrator(
    state: Plan, action: str, key: str, *, user_id: str = "AROAADA:ada", header: Context | None = None
) -> str:
    """What the bucket's policy says to somebody who may otherwise do everything."""
    # The evaluator knows no policy variables: AWS puts the value in before it compares.
    written = json.dumps(state["module.bucket.aws_s3_bucket_policy.this"].policy())
    policy = json.loads(written.replace("${aws:userid}", user_id))
    admin = {"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    context: Context = {"aws:SecureTransport": "true", "s3:TlsVersion": "1.3", "aws:userid": user_id}
    return decide([policy, admin], action, f"arn:aws:s3:::{NAME}/{key}", {**context, **(header or {})})


@pytest.mark.parametrize(
    ("key", "decision"),
    [
        ("stack/terraform.tfstate", "allowed"),
        ("stack/terraform.tfstate.tflock", "allowed"),
        ("bootstrap/terraform.tfstate", "allowed"),
        ("approvals/AROAADA:ada/production/d/c", "allowed"),
        ("approvals/AROAADA:ada-lovelace/production/d/c", "denied"),
        ("approvals/AROABOB:bob/production/d/c", "denied"),
        ("approvals/AROAADA:ada", "denied"),
        ("approvals/x", "denied"),
        ("anything", "denied"),
    ],
)
def test_nobody_approves_for_somebody_else(state: Plan, key: str, decision: str) -> None:
    assert administrator(state, "s3:PutObject", key) == decision


@pytest.mark.parametrize(
    ("action", "header", "decision"),
    [
        ("s3:PutObject", {"s3:if-none-match": "*"}, "allowed"),
        ("s3:PutObject", {}, "denied"),
        ("s3:PutObject", {"s3:if-match": "etag"}, "denied"),
        ("s3:ReplicateObject", {}, "denied"),
        ("s3:ReplicateDelete", {}, "denied"),
        ("s3:DeleteObject", {}, "denied"),
        ("s3:DeleteObjectVersion", {}, "denied"),
        ("s3:GetObject", {}, "allowed"),
    ],
)
def test_the_ledger_only_grows(state: Plan, action: str, header: Context, decision: str) -> None:
    assert administrator(state, action, "ledger/00000001.json", header=header) == decision


@pytest.mark.parametrize("action", ["s3:DeleteObject", "s3:DeleteObjectVersion"])
def test_locks_can_be_freed_all_the_same(state: Plan, action: str) -> None:
    assert administrator(state, action, "stack/terraform.tfstate.tflock") == "allowed"


@pytest.mark.parametrize("prefix", ["approvals/", "ledger/", "stack", "", "*/", "Stack/", "a/b/"])
def test_states_lie_in_folders(refuse: Refusal, prefix: str) -> None:
    refuse("state-backend", VARIABLES | {"state_prefixes": [prefix]}, "state_prefixes must be names of one folder each")


def test_outputs_are_known_at_plan(state: Plan) -> None:
    assert state.outputs["bucket_name"] == NAME
    assert state.outputs["bucket_arn"] == f"arn:aws:s3:::{NAME}"
    assert state.outputs["key_alias"] == f"alias/{NAME}"


def test_protection(state: Plan, plan: ModulePlans) -> None:
    assert len(state.of_type("terraform_data")) == 1
    assert state["module.bucket.aws_s3_bucket.this"]["force_destroy"] is False
    open_to_removal = plan("state-backend", VARIABLES | {"deletion_protection": False})
    assert not open_to_removal.of_type("terraform_data")
    assert open_to_removal["module.bucket.aws_s3_bucket.this"]["force_destroy"] is True


def test_example(plan: ModulePlans) -> None:
    assert plan("state-backend", {}, root="examples/basic").outputs["backend_config"]["bucket"] == NAME


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"environment": "s"}, "environment must be lower-case letters"),
        ({"noncurrent_versions_days": 29}, "noncurrent_versions_days must be a whole number, 30 or more"),
        ({"noncurrent_versions_days": 30.5}, "noncurrent_versions_days must be a whole number, 30 or more"),
    ],
)
def test_refuses(refuse: Refusal, changed: dict[str, object], message: str) -> None:
    refuse("state-backend", VARIABLES | changed, message)
