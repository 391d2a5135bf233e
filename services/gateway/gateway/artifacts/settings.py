"""What the direct artifact lane is told by the environment."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

_MIB = 2**20


class DirectLaneSettingsError(ValueError):
    """A setting of the lane is missing or wrong; one line each."""


@dataclass(frozen=True)
class DirectLaneSettings:
    """Where artifacts lie and how much memory and time moving them may take.

    Args:
        bucket: S3 bucket.
        prefix: key prefix of every artifact, without slashes at its ends; empty for the whole bucket.
        region: AWS region of the bucket.
        bucket_url: scheme, host and, in path style, the bucket; keys follow after a slash.
        part_bytes: preferred size of a part, and the largest upload that is one PutObject. S3 wants at least 5 MiB.
        most_parts: parts of one upload; S3 allows 10,000.
        largest_buffered_part: a larger part goes through as it comes, and cannot be sent again.
        buffer_bytes: memory for parts of all uploads of this process together.
        parts_at_once: parts of one upload on their way to S3.
        lead_bytes: of a download that come by one request; how long they take decides about the rest.
        windows_below: bytes a second; where S3 is slower, the rest comes by several requests at a time.
        window_bytes: of one request, where a large download is made of several at a time.
        windows_at_once: windows of one download in memory.
        read_ahead_bytes: memory for windows of all downloads of this process together.
        largest_upload: bytes; a longer body is refused, at the latest when it has become longer.
        connections: connections of this process to S3.
        connect_seconds: to connect to S3.
        answer_seconds: without a byte from S3.
        client_idle_seconds: without a byte from, or to, the client.
        attempts: how often a request that can be repeated is sent.
        backoff_seconds: upper bound of the first pause between two attempts; it doubles.
    """

    bucket: str
    prefix: str
    region: str
    bucket_url: str
    part_bytes: int = 8 * _MIB
    most_parts: int = 10_000
    largest_buffered_part: int = 16 * _MIB
    buffer_bytes: int = 32 * _MIB
    parts_at_once: int = 3
    lead_bytes: int = 4 * _MIB
    windows_below: float = 150.0 * _MIB
    window_bytes: int = 2 * _MIB
    windows_at_once: int = 12
    read_ahead_bytes: int = 24 * _MIB
    largest_upload: int = 100 * 2**30
    connections: int = 256
    connect_seconds: float = 2.0
    answer_seconds: float = 30.0
    client_idle_seconds: float = 60.0
    attempts: int = 3
    backoff_seconds: float = 0.1

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "DirectLaneSettings":
        """Read ARTIFACTS_DESTINATION, AWS_REGION (or AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL).

        Raises:
            DirectLaneSettingsError: each that is missing or wrong, one line each.
        """
        problems = []
        destination = re.fullmatch(
            r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/*(.*?)/*", environ.get("ARTIFACTS_DESTINATION", "")
        )
        if not destination or {"", ".", ".."} & set(destination[2].split("/")) - (
            {""} if not destination[2] else set()
        ):
            problems.append(
                f"ARTIFACTS_DESTINATION={environ.get('ARTIFACTS_DESTINATION', '')!r} must be s3://bucket/prefix, "
                "the same as MLflow's, when ARTIFACT_LANE=direct"
            )
        region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION", "")
        if not re.fullmatch(r"[a-z]{2}(-[a-z]+)+-\d", region):
            problems.append(f"AWS_REGION={region!r} must be an AWS region such as us-east-1 when ARTIFACT_LANE=direct")
        endpoint = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL", "")
        if endpoint and not _acceptable(endpoint):
            problems.append(
                f"AWS_ENDPOINT_URL={endpoint.rsplit('@')[-1]!r} must be https://host; plain http:// only on loopback, "
                "because bodies are protected by TLS and a checksum, not by the signature"
            )
        if problems or not destination:
            raise DirectLaneSettingsError("\n".join(problems))
        bucket, prefix = destination[1], destination[2]
        return cls(bucket, prefix, region, _bucket_url(bucket, region, endpoint.rstrip("/")))


def _acceptable(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        loopback = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    except ValueError:
        loopback = False
        parts = urlsplit(endpoint if endpoint.startswith("https://") else "")
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    return bool(parts.hostname) and plain and (parts.scheme == "https" or (parts.scheme == "http" and loopback))


def _bucket_url(bucket: str, region: str, endpoint: str) -> str:
    """Virtual-hosted on AWS, path style where the endpoint is named or TLS would not match a dotted bucket name."""
    if endpoint:
        return f"{endpoint}/{quote(bucket)}"
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    if "." in bucket:
        return f"https://s3.{region}.{suffix}/{bucket}"
    return f"https://{bucket}.s3.{region}.{suffix}"
