"""What was deleted is no stranger, although AWS still shows it with its tags."""

from collections.abc import Iterator
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from infra.release.drift.place import Platform
from infra.release.drift.reader import Reader
from infra.release.drift.strangers import strangers
from tests.conftest import ACCOUNT_ID, REGION

TAGS = {"Project": "hokusai", "Environment": "staging"}


@pytest.fixture
def there(account: EmulatedAccount) -> Iterator[EmulatedAccount]:
    copy = account.fork()
    yield copy
    copy.stop()


def seen(there: EmulatedAccount) -> set[str]:
    return {each.type for each in strangers(Reader(there.client), Platform("staging"), REGION, ACCOUNT_ID)}


def tags(key: str = "Key", value: str = "Value") -> list[dict[str, str]]:
    return [{key: name, value: text} for name, text in TAGS.items()]


def specification(kind: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tags()}]


def test_a_machine(there: EmulatedAccount) -> None:
    ec2 = there.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    [machine] = ec2.run_instances(
        ImageId="ami-12c6146b",
        MinCount=1,
        MaxCount=1,
        SubnetId=subnet,
        TagSpecifications=specification("instance"),
    )["Instances"]
    assert "aws_instance" in seen(there)
    ec2.terminate_instances(InstanceIds=[machine["InstanceId"]])
    assert "aws_instance" not in seen(there)


def test_a_nat_gateway(there: EmulatedAccount) -> None:
    ec2 = there.client("ec2")
    subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
    made = ec2.create_nat_gateway(
        SubnetId=subnet, ConnectivityType="private", TagSpecifications=specification("natgateway")
    )
    assert "aws_nat_gateway" in seen(there)
    ec2.delete_nat_gateway(NatGatewayId=made["NatGateway"]["NatGatewayId"])
    assert "aws_nat_gateway" not in seen(there)


def test_a_key(there: EmulatedAccount) -> None:
    kms = there.client("kms")
    key = kms.create_key(Tags=tags("TagKey", "TagValue"))["KeyMetadata"]["KeyId"]
    assert seen(there) == {"aws_kms_key"}
    kms.schedule_key_deletion(KeyId=key)
    assert seen(there) == set()


def test_a_service_and_its_cluster(there: EmulatedAccount) -> None:
    ecs, ec2 = there.client("ecs"), there.client("ec2")
    ecs.create_cluster(clusterName="hokusai-staging", tags=tags("key", "value"))
    ecs.register_task_definition(family="x", containerDefinitions=[{"name": "x", "image": "x", "memory": 64}])
    network = {
        "subnets": [ec2.describe_subnets()["Subnets"][0]["SubnetId"]],
        "securityGroups": [ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]],
    }
    ecs.create_service(
        cluster="hokusai-staging",
        serviceName="x",
        taskDefinition="x",
        desiredCount=0,
        networkConfiguration={"awsvpcConfiguration": network},
        tags=tags("key", "value"),
    )
    assert seen(there) == {"aws_ecs_cluster", "aws_ecs_service"}
    ecs.delete_service(cluster="hokusai-staging", service="x", force=True)
    assert seen(there) == {"aws_ecs_cluster"}
    ecs.delete_cluster(cluster="hokusai-staging")
    assert seen(there) == set()
