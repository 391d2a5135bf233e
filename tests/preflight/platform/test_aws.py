"""Tasks call AWS with their role's credentials, and get what the applied policies say."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.preflight.platform.aws_calls import Call, needs
from infra.preflight.platform.model import PlatformFailure
from infra.preflight.platform.protected import Protected
from tests.preflight.platform.small import BUCKET, Running, Small, disconnect

_OBJECTS = f"arn:aws:s3:::{BUCKET}/models/*"
_CALL = """
import boto3, json, urllib.request, os
from botocore.config import Config
from botocore.exceptions import ClientError, BotoCoreError

def client(service):
    return boto3.client(service, config=Config(retries={{"total_max_attempts": 1}}, connect_timeout=5))

def tried(call):
    try:
        call()
        return "allowed"
    except ClientError as error:
        return error.response["Error"]["Code"] + ": " + error.response["Error"]["Message"]
    except BotoCoreError as error:
        return type(error).__name__

s3 = client("s3")
{code}
"""


def _inside(running: Running, code: str, service: str = "web") -> Any:
    """As the program of the task: its environment, credentials endpoint included."""
    task = running.task(service)
    environment = running.platform.client_environment({"PATH": "/usr/bin:/bin", "HOME": "/nowhere"}, task)
    return running.run(_CALL.format(code=code), environment)


def _allow(action: str | list[str], resource: str, **condition: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})


@pytest.fixture
def allowed(small: Small) -> Small:
    """The task may read and write below models/ and list it."""
    small.set_policy(
        "task",
        _allow(["s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"], _OBJECTS),
        _allow("s3:ListBucket", f"arn:aws:s3:::{BUCKET}", StringLike={"s3:prefix": "models/*"}),
    )
    return small


def test_credentials_are_those_of_the_task_role(running: Running) -> None:
    told = _inside(running, 'result = client("sts").get_caller_identity()["Arn"]')
    assert told == (f"arn:aws:sts::{running.small.account.account_id}:assumed-role/small-task/{running.task('web').id}")


def test_another_task_gets_no_credentials_of_it(running: Running) -> None:
    given = running.platform.client_environment({}, running.task("web"))
    path = given["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]
    code = f"""
import urllib.request, urllib.error
try:
    result = urllib.request.urlopen("http://169.254.170.2{path}").status
except urllib.error.HTTPError as error:
    result = error.code
"""
    assert running.inside("web", code) == 200
    assert running.inside("back", code) == 400


def test_other_keys_open_nothing(running: Running) -> None:
    code = """
os.environ |= {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "x"}
result = tried(lambda: boto3.session.Session().client("s3").head_bucket(Bucket="other"))
"""
    assert _inside(running, code).startswith("403")
    code = """
own = boto3.session.Session().get_credentials().get_frozen_credentials()
without_token = boto3.session.Session(own.access_key, own.secret_key)
result = tried(lambda: without_token.client("s3").list_objects_v2(Bucket="other"))
"""
    assert _inside(running, code).startswith("InvalidAccessKeyId")
    assert not any(call.action == "s3:ListBucket" and "other" in call.resource for call in running.platform.aws_calls)


def test_actions_resources_and_conditions(allowed: Small, tmp_path: Path) -> None:
    with allowed.running(tmp_path) as running:
        code = f"""
put = lambda key: s3.put_object(Bucket={BUCKET!r}, Key=key, Body=b"content")
listed = lambda **more: s3.list_objects_v2(Bucket={BUCKET!r}, **more)
result = {{
    "put": tried(lambda: put("models/a b+c")),
    "read": s3.get_object(Bucket={BUCKET!r}, Key="models/a b+c")["Body"].read().decode(),
    "put elsewhere": tried(lambda: put("other/a")),
    "delete": tried(lambda: s3.delete_object(Bucket={BUCKET!r}, Key="models/a b+c")),
    "list": tried(lambda: listed(Prefix="models/")),
    "list elsewhere": tried(lambda: listed(Prefix="other/")),
    "list all": tried(listed),
    "not there": tried(lambda: s3.get_object(Bucket={BUCKET!r}, Key="models/none")),
    "another service": tried(lambda: client("sqs").list_queues()),
}}
"""
        told = _inside(running, code)
        assert (told["put"], told["read"], told["list"]) == ("allowed", "content", "allowed")
        role = f"arn:aws:sts::{allowed.account.account_id}:assumed-role/small-task/{running.task('web').id}"
        assert told["put elsewhere"].startswith(
            f"AccessDenied: User: {role} is not authorized to perform: s3:PutObject on resource: "
            f"arn:aws:s3:::{BUCKET}/other/a because"
        )
        for refused in ("delete", "list elsewhere", "list all", "another service"):
            assert "AccessDenied" in told[refused], refused
        # Who may not list without a prefix is not told that an object is missing.
        assert told["not there"].startswith("AccessDenied")
        with pytest.raises(PlatformFailure, match="small-task may not s3:PutObject") as failure:
            running.platform.verdict()
        assert failure.value.arn == allowed.ids["task"]
        calls = {(call.action, call.allowed) for call in running.platform.aws_calls}
        assert {("s3:PutObject", True), ("s3:PutObject", False), ("s3:GetObject", True)} <= calls


def test_an_encrypted_bucket_needs_its_key(allowed: Small, tmp_path: Path) -> None:
    kms, s3 = allowed.client("kms"), allowed.client("s3")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    kms.create_alias(AliasName="alias/small", TargetKeyId=key)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": default}]},
    )
    code = f"""
