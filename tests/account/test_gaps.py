"""Each gap over moto, held against what AWS documents, and shown to be one: moto as it comes answers something else.

A scenario makes some calls and gives back what it observed. On the account it must be what AWS documents (the page is
in the gap's docstring); on moto without the gaps it must not.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from infra.account.emulated import EmulatedAccount
from infra.account.gaps import GAPS, error_body
from tests.services.parts.object_store import enforce_iam, make_artifact_store


@dataclass(frozen=True)
class Scenario:
    observe: Callable[[EmulatedAccount], object]
    documented: object


SCENARIOS: dict[str, Scenario] = {}


def scenario(gap: str, documented: object) -> Callable[[Callable[[EmulatedAccount], object]], None]:
    def register(observe: Callable[[EmulatedAccount], object]) -> None:
        SCENARIOS[gap] = Scenario(observe, documented)

    return register


def test_every_gap_has_a_scenario() -> None:
    assert sorted(SCENARIOS) == sorted(gap.name for gap in GAPS)


def test_every_gap_names_its_call_and_its_page() -> None:
    for gap in GAPS:
        text = " ".join((gap.install.__doc__ or "").split())
        assert gap.api_call, gap.name
        assert "https://docs.aws.amazon.com/" in text, gap.name
        assert "moto" in text, gap.name


@pytest.mark.parametrize("gap", SCENARIOS)
def test_the_account_answers_what_aws_documents(gap: str, copy: EmulatedAccount) -> None:
    assert SCENARIOS[gap].observe(copy) == SCENARIOS[gap].documented


@pytest.mark.parametrize("gap", SCENARIOS)
def test_moto_as_it_comes_does_not(gap: str, bare: EmulatedAccount) -> None:
    try:
        observed = SCENARIOS[gap].observe(bare)
    except (ClientError, ResponseParserError, KeyError) as error:
        observed = error
    assert observed != SCENARIOS[gap].documented, "moto has it now: the gap can go"


def error_of(call: Callable[..., object], **arguments: object) -> tuple[str, int]:
    """Code and HTTP status with which a call is refused; ("", 200) when it is not."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"]), int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    return "", 200


# --------------------------------------------------------------------------------------------- every service


@scenario(
    "unknown actions and services fail at once",
    {
        "query": ("UnsupportedOperation", 400),
        "ec2": ("UnsupportedOperation", 400),
        "json": ("UnsupportedOperation", 400),
        "service": ("UnsupportedOperation", 400),
        "fast": True,
    },
)
def _(account: EmulatedAccount) -> object:
    calls = {
        "query": (account.client("rds").describe_db_recommendations, {}),
        "ec2": (account.client("ec2").describe_verified_access_groups, {}),
        "json": (account.client("logs").list_log_anomaly_detectors, {}),
        "service": (account.client("workmail").list_organizations, {}),
    }
    for call, arguments in calls.values():
        error_of(call, **arguments)  # the first call of a service loads it
    started = time.monotonic()
    answers: dict[str, object] = {name: error_of(call, **arguments) for name, (call, arguments) in calls.items()}
    return answers | {"fast": time.monotonic() - started < 2}


def test_a_failure_inside_moto_is_refused_at_once_and_says_where(copy: EmulatedAccount) -> None:
    cluster = copy.client("ecs").create_cluster(clusterName="c")["cluster"]["clusterArn"]
    register = copy.client("ecs").register_container_instance
    with pytest.raises(ClientError) as refused:
        register(cluster="another", instanceIdentityDocument=json.dumps({"instanceId": "i-1"}))
    assert cluster
    assert refused.value.response["Error"]["Code"] == "EmulationFailure"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "moto/ecs/models.py:" in refused.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("service", "content_type", "start"),
    [
        ("s3", "", "<Error><Code>X</Code>"),
        ("ec2", "application/x-www-form-urlencoded", "<Response><Errors><Error><Code>X</Code>"),
        ("iam", "application/x-www-form-urlencoded; charset=utf-8", "<ErrorResponse><Error><Code>X</Code>"),
        ("route53", "", "<ErrorResponse><Error><Code>X</Code>"),
        ("ecs", "application/x-amz-json-1.1", '{"__type": "X"'),
        ("eks", "", '{"__type": "X"'),
    ],
)
def test_errors_speak_the_protocol_of_the_service(service: str, content_type: str, start: str) -> None:
    scope = f"AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/{service}/aws4_request, SignedHeaders=host"
    kind, body = error_body({"HTTP_AUTHORIZATION": scope, "CONTENT_TYPE": content_type}, "X", "a < b & c")
    assert start in body.decode()
    assert ("json" in kind) == body.startswith(b"{")
    assert ("a &lt; b &amp; c" in body.decode()) != body.startswith(b"{")


