"""Which permissions a call of an AWS API needs: its own, and those that the service asks for in the caller's name.

S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html and, for encrypted buckets,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html. A call that is not known here needs a
permission that nobody has, so that it is looked at rather than waved through.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

from infra.preflight.platform.permissions import ResourcePolicy
from infra.preflight.platform.protected import Key, Protected, Secret

UNKNOWN = "unknown to preflight"


@dataclass(frozen=True)
class Call:
    """A request to an AWS API.

    Args:
        service: as it is signed for, e.g. "s3".
        region: as it is signed for.
        method: HTTP method.
        path: raw path; path style for S3.
        query: parameters, decoded.
        headers: names in lower case.
        body: whole body, except for S3 objects.
    """

    service: str
    region: str
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Need:
    """A permission that a call needs.

    Args:
        action: as in "s3:PutObject".
        resource: ARN that it is about.
        context: condition keys.
        others: policies that have a say beside the role's.
    """

    action: str
    resource: str
    context: Mapping[str, str | list[str]] = field(default_factory=dict)
    others: tuple[ResourcePolicy, ...] = ()


def needs(call: Call, protected: Protected) -> list[Need]:
    """The permissions that a call needs.

    Args:
        call: the request.
        protected: tells policies, keys and tags of what it is about.

    Returns:
        At least one permission, the call's own first; none for calls that need none.
    """
    match call.service:
        case "s3":
            return _s3(call, protected)
        case "sts" if b"Action=GetCallerIdentity" in call.body or call.query.get("Action") == "GetCallerIdentity":
            return []
        case "secretsmanager":
            return _secret(call, protected)
        case "ssm":
            return _parameters(call, protected)
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2]
    form = dict(parse_qsl(call.body.decode(errors="replace")))
    operation = operation or call.query.get("Action") or form.get("Action") or f"{call.method} {call.path}"
    return [Need(f"{call.service}:{operation}", "*")]


def _s3(call: Call, protected: Protected) -> list[Need]:
    bucket, _, raw_key = call.path.lstrip("/").partition("/")
    if not bucket:
        return [Need("s3:ListAllMyBuckets", "*")]
    key, policy = unquote(raw_key), protected.bucket_policy(bucket)
    actions, context = (_on_object(call) if key else _on_bucket(call)), _s3_context(call)
    arn = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")
    others = (policy,) if policy else ()
    resources = _deleted_objects(call, arn) if actions == ["s3:DeleteObject"] and not key else [arn]
    found = [Need(action, resource, context, others) for action in actions for resource in resources]
    if "x-amz-copy-source" in call.headers:
        source = unquote(call.headers["x-amz-copy-source"]).lstrip("/").partition("?")[0]
        source_policy = protected.bucket_policy(source.partition("/")[0])
        own = (source_policy,) if source_policy else ()
        found.append(Need("s3:GetObject", f"arn:aws:s3:::{source}", {}, own))
    return found + _s3_key(call, actions[0], bucket, key, protected)


# Method, the parameter that tells operations apart ("" without one), and the permission.
_OBJECT_OPERATIONS = (
    ("GET", "uploadId", "s3:ListMultipartUploadParts"),
    ("GET", "tagging", "s3:GetObjectTagging"),
    ("GET", "", "s3:GetObject"),
    ("HEAD", "", "s3:GetObject"),
    ("PUT", "tagging", "s3:PutObjectTagging"),
    ("PUT", "uploadId", "s3:PutObject"),
    ("PUT", "", "s3:PutObject"),
    ("POST", "uploads", "s3:PutObject"),
    ("POST", "uploadId", "s3:PutObject"),
    ("DELETE", "uploadId", "s3:AbortMultipartUpload"),
    ("DELETE", "", "s3:DeleteObject"),
)
# Parameters that choose no operation.
_DETAILS = {"versionId", "x-id", "partNumber", "response-content-disposition", "response-content-type"}


def _on_object(call: Call) -> list[str]:
    chosen = call.query.keys() - _DETAILS - {name for name in call.query if name.lower().startswith("x-amz-")}
    for method, parameter, action in _OBJECT_OPERATIONS:
        if call.method == method and chosen == ({parameter} if parameter else set()):
            version = "versionId" in call.query and action in ("s3:GetObject", "s3:DeleteObject")
            tags = ["s3:PutObjectTagging"] if "x-amz-tagging" in call.headers and action == "s3:PutObject" else []
            return [f"{action}Version" if version else action, *tags]
    return [f"s3:{UNKNOWN} ({call.method} ?{'&'.join(sorted(call.query))})"]


def _on_bucket(call: Call) -> list[str]:
    sub = call.query.keys() - {"x-id"}
    listing = {"list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "marker"}
    if call.method == "HEAD" or (call.method == "GET" and not sub - listing - {"encoding-type", "fetch-owner"}):
        return ["s3:ListBucket"]
    by_parameter = {
        ("GET", "location"): "s3:GetBucketLocation",
        ("GET", "versions"): "s3:ListBucketVersions",
        ("GET", "uploads"): "s3:ListBucketMultipartUploads",
        ("POST", "delete"): "s3:DeleteObject",
    }
    for (method, parameter), action in by_parameter.items():
        if call.method == method and parameter in sub:
            return [action]
    return [f"s3:{UNKNOWN} ({call.method} ?{'&'.join(sorted(sub))})"]


def _deleted_objects(call: Call, bucket_arn: str) -> list[str]:
    root = ElementTree.fromstring(call.body)  # noqa: S314 - of a program that this run started
    return [f"{bucket_arn}/{each.text}" for each in root.iter() if each.tag.rpartition("}")[2] == "Key"]


def _s3_context(call: Call) -> dict[str, str | list[str]]:
    # On AWS the same program speaks TLS: the plain HTTP of the emulation is not what the policies are asked about.
    context: dict[str, str | list[str]] = {"s3:TlsVersion": "1.3", "s3:signatureversion": "AWS4-HMAC-SHA256"}
    for parameter in ("prefix", "delimiter", "max-keys"):
        if parameter in call.query:
            context[f"s3:{parameter}"] = call.query[parameter]
    for name, value in call.headers.items():
        if name.startswith(("x-amz-server-side-encryption", "x-amz-acl", "x-amz-storage-class", "x-amz-copy-source")):
            context[f"s3:{name}"] = value
    return context


def _s3_key(call: Call, action: str, bucket: str, name: str, protected: Protected) -> list[Need]:
    """What S3 asks of KMS. Bucket keys save calls, not permissions."""
    if action == "s3:PutObject":
        named = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id")
        other = call.headers.get("x-amz-server-side-encryption") == "AES256"
        key = protected.key(named) if named else None if other else protected.bucket_key(bucket)
        # Parts of an upload are decrypted when it is completed.
        wanted = "kms:Decrypt" if call.method == "POST" and "uploadId" in call.query else "kms:GenerateDataKey"
    elif action in ("s3:GetObject", "s3:GetObjectVersion"):
        key, wanted = protected.object_key(bucket, name), "kms:Decrypt"
    else:
        return []
    return [_kms(key, wanted, "s3", call.region, {"aws:s3:arn": f"arn:aws:s3:::{bucket}"})] if key else []


def _kms(key: Key, action: str, via: str, region: str, encryption: Mapping[str, str]) -> Need:
    context: dict[str, str | list[str]] = {
        "kms:ViaService": f"{via}.{region}.amazonaws.com",
        "kms:ResourceAliases": list(key.aliases),
        "kms:CallerAccount": key.arn.split(":")[4],
        "kms:EncryptionContextKeys": list(encryption),
    }
    context |= {f"kms:EncryptionContext:{name}": value for name, value in encryption.items()}
    return Need(action, key.arn, context, (key.policy,))


def secret_needs(secret: Secret, region: str) -> list[Need]:
    """What reading a secret of Secrets Manager needs."""
    context: dict[str, str | list[str]] = {"secretsmanager:SecretId": secret.arn}
    context |= {f"aws:ResourceTag/{name}": value for name, value in secret.tags.items()}
    context |= {f"secretsmanager:ResourceTag/{name}": value for name, value in secret.tags.items()}
    found = [Need("secretsmanager:GetSecretValue", secret.arn, context, (secret.policy,) if secret.policy else ())]
    if secret.key:
        found.append(_kms(secret.key, "kms:Decrypt", "secretsmanager", region, {"SecretARN": secret.arn}))
    return found


def parameter_needs(parameter: Secret, region: str, action: str = "ssm:GetParameters") -> list[Need]:
    """What reading a parameter of Parameter Store needs."""
    found = [Need(action, parameter.arn)]
    if parameter.key:
        found.append(_kms(parameter.key, "kms:Decrypt", "ssm", region, {"PARAMETER_ARN": parameter.arn}))
    return found


def _secret(call: Call, protected: Protected) -> list[Need]:
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2]
    name = json.loads(call.body or b"{}").get("SecretId", "*")
    secret = protected.secret(name)
    if secret is None:
        return [Need(f"secretsmanager:{operation}", name)]
    reading = secret_needs(secret, call.region)
    return (
        reading
        if operation == "GetSecretValue"
        else [Need(f"secretsmanager:{operation}", secret.arn, reading[0].context)]
    )


def _parameters(call: Call, protected: Protected) -> list[Need]:
    operation = call.headers.get("x-amz-target", "").rpartition(".")[2]
    body = json.loads(call.body or b"{}")
    names = body.get("Names") or [body.get("Name", "*")]
    found = []
    for name in names:
        parameter = protected.parameter(name)
        if parameter is None:
            found.append(Need(f"ssm:{operation}", name))
        else:
            needed = parameter_needs(parameter, call.region, f"ssm:{operation}")
            found += needed if body.get("WithDecryption") else needed[:1]
    return found
