"""Seeding twice is seeding once, and the inventory sees what is made, and nothing else."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509

from infra.account.emulated import EmulatedAccount
from infra.account.inventory import Record, inventory
from infra.account.seed import seed

DOMAIN = "registry.example"


def test_a_seeded_account_has_zone_and_certificate_once(copy: EmulatedAccount) -> None:
    seed(copy, DOMAIN)
    first = inventory(copy)
    seed(copy, DOMAIN)
    assert inventory(copy) == first
    assert [(each.service, each.kind) for each in first] == [("acm", "certificate"), ("route53", "hosted-zone")]
    seed(copy, "other.example")
    assert len(inventory(copy)) == 4


def test_the_zone_is_public_and_the_certificate_is_what_acm_shows_unasked(copy: EmulatedAccount) -> None:
    seed(copy, DOMAIN)
    zone = copy.client("route53").list_hosted_zones_by_name(DNSName=DOMAIN)["HostedZones"][0]
    assert zone["Config"]["PrivateZone"] is False
    listed = copy.client("acm").list_certificates(CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert [(each["DomainName"], each["KeyAlgorithm"]) for each in listed] == [(DOMAIN, "RSA_2048")]
    pem = copy.client("acm").get_certificate(CertificateArn=listed[0]["CertificateArn"])["Certificate"]
    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN, f"*.{DOMAIN}"]
    now = datetime.now(UTC)
    assert certificate.not_valid_before_utc < now < now + timedelta(days=390) < certificate.not_valid_after_utc


def test_an_empty_account_is_empty(account: EmulatedAccount) -> None:
    assert inventory(account) == []


def makers(account: EmulatedAccount) -> dict[tuple[str, str], Any]:
    """For each kind: how one is made, and how it goes; in an order that works."""
    clients = {
        name: account.client(name)
        for name in ("cloudwatch", "ec2", "ecr", "ecs", "iam", "kms", "logs", "s3", "sns", "ssm", "secretsmanager")
    }
    ec2, ecs, iam, kms = clients["ec2"], clients["ecs"], clients["iam"], clients["kms"]
    trust = '{"Version": "2012-10-17", "Statement": []}'
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    internet = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)["GroupId"]
    ecs.create_cluster(clusterName="c")
    ecs.register_task_definition(family="f", containerDefinitions=[{"name": "a", "image": "i", "memory": 64}])
    ecs.create_service(cluster="c", serviceName="s", taskDefinition="f", desiredCount=1)
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/a", TargetKeyId=key)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    policy = iam.create_policy(
        PolicyName="p", PolicyDocument=trust.replace("[]", '[{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}]')
    )["Policy"]["Arn"]
    clients["logs"].create_log_group(logGroupName="/l")
    clients["s3"].create_bucket(Bucket="a-bucket")
    topic = clients["sns"].create_topic(Name="t")["TopicArn"]
    clients["ssm"].put_parameter(Name="/p", Value="v", Type="SecureString")
    clients["secretsmanager"].create_secret(Name="x", SecretString="v")
    clients["ecr"].create_repository(repositoryName="hokusai/a")
    alarm = {"MetricName": "m", "Namespace": "n", "Period": 60, "Statistic": "Sum", "Threshold": 1.0}
    clients["cloudwatch"].put_metric_alarm(
        AlarmName="a", EvaluationPeriods=1, ComparisonOperator="GreaterThanThreshold", **alarm
    )
    clients["cloudwatch"].put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    return {
        ("cloudwatch", "alarm"): lambda: clients["cloudwatch"].delete_alarms(AlarmNames=["a"]),
        ("cloudwatch", "dashboard"): lambda: clients["cloudwatch"].delete_dashboards(DashboardNames=["d"]),
        ("ec2", "nat-gateway"): lambda: ec2.delete_nat_gateway(NatGatewayId=gateway),
        ("ec2", "elastic-ip"): lambda: ec2.release_address(AllocationId=address),
        ("ec2", "internet-gateway"): lambda: ec2.delete_internet_gateway(InternetGatewayId=internet),
        ("ec2", "route-table"): lambda: ec2.delete_route_table(RouteTableId=table),
        ("ec2", "security-group"): lambda: ec2.delete_security_group(GroupId=group),
        ("ec2", "subnet"): lambda: ec2.delete_subnet(SubnetId=subnet),
        ("ec2", "vpc"): lambda: ec2.delete_vpc(VpcId=vpc),
        ("ecr", "repository"): lambda: clients["ecr"].delete_repository(repositoryName="hokusai/a"),
        ("ecs", "service"): lambda: ecs.delete_service(cluster="c", service="s", force=True),
        ("ecs", "task-definition"): lambda: ecs.deregister_task_definition(taskDefinition="f:1"),
        ("ecs", "cluster"): lambda: ecs.delete_cluster(cluster="c"),
        ("iam", "policy"): lambda: iam.delete_policy(PolicyArn=policy),
        ("iam", "role"): lambda: iam.delete_role(RoleName="r"),
        ("kms", "alias"): lambda: kms.delete_alias(AliasName="alias/a"),
        ("kms", "key"): lambda: kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7),
        ("logs", "log-group"): lambda: clients["logs"].delete_log_group(logGroupName="/l"),
        ("s3", "bucket"): lambda: clients["s3"].delete_bucket(Bucket="a-bucket"),
        ("secretsmanager", "secret"): lambda: clients["secretsmanager"].delete_secret(SecretId="x"),
        ("sns", "topic"): lambda: clients["sns"].delete_topic(TopicArn=topic),
        ("ssm", "parameter"): lambda: clients["ssm"].delete_parameter(Name="/p"),
    }


def kinds(records: list[Record]) -> set[tuple[str, str]]:
    return {(record.service, record.kind) for record in records}


def test_it_sees_what_is_made_and_no_longer_sees_what_is_gone(copy: EmulatedAccount) -> None:
    removers = makers(copy)
    seen = inventory(copy)
    assert kinds(seen) >= set(removers)
    assert seen == sorted(seen)
    unexpected = kinds(seen) - set(removers) - {("ec2", "network-interface")}  # a NAT gateway has one
    assert not unexpected
    for kind, remove in removers.items():
        remove()
        assert kind not in kinds(inventory(copy)), kind
    assert inventory(copy) == []


def test_a_record_says_which_one_it_is(copy: EmulatedAccount) -> None:
    copy.client("s3").create_bucket(Bucket="forgotten")
    assert inventory(copy) == [Record("s3", "bucket", "forgotten")]


def test_a_refusal_to_list_is_not_taken_for_nothing(account: EmulatedAccount) -> None:
    class Broken:
        def client(self, service: str) -> Any:
            if service == "kms":
                raise RuntimeError("refused")
            return account.client(service)

    with pytest.raises(RuntimeError, match="refused"):
        inventory(Broken())