body = b"x" * (6 << 20)
def upload():
    made = s3.create_multipart_upload(Bucket={BUCKET!r}, Key="models/m")["UploadId"]
    same = dict(Bucket={BUCKET!r}, Key="models/m", UploadId=made)
    part = s3.upload_part(Body=body, PartNumber=1, **same)
    s3.complete_multipart_upload(MultipartUpload={{"Parts": [{{"PartNumber": 1, "ETag": part["ETag"]}}]}}, **same)
result = [
    tried(lambda: s3.put_object(Bucket={BUCKET!r}, Key="models/k", Body=b"content")),
    tried(lambda: s3.get_object(Bucket={BUCKET!r}, Key="models/k")),
    tried(upload),
]
"""
    objects = _allow(["s3:GetObject", "s3:PutObject"], _OBJECTS)
    through = {"kms:ViaService": "s3.us-east-1.amazonaws.com"}
    by_alias = {"kms:ResourceAliases": "alias/small"}
    with allowed.running(tmp_path) as running:

        def tried(*statements: dict[str, Any]) -> list[str]:
            allowed.set_policy("task", objects, *statements)
            running.platform.refresh()
            return [each.partition(":")[0] for each in _inside(running, code)]

        both = ["kms:GenerateDataKey", "kms:Decrypt"]
        assert tried()[0] == "AccessDenied"
        assert tried(_allow(both, key, StringEquals=through)) == ["allowed"] * 3
        assert tried(_allow("kms:GenerateDataKey", key)) == ["allowed", "AccessDenied", "AccessDenied"]
        any_key = key.rpartition("/")[0] + "/*"
        assert tried(_allow(both, any_key, **{"ForAnyValue:StringEquals": by_alias})) == ["allowed"] * 3
        other = {"kms:ResourceAliases": "alias/other"}
        assert tried(_allow(both, any_key, **{"ForAnyValue:StringEquals": other}))[0] == "AccessDenied"
        wrong_service = {"kms:ViaService": "ssm.us-east-1.amazonaws.com"}
        assert tried(_allow(both, key, StringEquals=wrong_service))[0] == "AccessDenied"
        # The key's own policy has a say: this one leaves nothing to IAM.
        nobody = {
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::999999999999:root"},
            "Action": "kms:*",
            "Resource": "*",
        }
        kms.put_key_policy(
            KeyId=key, PolicyName="default", Policy=json.dumps({"Version": "2012-10-17", "Statement": [nobody]})
        )
        assert tried(_allow(both, key))[0] == "AccessDenied"


def test_a_bucket_policy_and_a_boundary_have_a_say(allowed: Small, tmp_path: Path) -> None:
    s3, iam = allowed.client("s3"), allowed.client("iam")
    code = f"""
put = lambda **more: s3.put_object(Bucket={BUCKET!r}, Key="models/p", Body=b"content", **more)
result = [tried(put), tried(lambda: put(ServerSideEncryption="AES256"))]
"""
    null = {"Null": {"s3:x-amz-server-side-encryption": "false"}}
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{BUCKET}/*"}
    statements = [deny | {"Condition": null, "Sid": "NoChoice"}, deny | {"Condition": plain}]
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    with allowed.running(tmp_path) as running:
        told = _inside(running, code)
        assert told[0] == "allowed"
        assert "denies it (statement NoChoice)" in told[1]
        document = json.dumps({"Version": "2012-10-17", "Statement": [_allow("s3:GetObject", "*")]})
        boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=document)["Policy"]["Arn"]
        iam.put_role_permissions_boundary(RoleName="small-task", PermissionsBoundary=boundary)
        running.platform.refresh()
        assert "permissions boundary of role small-task does not allow it" in _inside(running, code)[0]


def test_a_secret_by_its_tag(small: Small, tmp_path: Path) -> None:
    manager = small.client("secretsmanager")
    tags = [{"Key": "owner", "Value": "small"}]
    arn = manager.create_secret(Name="tagged", SecretString="open", Tags=tags)["ARN"]
    read = 'client("secretsmanager").get_secret_value(SecretId=%r)["SecretString"]' % arn  # noqa: UP031
    pattern = f"arn:aws:secretsmanager:us-east-1:{small.account.account_id}:secret:tag*"
    with small.running(tmp_path) as running:

        def tried(owner: str) -> str:
            condition = {"StringEquals": {"aws:ResourceTag/owner": owner}}
            small.set_policy("task", _allow("secretsmanager:GetSecretValue", pattern, **condition))
            running.platform.refresh()
            return str(_inside(running, f"result = tried(lambda: {read})"))

        assert tried("small") == "allowed"
        assert tried("other").startswith("AccessDeniedException")


def test_aws_is_reached_through_the_applied_network_only(allowed: Small, tmp_path: Path) -> None:
    code = f'result = tried(lambda: s3.put_object(Bucket={BUCKET!r}, Key="models/n", Body=b"content"))'
    with allowed.running(tmp_path) as running:
        assert _inside(running, code) == "allowed"
        disconnect(allowed, "web", egress=True, port=443)
        running.platform.refresh()
        assert _inside(running, code) in ("ConnectionClosedError", "EndpointConnectionError")
        with pytest.raises(PlatformFailure, match="web has no outgoing rule to the internet, port 443"):
            running.platform.verdict()


def test_an_endpoint_policy_has_a_say(allowed: Small, tmp_path: Path) -> None:
    code = f"""
