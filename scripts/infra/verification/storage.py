"""Steps about the bucket: what clients upload is where it belongs, encrypted with the bucket's own key."""

from typing import Any

from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

# environments/stack/storage.tf: the only place in the bucket that a task role reaches.
_PREFIX = "artifacts"


def _stored(target: Target) -> str:
    experiment = target.client.facts["experiment"]
    prefix = f"{_PREFIX}/{experiment}/"
    s3 = target.account.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=target.bucket, Prefix=prefix)
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    model = target.client.facts["model"]
    if not any(f"/{model}/" in key for key in keys):
        raise CheckFailed(
            f"The model {model} was registered, but s3://{target.bucket}/{prefix} does not hold its files "
            f"({len(keys)} objects are there)",
            arn=f"arn:aws:s3:::{target.bucket}",
        )
    wanted = _bucket_key(target, s3)
    for key in keys:
        _require_encrypted(target, s3.head_object(Bucket=target.bucket, Key=key), key, wanted)
    return f"{len(keys)} objects below s3://{target.bucket}/{prefix}, with {wanted.rpartition(':')[2]}"


def _bucket_key(target: Target, s3: Any) -> str:  # noqa: ANN401 - boto3 makes its clients at run time
    rules = s3.get_bucket_encryption(Bucket=target.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    default = rules[0]["ApplyServerSideEncryptionByDefault"]
    key = default.get("KMSMasterKeyID", "")
    if default["SSEAlgorithm"] != "aws:kms" or not key:
        raise CheckFailed(
            f"The bucket {target.bucket} does not encrypt with a key of its own by default",
            arn=f"arn:aws:s3:::{target.bucket}",
            attribute="rule",
            remedy="Set a customer-managed KMS key as the bucket's default encryption.",
        )
    return str(target.account.client("kms").describe_key(KeyId=key)["KeyMetadata"]["Arn"])


def _require_encrypted(target: Target, head: dict[str, Any], key: str, wanted: str) -> None:
    used = head.get("SSEKMSKeyId", "")
    if used and not used.startswith("arn:"):
        used = str(target.account.client("kms").describe_key(KeyId=used)["KeyMetadata"]["Arn"])
    if head.get("ServerSideEncryption") != "aws:kms" or used != wanted:
        found = f"{head.get('ServerSideEncryption') or 'nothing'} {used}".strip()
        raise CheckFailed(
            f"The artifact s3://{target.bucket}/{key} is encrypted with {found} instead of aws:kms {wanted}",
            arn=f"arn:aws:s3:::{target.bucket}",
        )


STEPS = (
    Step(
        "artifact-stored",
        "The model's files are in the artifact bucket, encrypted with its own key",
        _stored,
        needs=("model",),
        formerly="test_real_registration.py",
    ),
)
