"""Finding what was being made at the moment when Terraform died: its id was never told.

What has a name of its own is looked for under that name. What gets its id from AWS is looked for by its tags: of its
kind, with exactly the planned tags, and in no state. What only sets something (a bucket's versioning, an alarm) may be
set again and is not looked for.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.release.journalled import Address, Identity

# Type -> its id, made of planned values; {account}, {partition} and {region} are the environment's.
_NAMED: Final = {
    "aws_cloudwatch_log_group": "{name}",
    "aws_db_instance": "{identifier}",
    "aws_db_parameter_group": "{name}",
    "aws_db_subnet_group": "{name}",
    "aws_ecs_cluster": "arn:{partition}:ecs:{region}:{account}:cluster/{name}",
    "aws_iam_role": "{name}",
    "aws_iam_role_policy": "{role}:{name}",
    "aws_kms_alias": "{name}",
    "aws_s3_bucket": "{bucket}",
    "aws_sns_topic": "arn:{partition}:sns:{region}:{account}:{name}",
    "aws_ssm_parameter": "{name}",
}

# Type -> kind as ec2:DescribeTags has it.
_EC2: Final = {
    "aws_flow_log": "vpc-flow-log",
    "aws_internet_gateway": "internet-gateway",
    "aws_route_table": "route-table",
    "aws_security_group": "security-group",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_endpoint": "vpc-endpoint",
    "aws_vpc_security_group_egress_rule": "security-group-rule",
    "aws_vpc_security_group_ingress_rule": "security-group-rule",
}

# Type -> kind as tag:GetResources has it, and whether the id is the whole ARN or what stands behind its last slash.
_TAGGED: Final = {
    "aws_kms_key": ("kms:key", False),
    "aws_lb": ("elasticloadbalancing:loadbalancer", True),
    "aws_lb_listener": ("elasticloadbalancing:listener", True),
    "aws_lb_listener_rule": ("elasticloadbalancing:listener-rule", True),
    "aws_lb_target_group": ("elasticloadbalancing:targetgroup", True),
    "aws_service_discovery_private_dns_namespace": ("servicediscovery:namespace", False),
    "aws_service_discovery_service": ("servicediscovery:service", False),
    "aws_wafv2_web_acl": ("wafv2:regional/webacl", False),
}

# A second call sets what the first one set.
_SET_AGAIN: Final = (
    "aws_appautoscaling_",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_metric_alarm",
    "aws_default_",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition",
    "aws_route53_record",
    "aws_s3_bucket_",
    "aws_sns_topic_",
    "aws_wafv2_web_acl_",
)

# Objects of a kind with their tags: id or ARN -> tags.
Tagged = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Lookup:
    """Asks the account.

    Args:
        names: account, partition and region.
        ec2: objects of a kind in EC2.
        tagged: objects of a kind elsewhere, by ARN.
    """

    names: Mapping[str, str]
    ec2: Callable[[str], Tagged]
    tagged: Callable[[str], Tagged]


def find(
    begun: Iterable[Address], after: Mapping[str, Mapping[str, Any]], known: set[str], lookup: Lookup
) -> tuple[dict[Address, Identity], list[str]]:
    """Look for what was being made.

    Args:
        begun: what.
        after: planned values, by address.
        known: ids that are in the state, or that the journal tells.
        lookup: asks the account.

    Returns:
        What may be there, to be read, and what nobody can look for.
    """
    found: dict[Address, Identity] = {}
    unclear = []
    for address in sorted(begun, key=lambda each: each.text):
        values = after.get(address.text)
        if values is None or address.type.startswith(_SET_AGAIN):
            continue
        if address.type in _NAMED:
            name = _named(_NAMED[address.type], values, lookup.names)
            if name and name not in known:
                found[address] = Identity("id", name)
        elif address.type in _EC2 or address.type in _TAGGED:
            fits = _by_tags(address.type, values, known, lookup)
            if len(fits) == 1:
                found[address] = Identity("id", fits[0])
            elif fits:
                unclear.append(f"{address.text} (one of {', '.join(fits)})")
        else:
            unclear.append(address.text)
    return found, unclear


def _named(template: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The id; "" where a part of it is not known yet: then what it belongs to is not there either."""
    known = {name: value for name, value in values.items() if isinstance(value, str) and value}
    try:
        return template.format(**{**names, **known})
    except KeyError:
        return ""


def _by_tags(kind: str, values: Mapping[str, Any], known: set[str], lookup: Lookup) -> list[str]:
    if kind in _EC2:
        there: Tagged = lookup.ec2(_EC2[kind])
    else:
        name, whole = _TAGGED[kind]
        there = {(arn if whole else arn.rpartition("/")[2]): tags for arn, tags in lookup.tagged(name).items()}
    wanted = values.get("tags_all") or values.get("tags") or {}
    return sorted(each for each, tags in there.items() if each not in known and wanted and dict(tags) == dict(wanted))
