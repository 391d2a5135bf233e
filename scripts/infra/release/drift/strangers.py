"""Everything in the account that carries the platform's tags or names, whoever owns it.

Tags find what has them, of any service. Names find what somebody made without tags, of the kinds that the platform has.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from infra.release.drift.arns import left_out, named_by
from infra.release.drift.ended import ended
from infra.release.drift.owned import MADE_BY_AWS, key
from infra.release.drift.place import Platform, maker
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Seen, moment

_TAGGED: Final = "carries the platform's tags"
_NAMED: Final = "has a name of the platform"


@dataclass(frozen=True)
class _List:
    """A kind that is listed by name.

    Args:
        service: boto3 name.
        operation: boto3 name.
        items: key of the list in the answer.
        name: key of the name in an item.
        arn: key of the ARN in an item.
        since: key of a time in an item; "" for none.
        by: key of a person in an item; "" for none.
        arguments: of the call.
    """

    service: str
    operation: str
    items: str
    name: str
    arn: str
    since: str = ""
    by: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)


_LISTS: Final = [
    _List("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName", "AlarmArn",
          "AlarmConfigurationUpdatedTimestamp", arguments={"AlarmNamePrefix": "hokusai"}),
    _List("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName", "DashboardArn", "LastModified"),
    _List("ecr", "describe_repositories", "repositories", "repositoryName", "repositoryArn", "createdAt"),
    _List("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerName", "LoadBalancerArn", "CreatedTime"),
    _List("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupName", "TargetGroupArn"),
    _List("iam", "list_policies", "Policies", "PolicyName", "Arn", "CreateDate", arguments={"Scope": "Local"}),
    _List("iam", "list_roles", "Roles", "RoleName", "Arn", "CreateDate"),
    _List("kms", "list_aliases", "Aliases", "AliasName", "AliasArn", "CreationDate"),
    _List("logs", "describe_log_groups", "logGroups", "logGroupName", "arn", "creationTime"),
    _List("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier", "DBInstanceArn", "InstanceCreateTime"),
    _List("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName", "DBParameterGroupArn"),
    _List("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName", "DBSubnetGroupArn"),
    _List("secretsmanager", "list_secrets", "SecretList", "Name", "ARN", "CreatedDate"),
    _List("servicediscovery", "list_namespaces", "Namespaces", "Name", "Arn", "CreateDate"),
    _List("wafv2", "list_web_acls", "WebACLs", "Name", "ARN", arguments={"Scope": "REGIONAL"}),
]  # fmt: skip


def strangers(reader: Reader, platform: Platform, region: str, account_id: str) -> list[Seen]:
    """List what is the platform's by tags or names.

    Args:
        reader: asks the account.
        platform: whose.
        region: of the environment.
        account_id: twelve digits.

    Returns:
        Each once, what has tags first.

    Raises:
        InfraError: a call was denied or not answered.
    """
    tags = _tags(reader)
    wanted = platform.tags.items()
    found = {arn: _of_arn(arn, _TAGGED, by=maker(own)) for arn, own in tags.items() if wanted <= own.items()}
    for seen in _by_name(reader, platform, f"{region}:{account_id}"):
        if not platform.elsewhere(tags.get(seen.where, {})):
            tagged = found.get(seen.where)
            # The listing says more than the tags do.
            found[seen.where] = replace(seen, why=tagged.why, by=seen.by or tagged.by) if tagged else seen
    return [seen for arn, seen in found.items() if not left_out(arn) and not ended(reader, seen)]


def _tags(reader: Reader) -> dict[str, dict[str, str]]:
    """The tags of everything that says which environment it is of."""
    service, operation, filters = "resourcegroupstaggingapi", "get_resources", [{"Key": "Environment"}]
    return {
        each["ResourceARN"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]}
        for each in reader.pages(service, operation, "ResourceTagMappingList", TagFilters=filters)
    }


def _by_name(reader: Reader, platform: Platform, region_and_account: str) -> Iterator[Seen]:
    for kind in _LISTS:
        for item in reader.pages(kind.service, kind.operation, kind.items, **kind.arguments):
            name = item[kind.name]
            # Repositories have no environment in their names: the account is the environment's.
            if platform.names(name) or (kind.service == "ecr" and name.startswith("hokusai")):
                arn = item[kind.arn].removesuffix(":*")
                yield _of_arn(arn, _NAMED, name=name, since=moment(item.get(kind.since)), by=item.get(kind.by, ""))
    for bucket in reader.pages("s3", "list_buckets", "Buckets"):
        if platform.names(bucket["Name"]):
            yield _of_arn(f"arn:aws:s3:::{bucket['Name']}", _NAMED, since=moment(bucket.get("CreationDate")))
    for group in reader.pages("ec2", "describe_security_groups", "SecurityGroups"):
        if platform.names(group["GroupName"]):
            arn = f"arn:aws:ec2:{region_and_account}:security-group/{group['GroupId']}"
            yield _of_arn(arn, _NAMED, name=group["GroupName"])
    yield from _listed_by_arn(reader, platform)
    filters = [{"Key": "Name", "Option": "BeginsWith", "Values": [f"/hokusai/{platform.environment}/"]}]
    for parameter in reader.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=filters):
        yield _of_arn(
            f"arn:aws:ssm:{region_and_account}:parameter{parameter['Name']}",
            _NAMED,
            since=moment(parameter.get("LastModifiedDate")),
            by=parameter.get("LastModifiedUser", ""),
        )


def _listed_by_arn(reader: Reader, platform: Platform) -> Iterator[Seen]:
    arns: Iterable[str] = [
        *reader.pages("ecs", "list_clusters", "clusterArns"),
        *(topic["TopicArn"] for topic in reader.pages("sns", "list_topics", "Topics")),
    ]
    yield from (_of_arn(arn, _NAMED) for arn in arns if platform.names(arn.split(":", 5)[5].rpartition("/")[2]))


def _of_arn(arn: str, why: str, *, name: str = "", since: str = "", by: str = "") -> Seen:
    named = named_by(arn)
    name = name or named.name
    keys = [arn, *(key(named.type, each) for each in dict.fromkeys((named.import_id, name)) if named.type and each)]
    keys += [last for last in [arn.rpartition("/")[2]] if MADE_BY_AWS.fullmatch(last)]
    return Seen(named.type, named.import_id, arn, tuple(keys), why, (name,), name, since=since, by=by)
