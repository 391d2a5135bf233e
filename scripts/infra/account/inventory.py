"""Everything in an account of the kinds that the platform makes: what proves that a destroy left nothing behind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from infra.account.pages import pages

Item = Mapping[str, Any]


class Clients(Protocol):
    """An account to look into; an EmulatedAccount is one."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
        """A boto3 client of a service."""


@dataclass(frozen=True, order=True)
class Record:
    """One thing in an account.

    Args:
        service: as boto3 calls it, e.g. "ec2".
        kind: e.g. "security-group".
        identifier: name, id or ARN, whatever tells a person which one it is.
    """

    service: str
    kind: str
    identifier: str


def inventory(account: Clients) -> list[Record]:
    """List what is in an account, of the kinds that modules/ and environments/ make.

    Left out is what AWS makes in every account (default VPC, AWS's own keys and roles) and what AWS itself keeps for a
    while after it was deleted (keys waiting for deletion, inactive task definitions, released NAT gateways).

    Args:
        account: the account.

    Returns:
        Sorted records.

    Raises:
        ClientError: the account refuses to list one of the kinds.
    """
    records = [record for lister in _LISTERS for record in lister(account)]
    return sorted(records)


def _always(_item: Item) -> bool:
    return True


@dataclass(frozen=True)
class _List:
    """A kind that one paginated call lists.

    Args:
        service: boto3 name.
        kind: for the record.
        operation: boto3 method.
        items: key of the list in the answer.
        identifier: key in an item; "" where the items are plain strings.
        arguments: of the call.
        counts: whether an item counts.
    """

    service: str
    kind: str
    operation: str
    items: str
    identifier: str
    arguments: Mapping[str, Any] | None = None
    counts: Callable[[Any], bool] = _always

    def __call__(self, account: Clients) -> Iterator[Record]:
        for item in _pages(account, self.service, self.operation, self.items, **(self.arguments or {})):
            if self.counts(item):
                yield Record(self.service, self.kind, str(item[self.identifier] if self.identifier else item))


def _pages(account: Clients, service: str, operation: str, items: str, **arguments: object) -> Iterator[Any]:
    yield from pages(account.client(service), operation, items, **arguments)


def _default_vpcs(account: Clients) -> set[str]:
    return {vpc["VpcId"] for vpc in _pages(account, "ec2", "describe_vpcs", "Vpcs") if vpc["IsDefault"]}


def _inside_vpcs(account: Clients) -> Iterator[Record]:
    """Parts of VPCs; those that come with a VPC, and everything in the default one, do not count."""
    defaults = _default_vpcs(account)

    def own(item: Item) -> bool:
        return item.get("VpcId") not in defaults

    kinds = [
        _List("ec2", "vpc", "describe_vpcs", "Vpcs", "VpcId", counts=own),
        _List("ec2", "subnet", "describe_subnets", "Subnets", "SubnetId", counts=own),
        _List(
            "ec2",
            "route-table",
            "describe_route_tables",
            "RouteTables",
            "RouteTableId",
            counts=lambda table: own(table) and not any(each.get("Main") for each in table["Associations"]),
        ),
        _List(
            "ec2",
            "security-group",
            "describe_security_groups",
            "SecurityGroups",
            "GroupId",
            counts=lambda group: own(group) and group["GroupName"] != "default",
        ),
        _List(
            "ec2",
            "internet-gateway",
            "describe_internet_gateways",
            "InternetGateways",
            "InternetGatewayId",
            counts=lambda gateway: not any(each["VpcId"] in defaults for each in gateway["Attachments"]),
        ),
    ]
    for kind in kinds:
        yield from kind(account)


def _ecs_services(account: Clients) -> Iterator[Record]:
    ecs = account.client("ecs")
    for cluster in _pages(account, "ecs", "list_clusters", "clusterArns"):
        for arn in _pages(account, "ecs", "list_services", "serviceArns", cluster=cluster):
            for service in ecs.describe_services(cluster=cluster, services=[arn])["services"]:
                if service["status"] != "INACTIVE":
                    yield Record("ecs", "service", service["serviceArn"])


def _scaling(account: Clients) -> Iterator[Record]:
    service, arguments = "application-autoscaling", {"ServiceNamespace": "ecs"}
    for target in _pages(account, service, "describe_scalable_targets", "ScalableTargets", **arguments):
        yield Record(service, "scalable-target", target["ResourceId"])
    for policy in _pages(account, service, "describe_scaling_policies", "ScalingPolicies", **arguments):
        yield Record(service, "scaling-policy", policy["PolicyARN"])


