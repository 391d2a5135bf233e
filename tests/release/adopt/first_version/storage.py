"""The buckets of the first version."""

from typing import Final

from tests.release.adopt.first_version.account import ENVIRONMENT, OldAccount, tag_list

_ARTIFACTS: Final = f"hokusai-mlflow-artifacts-{ENVIRONMENT}"
_SETTINGS: Final = ("lifecycle_configuration", "server_side_encryption_configuration", "versioning")


def make_storage(old: OldAccount) -> None:
    """Make the bucket of artifacts, with one in it, and that of the pipeline's data.

    Args:
        old: the account.
    """
    s3 = old.client("s3")
    encrypted = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    for bucket in (_ARTIFACTS, f"hokusai-pipeline-data-{ENVIRONMENT}"):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tag_list()})
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=encrypted)
    rule = {
        "ID": "expire-old-versions",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=_ARTIFACTS, LifecycleConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=_ARTIFACTS, Key="artifacts/1/model/MLmodel", Body=b"flavors: {}")
    module = "module.artifact_bucket.module.bucket"
    old.kept[f"{module}.aws_s3_bucket.this"] = _ARTIFACTS
    old.kept |= {f"{module}.aws_s3_bucket_{setting}.this": _ARTIFACTS for setting in _SETTINGS}
