"""The artifact bucket and MLflow's task role in an emulated account that enforces IAM, and ways to break them."""

import http.client
import json
import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from infra.account.emulated import EmulatedAccount

PREFIX = "artifacts"  # environments/stack/storage.tf
# What modules/task-roles allows on the prefix.
OBJECT_ACTIONS = (
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListMultipartUploadParts",
    "s3:PutObject",
)
_POLICY = "program"


@dataclass(frozen=True)
class Credentials:
    """Keys of a user or of an assumed role."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def environment(self) -> dict[str, str]:
        """As AWS SDKs read them."""
        token = {"AWS_SESSION_TOKEN": self.session_token} if self.session_token else {}
        return {"AWS_ACCESS_KEY_ID": self.access_key_id, "AWS_SECRET_ACCESS_KEY": self.secret_access_key, **token}


@dataclass(frozen=True)
class ArtifactStore:
    """A bucket, a task role that may use one prefix of it, and an administrator.

    Args:
        account: where all of it is; nobody else's.
        bucket: bucket name.
        role: name of the task role.
        task: its credentials.
        administrator: may do everything; for tests that look or break something.
    """

    account: EmulatedAccount
    bucket: str
    role: str
    task: Credentials
    administrator: Credentials

    @property
    def destination(self) -> str:
        """ARTIFACTS_DESTINATION."""
        return f"s3://{self.bucket}/{PREFIX}"

    def environment(self, credentials: Credentials | None = None, endpoint: str | None = None) -> dict[str, str]:
        """What a program with the task role gets: region, endpoint, credentials, destination.

        Args:
            credentials: others than the task role's.
            endpoint: another URL than the account's own.
        """
        return {
            "ARTIFACTS_DESTINATION": self.destination,
            "AWS_REGION": self.account.region,
            "AWS_DEFAULT_REGION": self.account.region,
            "AWS_ENDPOINT_URL": endpoint or self.account.endpoint,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            **(credentials or self.task).environment(),
        }

    def client(self, service: str = "s3", credentials: Credentials | None = None) -> Any:
        """A boto3 client; the administrator's unless told otherwise."""
        return client(self.account, service, credentials or self.administrator)

    def object_keys(self) -> list[str]:
        """All object keys of the bucket."""
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def allow(self, *object_actions: str, listing: bool = True) -> None:
        """Give the task role these rights on the prefix, and no others. Without arguments: those of modules/task-roles.

        Args:
            object_actions: e.g. "s3:GetObject".
            listing: also s3:ListBucket.
        """
        self.client("iam").put_role_policy(
            RoleName=self.role,
            PolicyName=_POLICY,
            PolicyDocument=json.dumps(_policy(self.bucket, object_actions or OBJECT_ACTIONS, listing)),
        )

    def deny(self, *object_actions: str) -> None:
        """Take rights from the task role; `allow()` gives them back."""
        self.allow(*(action for action in OBJECT_ACTIONS if action not in object_actions), listing=True)

    def deny_all(self) -> None:
        """Take every right from the task role; `allow()` gives them back."""
        self.client("iam").delete_role_policy(RoleName=self.role, PolicyName=_POLICY)

    def delete_bucket(self) -> None:
        """Remove the bucket and what is in it; `create_bucket` makes an empty one."""
        s3 = self.client()
        for key in self.object_keys():
            s3.delete_object(Bucket=self.bucket, Key=key)
        s3.delete_bucket(Bucket=self.bucket)

    def create_bucket(self) -> None:
        """Make the bucket again."""
        self.client().create_bucket(Bucket=self.bucket)

    def pause(self) -> None:
        """Connections are accepted, and nothing is answered, until `resume`."""
        os.kill(self.account.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """End of `pause`."""
        os.kill(self.account.pid, signal.SIGCONT)

    def fork(self) -> "ArtifactStore":
        """A copy of its own, on another port, for a test that breaks it. End it with `account.stop()`."""
        return ArtifactStore(
            self.account.fork(parent_pid=os.getpid()), self.bucket, self.role, self.task, self.administrator
        )


def client(account: EmulatedAccount, service: str, credentials: Credentials) -> Any:
    """A boto3 client with given credentials."""
    return boto3.client(
        service,
        region_name=account.region,
        endpoint_url=account.endpoint,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, connect_timeout=5),
    )


def make_artifact_store(account: EmulatedAccount, bucket: str = "hokusai-mlflow-artifacts-test") -> ArtifactStore:
    """Fill an account that belongs to nobody else, and let it enforce IAM from now on."""
    role = "hokusai-mlflow-task-test"
    iam, s3 = account.client("iam"), account.client("s3")
    s3.create_bucket(Bucket=bucket)
    iam.create_user(UserName="administrator")
    iam.put_user_policy(
        UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(_document([_statement("*", "*")]))
    )
    keys = iam.create_access_key(UserName="administrator")["AccessKey"]
    trust = {"Effect": "Allow", "Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole"}
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(_document([trust])))["Role"]["Arn"]
    assumed = account.client("sts").assume_role(RoleArn=arn, RoleSessionName="task")["Credentials"]
    store = ArtifactStore(
        account,
        bucket,
        role,
        Credentials(assumed["AccessKeyId"], assumed["SecretAccessKey"], assumed["SessionToken"]),
        Credentials(keys["AccessKeyId"], keys["SecretAccessKey"]),
    )
    store.allow()
    enforce_iam(account)
    return store


def enforce_iam(account: EmulatedAccount, *, after_calls: str = "0") -> None:
    """From now on every call needs rights (moto's own switch); "inf" ends it."""
    connection = http.client.HTTPConnection("127.0.0.1", account.port, timeout=10)
    connection.request("POST", "/moto-api/reset-auth", after_calls.encode(), {"Content-Type": "text/plain"})
    if connection.getresponse().status != http.client.OK:
        raise RuntimeError("the emulated account does not enforce IAM")
    connection.close()


def _policy(bucket: str, object_actions: tuple[str, ...], listing: bool) -> Mapping[str, Any]:
    statements = [_statement(list(object_actions), f"arn:aws:s3:::{bucket}/{PREFIX}/*")]
    if listing:
        # The module also demands the prefix; moto does not look at conditions.
        statements.append(_statement("s3:ListBucket", f"arn:aws:s3:::{bucket}"))
    return _document(statements)


def _statement(action: str | list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def _document(statements: list[Any]) -> Mapping[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}