def _listeners(account: Clients) -> Iterator[Record]:
    for balancer in _pages(account, "elbv2", "describe_load_balancers", "LoadBalancers"):
        arn = balancer["LoadBalancerArn"]
        yield Record("elbv2", "load-balancer", arn)
        for listener in _pages(account, "elbv2", "describe_listeners", "Listeners", LoadBalancerArn=arn):
            yield Record("elbv2", "listener", listener["ListenerArn"])


def _zones(account: Clients) -> Iterator[Record]:
    for zone in _pages(account, "route53", "list_hosted_zones", "HostedZones"):
        yield Record("route53", "hosted-zone", zone["Name"])
        records = _pages(account, "route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        for record in records:
            if not (record["Type"] in ("NS", "SOA") and record["Name"] == zone["Name"]):
                yield Record("route53", "record", f"{record['Type']} {record['Name']}")


def _keys(account: Clients) -> Iterator[Record]:
    kms = account.client("kms")
    for key in _pages(account, "kms", "list_keys", "Keys"):
        about = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if about["KeyManager"] == "CUSTOMER" and about["KeyState"] != "PendingDeletion":
            yield Record("kms", "key", about["Arn"])


def _oidc_providers(account: Clients) -> Iterator[Record]:
    for provider in account.client("iam").list_open_id_connect_providers()["OpenIDConnectProviderList"]:
        yield Record("iam", "oidc-provider", provider["Arn"])


def _web_acls(account: Clients) -> Iterator[Record]:
    for acl in account.client("wafv2").list_web_acls(Scope="REGIONAL")["WebACLs"]:
        yield Record("wafv2", "web-acl", acl["Name"])


_LISTERS: list[Callable[[Clients], Iterable[Record]]] = [
    _inside_vpcs,
    _ecs_services,
    _scaling,
    _listeners,
    _zones,
    _keys,
    _oidc_providers,
    _web_acls,
    _List("acm", "certificate", "list_certificates", "CertificateSummaryList", "CertificateArn"),
    _List("cloudwatch", "alarm", "describe_alarms", "MetricAlarms", "AlarmName"),
    _List("cloudwatch", "dashboard", "list_dashboards", "DashboardEntries", "DashboardName"),
    _List("ec2", "elastic-ip", "describe_addresses", "Addresses", "AllocationId"),
    _List("ec2", "flow-log", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    _List(
        "ec2",
        "nat-gateway",
        "describe_nat_gateways",
        "NatGateways",
        "NatGatewayId",
        counts=lambda gateway: gateway["State"] not in ("deleting", "deleted"),
    ),
    _List("ec2", "network-interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    _List(
        "ec2",
        "vpc-endpoint",
        "describe_vpc_endpoints",
        "VpcEndpoints",
        "VpcEndpointId",
        counts=lambda endpoint: endpoint["State"] not in ("deleting", "deleted"),
    ),
    _List("ecr", "repository", "describe_repositories", "repositories", "repositoryName"),
    _List("ecs", "cluster", "list_clusters", "clusterArns", ""),
    _List("ecs", "task-definition", "list_task_definitions", "taskDefinitionArns", "", {"status": "ACTIVE"}),
    _List("elbv2", "target-group", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    _List("iam", "policy", "list_policies", "Policies", "Arn", {"Scope": "Local"}),
    _List(
        "iam",
        "role",
        "list_roles",
        "Roles",
        "RoleName",
        counts=lambda role: not role["Path"].startswith("/aws-service-role/"),
    ),
    _List(
        "kms",
        "alias",
        "list_aliases",
        "Aliases",
        "AliasName",
        counts=lambda alias: not alias["AliasName"].startswith("alias/aws/"),
    ),
    _List("logs", "log-group", "describe_log_groups", "logGroups", "logGroupName"),
    _List("rds", "db-instance", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    _List(
        "rds",
        "parameter-group",
        "describe_db_parameter_groups",
        "DBParameterGroups",
        "DBParameterGroupName",
        counts=lambda group: not group["DBParameterGroupName"].startswith("default."),
    ),
    _List(
        "rds", "snapshot", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier", {"SnapshotType": "manual"}
    ),
    _List("rds", "subnet-group", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    _List("s3", "bucket", "list_buckets", "Buckets", "Name"),
    _List("secretsmanager", "secret", "list_secrets", "SecretList", "Name"),
    _List("servicediscovery", "namespace", "list_namespaces", "Namespaces", "Name"),
    _List("servicediscovery", "service", "list_services", "Services", "Name"),
    _List("sns", "subscription", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    _List("sns", "topic", "list_topics", "Topics", "TopicArn"),
    _List("ssm", "parameter", "describe_parameters", "Parameters", "Name"),
]