# --------------------------------------------------------------------------------------------- ECS


def ecs_service(account: EmulatedAccount, **settings: Any) -> dict[str, Any]:
    ecs, ec2 = account.client("ecs"), account.client("ec2")
    ecs.create_cluster(clusterName="main")
    for _ in range(2):
        ecs.register_task_definition(family="app", containerDefinitions=[{"name": "app", "image": "i", "memory": 64}])
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    network = {"awsvpcConfiguration": {"subnets": [subnet], "securityGroups": [group]}}
    arguments = {"cluster": "main", "serviceName": "app", "taskDefinition": "app:1", "desiredCount": 2}
    ecs.create_service(**arguments, networkConfiguration=network, **settings)
    return described(account)


def described(account: EmulatedAccount) -> dict[str, Any]:
    services = account.client("ecs").describe_services(cluster="main", services=["app"])["services"]
    service: dict[str, Any] = services[0]
    return service


_SETTINGS: dict[str, Any] = {
    "availabilityZoneRebalancing": "ENABLED",
    "capacityProviderStrategy": [{"capacityProvider": "FARGATE_SPOT", "weight": 1, "base": 0}],
    "deploymentConfiguration": {
        "maximumPercent": 150,
        "minimumHealthyPercent": 50,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
        "alarms": {"alarmNames": ["a"], "enable": True, "rollback": True},
    },
    "enableECSManagedTags": True,
    "enableExecuteCommand": True,
    "healthCheckGracePeriodSeconds": 30,
}


@scenario("services keep all of their settings", _SETTINGS | {"launchType": None})
def _(account: EmulatedAccount) -> object:
    service = ecs_service(account, **_SETTINGS)
    return {name: service.get(name) for name in [*_SETTINGS, "launchType"]}


def test_a_service_has_the_documented_defaults(copy: EmulatedAccount) -> None:
    service = ecs_service(copy, launchType="FARGATE")
    assert service["launchType"] == "FARGATE"
    assert service["enableExecuteCommand"] is False
    assert service["enableECSManagedTags"] is False
    assert service["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    }


def test_an_update_of_the_circuit_breaker_keeps_the_percentages(copy: EmulatedAccount) -> None:
    ecs_service(copy, launchType="FARGATE")
    breaker = {"enable": True, "rollback": True}
    copy.client("ecs").update_service(
        cluster="main", service="app", deploymentConfiguration={"deploymentCircuitBreaker": breaker}
    )
    assert described(copy)["deploymentConfiguration"] == {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": breaker,
    }


def test_an_updated_service_keeps_what_was_not_said_and_deploys_the_new_revision(copy: EmulatedAccount) -> None:
    before = ecs_service(copy, **_SETTINGS)
    copy.client("ecs").update_service(
        cluster="main", service="app", taskDefinition="app:2", enableExecuteCommand=False, desiredCount=3
    )
    after = described(copy)
    assert {name: after[name] for name in _SETTINGS} == _SETTINGS | {"enableExecuteCommand": False}
    assert after["taskDefinition"].endswith(":task-definition/app:2")
    assert after["deployments"][0]["taskDefinition"] == after["taskDefinition"]
    assert after["deployments"][0]["id"] != before["deployments"][0]["id"]
    assert (after["desiredCount"], after["runningCount"], after["pendingCount"]) == (3, 3, 0)


def test_a_service_becomes_stable(copy: EmulatedAccount) -> None:
    service = ecs_service(copy, launchType="FARGATE")
    assert (service["runningCount"], service["pendingCount"]) == (2, 0)
    assert service["deployments"][0]["rolloutState"] == "COMPLETED"
    copy.client("ecs").get_waiter("services_stable").wait(
        cluster="main", services=["app"], WaiterConfig={"Delay": 1, "MaxAttempts": 2}
    )


@scenario("a task definition says when and by whom it was registered", {"recently": True, "kept": True, "by": True})
def _(account: EmulatedAccount) -> object:
    ecs = account.client("ecs")
    containers = [{"name": "a", "image": "i", "memory": 64}]
    made = ecs.register_task_definition(family="dated", containerDefinitions=containers)["taskDefinition"]
    there = ecs.describe_task_definition(taskDefinition="dated")["taskDefinition"]
    return {
        "recently": abs((datetime.now(UTC) - there["registeredAt"]).total_seconds()) < 600,
        "kept": there["registeredAt"] == made["registeredAt"],
        "by": there["registeredBy"] == account.client("sts").get_caller_identity()["Arn"],
    }


@scenario("deleted clusters are gone", [])
def _(account: EmulatedAccount) -> object:
    ecs = account.client("ecs")
    arn = ecs.create_cluster(clusterName="gone")["cluster"]["clusterArn"]
    ecs.delete_cluster(cluster="gone")
    assert ecs.describe_clusters(clusters=[arn])["clusters"][0]["status"] == "INACTIVE"
    return [found for found in ecs.list_clusters()["clusterArns"] if found == arn]


@scenario("scalable targets have tags", [{"a": "1"}, {"a": "1", "b": "2"}, {"b": "2"}, "ResourceNotFoundException"])
def _(account: EmulatedAccount) -> object:
    ecs_service(account, launchType="FARGATE")
    scaling = account.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/main/app",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    arn = scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2, Tags={"a": "1"})["ScalableTargetARN"]
    seen: list[object] = [scaling.list_tags_for_resource(ResourceARN=arn)["Tags"]]
    scaling.tag_resource(ResourceARN=arn, Tags={"b": "2"})
    seen.append(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])
    scaling.register_scalable_target(**target, MaxCapacity=3)  # an update without tags takes none away
    scaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    seen.append(scaling.list_tags_for_resource(ResourceARN=arn)["Tags"])
    return [*seen, error_of(scaling.list_tags_for_resource, ResourceARN=f"{arn}x")[0]]


