"""What a call's permissions depend on beside its role: policies, encryption and tags of buckets, keys and secrets."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.permissions import ResourcePolicy

_Found = TypeVar("_Found")
_NOT_THERE = (
    "NoSuchBucket",
    "NoSuchBucketPolicy",
    "NoSuchKey",
    "404",
    "NotFoundException",
    "ParameterNotFound",
    "ResourceNotFoundException",
    "ServerSideEncryptionConfigurationNotFoundError",
)


@dataclass(frozen=True)
class Key:
    """A KMS key as a call sees it.

    Args:
        arn: its ARN.
        aliases: "alias/..." each.
        policy: who may use it.
    """

    arn: str
    aliases: tuple[str, ...]
    policy: ResourcePolicy


@dataclass(frozen=True)
class Secret:
    """A secret or a parameter.

    Args:
        arn: its ARN.
        key: that encrypts it, when it is one of the account's own.
        tags: of the secret.
        policy: of the secret, if it has one.
    """

    arn: str
    key: Key | None
    tags: Mapping[str, str]
    policy: ResourcePolicy | None = None


class Protected:
    """Reads from an account what protects its resources. What was read is kept until `refresh`.

    Args:
        account: where they are.
    """

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self._kept: dict[tuple[str, str], Any] = {}

    def refresh(self) -> None:
        """Forget what was read."""
        self._kept = {}

    def bucket_policy(self, bucket: str) -> ResourcePolicy | None:
        """The policy of a bucket, if it has one."""

        def read() -> ResourcePolicy:
            answer = self._account.client("s3").get_bucket_policy(Bucket=bucket)
            return ResourcePolicy(f"arn:aws:s3:::{bucket}", json.loads(answer["Policy"]))

        return self._once("bucket policy", bucket, read)

    def bucket_key(self, bucket: str) -> Key | None:
        """The account's own key that a bucket encrypts with unless told otherwise."""

        def read() -> Key | None:
            answer = self._account.client("s3").get_bucket_encryption(Bucket=bucket)
            for rule in answer["ServerSideEncryptionConfiguration"]["Rules"]:
                default = rule["ApplyServerSideEncryptionByDefault"]
                if default["SSEAlgorithm"].startswith("aws:kms") and default.get("KMSMasterKeyID"):
                    return self.key(default["KMSMasterKeyID"])
            return None

        return self._once("bucket key", bucket, read)

    def object_key(self, bucket: str, name: str) -> Key | None:
        """The key that an object was encrypted with."""
        try:
            head = self._account.client("s3").head_object(Bucket=bucket, Key=name)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NOT_THERE:
                return None
            raise
        return self.key(head["SSEKMSKeyId"]) if head.get("SSEKMSKeyId") else None

    def key(self, name: str) -> Key | None:
        """A KMS key by id, ARN or alias; None for a key of AWS, which nobody needs permission for."""

        def read() -> Key | None:
            kms = self._account.client("kms")
            found = kms.describe_key(KeyId=name)["KeyMetadata"]
            if found["KeyManager"] == "AWS":
                return None
            aliases = tuple(each["AliasName"] for each in kms.list_aliases(KeyId=found["KeyId"])["Aliases"])
            policy = json.loads(kms.get_key_policy(KeyId=found["KeyId"], PolicyName="default")["Policy"])
            return Key(found["Arn"], aliases, ResourcePolicy(found["Arn"], policy, "gate"))

        return None if name.startswith("alias/aws/") else self._once("key", name, read)

    def secret(self, name: str) -> Secret | None:
        """A secret of Secrets Manager by name or ARN, or None when there is no such secret."""

        def read() -> Secret:
            manager = self._account.client("secretsmanager")
            found = manager.describe_secret(SecretId=name)
            tags = {each["Key"]: each["Value"] for each in found.get("Tags", [])}
            policy = manager.get_resource_policy(SecretId=name).get("ResourcePolicy")
            own = ResourcePolicy(found["ARN"], json.loads(policy)) if policy else None
            return Secret(found["ARN"], self.key(found["KmsKeyId"]) if found.get("KmsKeyId") else None, tags, own)

        return self._once("secret", name, read)

    def parameter(self, name: str) -> Secret | None:
        """A parameter of Parameter Store by name or ARN, or None when there is no such parameter."""

        def read() -> Secret | None:
            plain = name.partition(":parameter")[2] if name.startswith("arn:") else name
            filters = [{"Key": "Name", "Option": "Equals", "Values": [plain]}]
            found = self._account.client("ssm").describe_parameters(ParameterFilters=filters)["Parameters"]
            if not found:
                return None
            account = self._account
            arn = f"arn:aws:ssm:{account.region}:{account.account_id}:parameter/{plain.removeprefix('/')}"
            encrypted = found[0]["Type"] == "SecureString"
            return Secret(arn, self.key(found[0].get("KeyId", "alias/aws/ssm")) if encrypted else None, {})

        return self._once("parameter", name, read)

    def _once(self, kind: str, name: str, read: Callable[[], _Found | None]) -> _Found | None:
        if (kind, name) not in self._kept:
            try:
                self._kept[kind, name] = read()
            except ClientError as error:
                if error.response["Error"]["Code"] not in _NOT_THERE:
                    raise
                return None
        found: _Found | None = self._kept[kind, name]
        return found
