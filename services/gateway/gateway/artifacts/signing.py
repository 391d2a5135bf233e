"""Requests to S3, signed: AWS Signature Version 4 by botocore's signer.

Bodies are not part of the signature (`UNSIGNED-PAYLOAD`): a stream cannot be hashed before it is sent, and SHA-256
would cost more time than all the rest. They travel under TLS and with a CRC32 that S3 compares before it stores
anything; settings refuse plain HTTP beyond loopback.
Source: docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import ReadOnlyCredentials

_UNSIGNED_BODY = Config(s3={"payload_signing_enabled": False})


@dataclass(frozen=True)
class Call:
    """One request to S3 before it is signed.

    Args:
        method: HTTP method.
        key: object key; None for the bucket itself.
        query: parameters, not yet encoded.
        headers: without those that the signature adds.
        trailer: the body is `aws-chunked` and ends in its checksum.
    """

    method: str
    key: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    trailer: bool = False


def signed(call: Call, bucket_url: str, region: str, credentials: ReadOnlyCredentials) -> tuple[str, dict[str, str]]:
    """URL and headers of a call.

    Args:
        call: what to ask.
        bucket_url: without a slash at its end.
        region: of the bucket.
        credentials: to sign with.

    Returns:
        The URL, encoded exactly as it was signed, and all headers.
    """
    path = "/" if call.key is None else "/" + quote(call.key, safe="/-_.~")
    query = "&".join(f"{_encoded(name)}={_encoded(call.query[name])}" for name in sorted(call.query))
    url = f"{bucket_url}{path}{'?' if query else ''}{query}"
    request = AWSRequest(call.method, url, headers=dict(call.headers), data=None)
    request.context["client_config"] = _UNSIGNED_BODY
    if call.trailer:
        request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
    S3SigV4Auth(credentials, "s3", region).add_auth(request)
    return url, dict(request.headers.items())


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")