result = [tried(lambda: s3.put_object(Bucket={BUCKET!r}, Key=key, Body=b"content")) for key in ("models/a", "models/b")]
"""
    only = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{BUCKET}/models/a"}
    allowed.client("ec2").create_vpc_endpoint(
        VpcId=allowed.ids["vpc"],
        ServiceName="com.amazonaws.us-east-1.s3",
        RouteTableIds=[allowed.ids["routes"]],
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [only]}),
    )
    with allowed.running(tmp_path) as running:
        told = _inside(running, code)
        assert told[0] == "allowed"
        assert "vpce-" in told[1]


def test_a_policy_that_changes_meanwhile_counts_as_soon_as_the_account_is_read_again(
    allowed: Small, tmp_path: Path
) -> None:
    code = f'result = tried(lambda: s3.put_object(Bucket={BUCKET!r}, Key="models/d", Body=b"content"))'
    iam, name = allowed.client("iam"), {"RoleName": "small-task", "PolicyName": "no"}
    denial = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"}]}
    with allowed.running(tmp_path) as running:
        iam.put_role_policy(**name, PolicyDocument=json.dumps(denial))
        running.platform.refresh()
        assert _inside(running, code).startswith("AccessDenied")
        iam.delete_role_policy(**name)
        running.platform.refresh()
        assert _inside(running, code) == "allowed"


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("head_object(Bucket=B, Key='models/x')", "s3:GetObject"),
        ("delete_objects(Bucket=B, Delete={'Objects': [{'Key': 'models/x'}]})", "s3:DeleteObject"),
        ("get_object_tagging(Bucket=B, Key='models/x')", "s3:GetObjectTagging"),
        ("put_object_tagging(Bucket=B, Key='models/x', Tagging={'TagSet': []})", "s3:PutObjectTagging"),
        ("head_bucket(Bucket=B)", "s3:ListBucket"),
        ("list_multipart_uploads(Bucket=B)", "s3:ListBucketMultipartUploads"),
        ("get_bucket_location(Bucket=B)", "s3:GetBucketLocation"),
        ("list_object_versions(Bucket=B)", "s3:ListBucketVersions"),
        ("get_bucket_policy(Bucket=B)", "s3:unknown to preflight"),
        ("list_buckets()", "s3:ListAllMyBuckets"),
    ],
)
def test_each_call_needs_the_permission_that_aws_names(running: Running, call: str, action: str) -> None:
    """Denied, since the role of `running` may do nothing: what is recorded is what was missing."""
    before = len(running.platform.aws_calls)
    told = _inside(running, f"B = {BUCKET!r}\nresult = tried(lambda: s3.{call})")
    assert told != "allowed"
    denied = [each.action for each in running.platform.aws_calls[before:] if not each.allowed]
    assert denied, told
    assert denied[0].startswith(action)


def test_copies_and_tags_need_two_permissions(small: Small) -> None:
    protected = Protected(small.account)

    def wanted(**headers: str) -> list[tuple[str, str]]:
        call = Call("s3", "us-east-1", "PUT", f"/{BUCKET}/models/y", {}, headers)
        return [(need.action, need.resource.partition(":::")[2]) for need in needs(call, protected)]

    put = ("s3:PutObject", f"{BUCKET}/models/y")
    assert wanted() == [put]
    assert wanted(**{"x-amz-copy-source": f"/{BUCKET}/a%20b"}) == [put, ("s3:GetObject", f"{BUCKET}/a b")]
    assert wanted(**{"x-amz-tagging": "a=b"}) == [put, ("s3:PutObjectTagging", f"{BUCKET}/models/y")]
