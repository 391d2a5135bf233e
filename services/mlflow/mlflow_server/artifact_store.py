"""A probe of the artifact store: an object is written, read and deleted, with the rights that MLflow will have."""

import json
import re
import secrets
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_server.errors import ServerError
from mlflow_server.settings import ArtifactStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CONNECT_SECONDS = 1.0
_READ_SECONDS = 1.5
# The bucket keeps the last versions of every key for ever, deleted or not, so keys must not be new each time; and two
# tasks that probe in the same moment must not meet at one.
_KEYS = 1000
_CACHE_FILE = "artifact-store-probe.json"
# How S3 says which right is missing (https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html).
_NOT_AUTHORIZED = re.compile(r"not authorized to perform: (?P<action>[a-z0-9]+:[A-Za-z]+)")


def probe(artifacts: ArtifactStore) -> None:
    """Write, read and delete a small object below the prefix.

    Args:
        artifacts: the store.

    Raises:
        ServerError: one of the three did not work; with the missing permission, or the reason.
    """
    import boto3  # noqa: PLC0415 - a health check with a fresh probe does not need it
    from botocore.config import Config  # noqa: PLC0415
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    content = uuid.uuid4().hex.encode()
    bucket, key = artifacts.bucket, f"{artifacts.prefix}/.probe/{secrets.randbelow(_KEYS):03}"
    action = "s3:PutObject"
    try:
        client: S3Client = boto3.client(
            "s3",
            config=Config(
                connect_timeout=_CONNECT_SECONDS, read_timeout=_READ_SECONDS, retries={"total_max_attempts": 1}
            ),
        )
        client.put_object(Bucket=bucket, Key=key, Body=content)
        action = "s3:GetObject"
        read = client.get_object(Bucket=bucket, Key=key)["Body"].read()
        action = "s3:DeleteObject"
        client.delete_object(Bucket=bucket, Key=key)
    except ClientError as error:
        raise ServerError(_explained(artifacts, action, error.response)) from None
    except BotoCoreError as error:
        raise ServerError(f"The artifact store {artifacts.uri} does not answer {action}: {error}") from None
    if read != content:
        raise ServerError(f"The artifact store {artifacts.uri} gave back something else than what was written.")


def probe_at_most_every(seconds: float, artifacts: ArtifactStore, scratch: Path) -> bool:
    """Probe unless a probe of the same store succeeded lately.

    Args:
        seconds: for how long a success stands; a failure never does.
        artifacts: the store.
        scratch: folder in which the last success is remembered.

    Returns:
        Whether it was probed now.

    Raises:
        ServerError: as `probe`.
    """
    cache = scratch / _CACHE_FILE
    if _succeeded_within(seconds, artifacts, cache):
        return False
    probe(artifacts)
    written = cache.with_suffix(f".{uuid.uuid4().hex}")  # two checks at a time must not read half a file
    written.write_text(json.dumps({"store": artifacts.uri, "succeeded": time.time()}))
    written.replace(cache)
    return True


def _succeeded_within(seconds: float, artifacts: ArtifactStore, cache: Path) -> bool:
    try:
        last = json.loads(cache.read_text())
        return bool(last["store"] == artifacts.uri and 0 <= time.time() - last["succeeded"] < seconds)
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return False


def _explained(artifacts: ArtifactStore, action: str, response: object) -> str:
    answer = response if isinstance(response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    message = str(answer.get("Error", {}).get("Message", ""))
    if code == "NoSuchBucket":
        return f"The artifact bucket {artifacts.bucket} does not exist: look at ARTIFACTS_DESTINATION."
    if code in {"AccessDenied", "403"}:
        missing = _NOT_AUTHORIZED.search(message)
        right = missing["action"] if missing else action
        where = (
            f"arn:aws:s3:::{artifacts.bucket}/{artifacts.prefix}/*" if right.startswith("s3:") else "the bucket's key"
        )
        return f"The artifact store {artifacts.uri} refuses {action}: the task role needs {right} on {where}."
    return f"The artifact store {artifacts.uri} refuses {action}: {code} {message}".rstrip()