# --------------------------------------------------------------------------------------------- S3

_LIFECYCLE = [
    {
        "ID": "all",
        "Status": "Enabled",
        "Filter": {"And": {"Prefix": "a/", "Tags": [{"Key": "k", "Value": "v"}], "ObjectSizeGreaterThan": 131072}},
        "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}, {"Days": 90, "StorageClass": "GLACIER"}],
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30, "NewerNoncurrentVersions": 5},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    },
    {"ID": "small", "Status": "Disabled", "Filter": {"ObjectSizeLessThan": 500}, "Expiration": {"Days": 1}},
]


@scenario("lifecycle configurations come back as they were put", (_LIFECYCLE, "varies_by_storage_class"))
def _(account: EmulatedAccount) -> object:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="lifecycle")
    s3.put_bucket_lifecycle_configuration(
        Bucket="lifecycle",
        LifecycleConfiguration={"Rules": _LIFECYCLE},
        TransitionDefaultMinimumObjectSize="varies_by_storage_class",
    )
    answer = s3.get_bucket_lifecycle_configuration(Bucket="lifecycle")
    return answer["Rules"], answer["TransitionDefaultMinimumObjectSize"]


def test_lifecycle_defaults_and_end(copy: EmulatedAccount) -> None:
    s3 = copy.client("s3")
    s3.create_bucket(Bucket="lifecycle")
    rule = {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    put = s3.put_bucket_lifecycle_configuration(Bucket="lifecycle", LifecycleConfiguration={"Rules": [rule]})
    answer = s3.get_bucket_lifecycle_configuration(Bucket="lifecycle")
    assert put["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert answer["TransitionDefaultMinimumObjectSize"] == "all_storage_classes_128K"
    assert answer["Rules"][0].pop("ID")
    assert answer["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket="lifecycle")
    assert error_of(s3.get_bucket_lifecycle_configuration, Bucket="lifecycle")[0] == "NoSuchLifecycleConfiguration"
    bad = {"Rules": [{"Status": "Enabled", "Expiration": {"Days": 1}}]}  # neither filter nor prefix
    assert error_of(s3.put_bucket_lifecycle_configuration, Bucket="lifecycle", LifecycleConfiguration=bad)[1] == 400


_REPLICATION = {
    "Role": "arn:aws:iam::123456789012:role/replication",
    "Rules": [
        {
            "ID": "models",
            "Priority": 3,
            "Status": "Enabled",
            "Filter": {"Prefix": "models/"},
            "SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}},
            "DeleteMarkerReplication": {"Status": "Enabled"},
            "Destination": {
                "Bucket": "arn:aws:s3:::backup",
                "Account": "210987654321",
                "AccessControlTranslation": {"Owner": "Destination"},
                "EncryptionConfiguration": {"ReplicaKmsKeyID": "arn:aws:kms:us-west-2:210987654321:key/k"},
                "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
                "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
            },
        }
    ],
}


@scenario("replication configurations come back as they were put", _REPLICATION)
def _(account: EmulatedAccount) -> object:
    s3 = account.client("s3")
    for name in ("source", "backup"):
        s3.create_bucket(Bucket=name)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_replication(Bucket="source", ReplicationConfiguration=_REPLICATION)
    return s3.get_bucket_replication(Bucket="source")["ReplicationConfiguration"]


_TLS_ONLY = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


def bucket_with_policy(account: EmulatedAccount, name: str, *statements: dict[str, Any]) -> Any:
    s3 = account.client("s3")
    s3.create_bucket(Bucket=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).replace("BUCKET", name)
    s3.put_bucket_policy(Bucket=name, Policy=policy)
    return s3


@scenario("conditions of a bucket policy decide", [200, 403, 403, 200])
def _(account: EmulatedAccount) -> object:
    other_algorithm = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::BUCKET/*",
        "Condition": {
            "Null": {"s3:x-amz-server-side-encryption": "false"},
            "StringNotEquals": {"s3:x-amz-server-side-encryption": "aws:kms"},
        },
    }
    names_a_key = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::BUCKET/*",
        "Condition": {"Null": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "false"}},
    }
    s3 = bucket_with_policy(account, "guarded", _TLS_ONLY, other_algorithm, names_a_key)
    put = {"Bucket": "guarded", "Key": "k", "Body": b"x"}
    return [
        error_of(s3.put_object, **put)[1],
        error_of(s3.put_object, **put, ServerSideEncryption="AES256")[1],
        error_of(s3.put_object, **put, ServerSideEncryption="aws:kms", SSEKMSKeyId="alias/other")[1],
        error_of(s3.put_object, **put, ServerSideEncryption="aws:kms")[1],
    ]


@scenario("S3 says why it refuses", [("AccessDenied", 403), ("403", 403), "text"])
def _(account: EmulatedAccount) -> object:
    deny = {"Effect": "Deny", "Principal": "*", "Action": ["s3:GetObject", "s3:HeadObject"]}
    s3 = bucket_with_policy(account, "denied", {**deny, "Resource": "arn:aws:s3:::BUCKET/*"})
    s3.put_object(Bucket="denied", Key="k", Body=b"text")
    refused = [error_of(call, Bucket="denied", Key="k") for call in (s3.get_object, s3.head_object)]
    s3.delete_bucket_policy(Bucket="denied")
    return [*refused, s3.get_object(Bucket="denied", Key="k")["Body"].read().decode()]


def test_a_bucket_policy_can_demand_conditional_writes(copy: EmulatedAccount) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html."""
    unconditional = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::BUCKET/ledger/*",
        "Condition": {"Null": {"s3:if-none-match": "true"}},
    }
    s3 = bucket_with_policy(copy, "ledger", unconditional)
    entry = {"Bucket": "ledger", "Key": "ledger/1", "Body": b"x"}
    assert error_of(s3.put_object, **entry) == ("AccessDenied", 403)
    assert error_of(s3.put_object, **entry, IfNoneMatch="*")[1] == 200
    assert error_of(s3.put_object, **entry, IfNoneMatch="*") == ("PreconditionFailed", 412)
    assert error_of(s3.put_object, **{**entry, "Key": "other"})[1] == 200


def test_a_condition_that_is_not_known_is_not_guessed(copy: EmulatedAccount) -> None:
    odd = {**_TLS_ONLY, "Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}
    s3 = bucket_with_policy(copy, "guarded", odd)
    assert error_of(s3.put_object, Bucket="guarded", Key="k", Body=b"x") == ("UnsupportedOperation", 400)


def logging_to(account: EmulatedAccount, name: str, *statements: dict[str, Any]) -> tuple[str, int]:
    s3 = bucket_with_policy(account, f"{name}-logs", *statements)
    s3.create_bucket(Bucket=name)
    enabled = {"LoggingEnabled": {"TargetBucket": f"{name}-logs", "TargetPrefix": f"s3/{name}/"}}
    return error_of(s3.put_bucket_logging, Bucket=name, BucketLoggingStatus=enabled)


_DELIVERY = {
    "Effect": "Allow",
    "Principal": {"Service": ["logging.s3.amazonaws.com"]},
    "Action": ["s3:PutObject"],
    "Resource": ["arn:aws:s3:::BUCKET/s3/*"],
    "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
}


@scenario("any bucket policy that lets S3 deliver logs will do", ("", 200))
def _(account: EmulatedAccount) -> object:
    return logging_to(account, "models", _TLS_ONLY, _DELIVERY)


@pytest.mark.parametrize(
    "change",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "elasticloadbalancing.amazonaws.com"}},
        {"Principal": {"AWS": "*"}},
        {"Action": "s3:GetObject"},
        {"Resource": "arn:aws:s3:::BUCKET/alb/*"},
        {"Resource": "arn:aws:s3:::BUCKET"},
    ],
)
def test_logs_need_a_policy_that_lets_s3_deliver_them(change: dict[str, Any], copy: EmulatedAccount) -> None:
    refused = logging_to(copy, "models", _TLS_ONLY, {**_DELIVERY, **change})
    assert refused == ("InvalidTargetBucketForLogging", 400)


@scenario("a folder is listed as long as something in it is there", [["a/", "b/"], ["b/"], ["b/c/"]])
def _(account: EmulatedAccount) -> object:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="folders")
    s3.put_bucket_versioning(Bucket="folders", VersioningConfiguration={"Status": "Enabled"})
    for key in ("a/gone", "b/gone", "b/c/kept", "b/d/gone"):
        s3.put_object(Bucket="folders", Key=key, Body=b"x")

    def listed(prefix: str) -> list[str]:
        pages = (
            s3.list_objects_v2(Bucket="folders", Prefix=prefix, Delimiter="/"),
            s3.list_objects(Bucket="folders", Prefix=prefix, Delimiter="/"),
        )
        newer, older = ([each["Prefix"] for each in page.get("CommonPrefixes", [])] for page in pages)
        assert newer == older
        return newer

    before = listed("")
    for key in ("a/gone", "b/gone", "b/d/gone"):
        s3.delete_object(Bucket="folders", Key=key)
    return [before, listed(""), listed("b/")]


@scenario("unknown parts of a bucket are not taken for the bucket", (("UnsupportedOperation", 400), True))
def _(account: EmulatedAccount) -> object:
    s3 = account.client("s3")
    s3.create_bucket(Bucket="kept")
    refused = error_of(s3.delete_bucket_metrics_configuration, Bucket="kept", Id="all")
    return refused, "kept" in {bucket["Name"] for bucket in s3.list_buckets()["Buckets"]}


# --------------------------------------------------------------------------------------------- EC2


def rule_with(account: EmulatedAccount, source: dict[str, Any]) -> tuple[str, Any]:
    ec2 = account.client("ec2")
    group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
    permission = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, **source}
    for user in permission.get("UserIdGroupPairs", []):
        user["GroupId"] = group
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])["SecurityGroupRules"][0]
    return group, made


def describe_rule(account: EmulatedAccount, rule: str) -> Any:
    rules = account.client("ec2").describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"]
    return rules[0].get("Description")


@scenario("security group rules keep their description", ["from a group", "from a group", "changed", "from a list"])
def _(account: EmulatedAccount) -> object:
    group, made = rule_with(account, {"UserIdGroupPairs": [{"Description": "from a group"}]})
    rule = made["SecurityGroupRuleId"]
    seen = [made.get("Description"), describe_rule(account, rule)]
    change = {
        "IpProtocol": "tcp",
        "FromPort": 5432,
        "ToPort": 5432,
        "ReferencedGroupId": group,
        "Description": "changed",
    }
    account.client("ec2").modify_security_group_rules(
        GroupId=group, SecurityGroupRules=[{"SecurityGroupRuleId": rule, "SecurityGroupRule": change}]
    )
    seen.append(describe_rule(account, rule))
    _, listed = rule_with(account, {"PrefixListIds": [{"PrefixListId": "pl-1", "Description": "from a list"}]})
    return [*seen, describe_rule(account, listed["SecurityGroupRuleId"])]


def test_a_rule_with_an_address_range_keeps_its_description_too(copy: EmulatedAccount) -> None:
    _, made = rule_with(copy, {"IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "inside"}]})
    assert describe_rule(copy, made["SecurityGroupRuleId"]) == "inside"
    _, plain = rule_with(copy, {"IpRanges": [{"CidrIp": "10.1.0.0/16"}]})
    assert describe_rule(copy, plain["SecurityGroupRuleId"]) is None


@scenario("a NAT gateway takes its network interface with it", (1, 0, None))
def _(account: EmulatedAccount) -> object:
    ec2 = account.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    filters = [{"Name": "subnet-id", "Values": [subnet]}]
    before = len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    during = len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    after = len(ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"])
    association = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0].get("AssociationId")
    return during - before, after - before, association


# --------------------------------------------------------------------------------------------- KMS, logs


@scenario("key rotation has a period", [(True, 180), (True, 365), (False, None), (True, 180)])
def _(account: EmulatedAccount) -> object:
    kms = account.client("kms")

    def status(key: str) -> tuple[bool, int | None]:
        answer = kms.get_key_rotation_status(KeyId=key)
        return answer["KeyRotationEnabled"], answer.get("RotationPeriodInDays")

    often, yearly = (kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(2))
    kms.enable_key_rotation(KeyId=often, RotationPeriodInDays=180)
    kms.enable_key_rotation(KeyId=yearly)
    seen = [status(often), status(yearly)]
    kms.disable_key_rotation(KeyId=often)
    seen.append(status(often))
    kms.enable_key_rotation(KeyId=often)
    return [*seen, status(often)]


def test_the_next_rotation_has_a_date(copy: EmulatedAccount) -> None:
    kms = copy.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.enable_key_rotation(KeyId=key["KeyId"], RotationPeriodInDays=90)
    answer = kms.get_key_rotation_status(KeyId=key["KeyId"])
    assert answer["KeyId"] == key["Arn"]
    assert 89 * 86400 < answer["NextRotationDate"].timestamp() - time.time() < 91 * 86400


@scenario("log groups have a class", ["INFREQUENT_ACCESS", "STANDARD"])
def _(account: EmulatedAccount) -> object:
    logs = account.client("logs")
    logs.create_log_group(logGroupName="/a", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="/b")
    return [group.get("logGroupClass") for group in logs.describe_log_groups(logGroupNamePrefix="/")["logGroups"]]


@scenario("the key of a log group can be changed", ["arn:aws:kms:us-east-1:123456789012:key/k", None])
def _(account: EmulatedAccount) -> object:
    logs, seen = account.client("logs"), []
    logs.create_log_group(logGroupName="/keyed")
    for change, key in (
        (logs.associate_kms_key, {"kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k"}),
        (logs.disassociate_kms_key, {}),
    ):
        change(logGroupName="/keyed", **key)
        seen.append(logs.describe_log_groups(logGroupNamePrefix="/keyed")["logGroups"][0].get("kmsKeyId"))
    return seen


# --------------------------------------------------------------------------------------------- RDS


def database(account: EmulatedAccount, name: str, **settings: Any) -> dict[str, Any]:
    made: dict[str, Any] = account.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="hokusai_admin",
        **settings,
    )["DBInstance"]
    return made


@scenario(
    "database instances keep all of their settings",
    {
        "different": True,
        "found": ["one"],
        "insights": [(True, "arn:aws:kms:us-east-1:123456789012:key/k", 31), 7, False],
    },
)
def _(account: EmulatedAccount) -> object:
    rds = account.client("rds")
    key = "arn:aws:kms:us-east-1:123456789012:key/k"
    insights = {"PerformanceInsightsKMSKeyId": key, "PerformanceInsightsRetentionPeriod": 31}
    one = database(account, "one", MasterUserPassword="password", EnablePerformanceInsights=True, **insights)
    two = database(account, "two", MasterUserPassword="password")
    filters = [{"Name": "dbi-resource-id", "Values": [one["DbiResourceId"]]}]
    found = [each["DBInstanceIdentifier"] for each in rds.describe_db_instances(Filters=filters)["DBInstances"]]
    kept = [one.get(f"PerformanceInsights{name}") for name in ("Enabled", "KMSKeyId", "RetentionPeriod")]
    off = two["PerformanceInsightsEnabled"]
    changed = rds.modify_db_instance(DBInstanceIdentifier="two", EnablePerformanceInsights=True)["DBInstance"]
    assert changed["PerformanceInsightsEnabled"]
    default = database(account, "three", MasterUserPassword="password", EnablePerformanceInsights=True)
    return {
        "different": one["DbiResourceId"] != two["DbiResourceId"],
        "found": found,
        "insights": [tuple(kept), default["PerformanceInsightsRetentionPeriod"], off],
    }


@scenario("a changed subnet group stays", ["changed"])
def _(account: EmulatedAccount) -> object:
    subnets = [each["SubnetId"] for each in account.client("ec2").describe_subnets()["Subnets"]][:2]
    rds = account.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="kept", DBSubnetGroupDescription="made", SubnetIds=subnets)
    rds.modify_db_subnet_group(DBSubnetGroupName="kept", DBSubnetGroupDescription="changed", SubnetIds=subnets)
    groups = rds.describe_db_subnet_groups()["DBSubnetGroups"]
    return [each["DBSubnetGroupDescription"] for each in groups if each["DBSubnetGroupName"] == "kept"]


@scenario("a database instance has a certificate", ("rds-ca-rsa2048-g1", 365, True))
def _(account: EmulatedAccount) -> object:
    database(account, "certified", MasterUserPassword="password", CACertificateIdentifier="rds-ca-rsa2048-g1")
    rds = account.client("rds")
    first, again = (
        rds.describe_db_instances(DBInstanceIdentifier="certified")["DBInstances"][0]["CertificateDetails"]
        for _ in range(2)
    )
    days = round((first["ValidTill"] - datetime.now(UTC)).total_seconds() / 86_400)
    return first["CAIdentifier"], days, first == again


@scenario("the managed master password is a real one", ("hokusai_admin", True))
def _(account: EmulatedAccount) -> object:
    made = [database(account, name, ManageMasterUserPassword=True) for name in ("managed-one", "managed-two")]
    secrets = account.client("secretsmanager")
    values = [
        json.loads(secrets.get_secret_value(SecretId=each["MasterUserSecret"]["SecretArn"])["SecretString"])
        for each in made
    ]
    return values[0]["username"], len({value["password"] for value in values}) == 2


def test_the_master_secret_has_the_name_and_tags_that_policies_pin(copy: EmulatedAccount) -> None:
    made = database(copy, "managed", ManageMasterUserPassword=True)
    secret = copy.client("secretsmanager").describe_secret(SecretId=made["MasterUserSecret"]["SecretArn"])
    tags = {tag["Key"]: tag["Value"] for tag in secret["Tags"]}
    assert secret["Name"].startswith("rds!db-")
    assert tags["aws:rds:primaryDBInstanceArn"] == made["DBInstanceArn"]
    assert tags["aws:secretsmanager:owningService"] == "rds"
    copy.client("rds").delete_db_instance(DBInstanceIdentifier="managed", SkipFinalSnapshot=True)
    assert copy.client("secretsmanager").list_secrets()["SecretList"] == []


@scenario(
    "parameter groups say which parameters are the user's",
    [{"rds.force_ssl": ("1", "user"), "log_lock_waits": ("1", "user")}, {}, {"rds.force_ssl": ("1", "user")}, {}],
)
def _(account: EmulatedAccount) -> object:
    rds = account.client("rds")
    rds.create_db_parameter_group(DBParameterGroupName="g", DBParameterGroupFamily="postgres16", Description="d")
    parameters = [
        {"ParameterName": name, "ParameterValue": "1", "ApplyMethod": "immediate"}
        for name in ("rds.force_ssl", "log_lock_waits")
    ]
    rds.modify_db_parameter_group(DBParameterGroupName="g", Parameters=parameters)

    def read(source: str) -> object:
        answer = rds.describe_db_parameters(DBParameterGroupName="g", Source=source)["Parameters"]
        return {each["ParameterName"]: (each["ParameterValue"], each.get("Source")) for each in answer}

    seen = [read("user"), read("system")]
    rds.reset_db_parameter_group(DBParameterGroupName="g", Parameters=parameters[1:])
    seen.append(read("user"))
    rds.reset_db_parameter_group(DBParameterGroupName="g", ResetAllParameters=True)
    return [*seen, read("user")]


# --------------------------------------------------------------------------------------------- names and load balancers


@scenario("a zone with a VPC is private", (True, ["vpc-1"], False))
def _(account: EmulatedAccount) -> object:
    route53 = account.client("route53")
    vpc = {"VPCRegion": "us-east-1", "VPCId": "vpc-1"}
    private = route53.create_hosted_zone(Name="inside.example", CallerReference="1", VPC=vpc)["HostedZone"]["Id"]
    public = route53.create_hosted_zone(Name="outside.example", CallerReference="2")["HostedZone"]["Id"]
    zone = route53.get_hosted_zone(Id=private)
    is_public = route53.get_hosted_zone(Id=public)["HostedZone"]["Config"]["PrivateZone"]
    return zone["HostedZone"]["Config"]["PrivateZone"], [each["VPCId"] for each in zone.get("VPCs", [])], is_public


@scenario(
    "a namespace has its hosted zone, from its start to its end",
    {"zone": ("hokusai.local.", True), "vpcs": ["vpc-1"], "with services": "ResourceInUse", "afterwards": []},
)
def _(account: EmulatedAccount) -> object:
    discovery, route53 = account.client("servicediscovery"), account.client("route53")
    discovery.create_private_dns_namespace(Name="hokusai.local", Vpc="vpc-1")
    namespace = discovery.list_namespaces()["Namespaces"][0]
    zone_id = discovery.get_namespace(Id=namespace["Id"])["Namespace"]["Properties"]["DnsProperties"]["HostedZoneId"]
    zone = route53.get_hosted_zone(Id=zone_id)
    service = discovery.create_service(Name="mlflow", NamespaceId=namespace["Id"])["Service"]["Id"]
    refused = error_of(discovery.delete_namespace, Id=namespace["Id"])[0]
    discovery.delete_service(Id=service)
    if not refused:
        return None
    discovery.delete_namespace(Id=namespace["Id"])
    return {
        "zone": (zone["HostedZone"]["Name"], zone["HostedZone"]["Config"]["PrivateZone"]),
        "vpcs": [each["VPCId"] for each in zone["VPCs"]],
        "with services": refused,
        "afterwards": route53.list_hosted_zones()["HostedZones"],
    }


@scenario("a new alarm has no data yet", ["INSUFFICIENT_DATA", "ALARM", "ALARM"])
def _(account: EmulatedAccount) -> object:
    cloudwatch = account.client("cloudwatch")
    states = []

    def put(threshold: float) -> None:
        cloudwatch.put_metric_alarm(
            AlarmName="a",
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            ComparisonOperator="GreaterThanThreshold",
            Threshold=threshold,
        )

    def look() -> None:
        states.append(cloudwatch.describe_alarms(AlarmNames=["a"])["MetricAlarms"][0]["StateValue"])

    put(1)
    look()
    cloudwatch.set_alarm_state(AlarmName="a", StateValue="ALARM", StateReason="tested")
    look()
    put(2)
    look()
    return states


@scenario("deletion protection of load balancers is enforced", [("OperationNotPermitted", 400), ("", 200), []])
def _(account: EmulatedAccount) -> object:
    elb = account.client("elbv2")
    subnets = [subnet["SubnetId"] for subnet in account.client("ec2").describe_subnets()["Subnets"][:2]]
    arn = elb.create_load_balancer(Name="edge", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]

    def protect(value: str) -> None:
        attribute = {"Key": "deletion_protection.enabled", "Value": value}
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])

    protect("true")
    refused = error_of(elb.delete_load_balancer, LoadBalancerArn=arn)
    protect("false")
    deleted = error_of(elb.delete_load_balancer, LoadBalancerArn=arn)
    left = [each for each in elb.describe_load_balancers()["LoadBalancers"] if each["LoadBalancerArn"] == arn]
    return [refused, deleted, left]


@scenario(
    "deleting many objects needs the right on each of them",
    {"deleted": ["artifacts/1", "artifacts/2"], "errors": [("b/3", "AccessDenied")], "left": ["b/3"]},
)
def _(account: EmulatedAccount) -> object:
    store = make_artifact_store(account)
    try:
        for key in ("artifacts/1", "artifacts/2", "b/3"):
            store.client().put_object(Bucket=store.bucket, Key=key, Body=b"x")
        named = [{"Key": key} for key in ("artifacts/1", "b/3", "artifacts/2")]
        task = store.client(credentials=store.task)
        answer = task.delete_objects(Bucket=store.bucket, Delete={"Objects": named})
        return {
            "deleted": sorted(each["Key"] for each in answer.get("Deleted", [])),
            "errors": [(each["Key"], each["Code"]) for each in answer.get("Errors", [])],
            "left": store.object_keys(),
        }
    finally:
        enforce_iam(account, after_calls="inf")
