"""Finding what was being made at the moment when Terraform died: its id was never told.

What has a name of its own is looked for under that name. What gets its id from AWS is looked for by its tags: of its
kind, with exactly the planned tags, and in no state. What is a part of something else, as a listener's rule is, is
looked for there, by what is unique in it. What only sets something (a bucket's versioning, an alarm) may be set again
and is not looked for.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from infra.release.drift.seen import Seen
from infra.release.natural_key import natural_key
from infra.release.recovery.journalled import Address, Identity

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

# Type -> what its ids in EC2 begin with.
_EC2: Final = {
    "aws_eip": "eipalloc-",
    "aws_flow_log": "fl-",
    "aws_internet_gateway": "igw-",
    "aws_nat_gateway": "nat-",
    "aws_route_table": "rtb-",
    "aws_security_group": "sg-",
    "aws_subnet": "subnet-",
    "aws_vpc": "vpc-",
    "aws_vpc_endpoint": "vpce-",
}

# Type -> kind as tag:GetResources has it, and whether the id is the whole ARN or what stands behind its last slash.
_TAGGED: Final = {
    "aws_kms_key": ("kms:key", False),
    "aws_lb": ("elasticloadbalancing:loadbalancer", True),
    "aws_lb_target_group": ("elasticloadbalancing:targetgroup", True),
}

# Type -> its id, made of how it is imported and where it is in the account.
_PARTS: Final[Mapping[str, Callable[[Seen], str]]] = {
    "aws_ecs_service": lambda seen: seen.where,
    "aws_lb_listener": lambda seen: seen.where,
    "aws_lb_listener_rule": lambda seen: seen.where,
    "aws_route": lambda seen: _id_of_route(*seen.natural),
    "aws_route53_record": lambda seen: seen.import_id,
    "aws_route_table_association": lambda seen: seen.where,
    "aws_service_discovery_private_dns_namespace": lambda seen: seen.import_id.partition(":")[0],
    "aws_service_discovery_service": lambda seen: seen.import_id,
    "aws_vpc_security_group_egress_rule": lambda seen: seen.where,
    "aws_vpc_security_group_ingress_rule": lambda seen: seen.where,
    "aws_wafv2_web_acl": lambda seen: seen.import_id.partition("/")[0],
}

# A second call sets what the first one set.
_SET_AGAIN: Final = (
    "aws_appautoscaling_",
    "aws_cloudwatch_dashboard",
    "aws_cloudwatch_metric_alarm",
    "aws_default_",
    "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition",
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
        ec2: all objects in EC2, by id.
        tagged: objects of a kind elsewhere, by ARN.
        parts: what a plan, given as JSON, might make a second time.
    """

    names: Mapping[str, str]
    ec2: Callable[[], Tagged]
    tagged: Callable[[str], Tagged]
    parts: Callable[[Mapping[str, Any]], Sequence[Seen]]


def find(
    begun: Iterable[Address], planned: Mapping[str, Any], known: set[str], lookup: Lookup
) -> tuple[dict[Address, Identity], list[str]]:
    """Look for what was being made.

    Args:
        begun: what.
        planned: a plan's JSON in which it is still to be made. What is a part of something that the plan does not know
            is found by a later one.
        known: ids that are in the state, or that the journal tells.
        lookup: asks the account.

    Returns:
        What may be there, to be read, and what nobody can look for.
    """
    after = {
        each["address"]: each["change"]["after"] or {}
        for each in planned.get("resource_changes", [])
        if "create" in each["change"]["actions"]
    }
    wanted = [
        (address, after[address.text])
        for address in sorted(begun, key=lambda each: each.text)
        if address.text in after and not address.type.startswith(_SET_AGAIN)
    ]
    keys = {address: natural_key(address.type, values) for address, values in wanted if address.type in _PARTS}
    parts = lookup.parts(planned) if any(keys.values()) else ()
    found: dict[Address, Identity] = {}
    unclear = []
    for address, values in wanted:
        if address.type in _NAMED:
            name = _named(_NAMED[address.type], values, lookup.names)
            fits = [name] if name else []
        elif address.type in _EC2 or address.type in _TAGGED:
            fits = _by_tags(address.type, values, lookup)
        elif address.type in _PARTS:
            fits = [
                _PARTS[each.type](each) for each in parts if (each.type, each.natural) == (address.type, keys[address])
            ]
        else:
            unclear.append(address.text)
            continue
        fits = sorted(set(fits) - known)
        if len(fits) == 1:
            found[address] = Identity("id", fits[0])
        elif fits:
            unclear.append(f"{address.text} (one of {', '.join(fits)})")
    return found, unclear


def only_guessed(address: Address) -> bool:
    """Whether what was found of an object is a name, which says nothing of whether it is there."""
    return address.type in _NAMED


def _named(template: str, values: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """The id; "" where a part of it is not known yet: then what it belongs to is not there either."""
    known = {name: value for name, value in values.items() if isinstance(value, str) and value}
    try:
        return template.format(**{**names, **known})
    except KeyError:
        return ""


def _by_tags(kind: str, values: Mapping[str, Any], lookup: Lookup) -> list[str]:
    if kind in _EC2:
        there: Tagged = {each: tags for each, tags in lookup.ec2().items() if each.startswith(_EC2[kind])}
    else:
        name, whole = _TAGGED[kind]
        there = {(arn if whole else arn.rpartition("/")[2]): tags for arn, tags in lookup.tagged(name).items()}
    wanted = values.get("tags_all") or values.get("tags") or {}
    return [each for each, tags in there.items() if wanted and dict(tags) == dict(wanted)]


def _id_of_route(table: str, goes_to: str) -> str:
    """As the provider makes it: `routeCreateID` in internal/service/ec2/vpc_route.go."""
    return f"r-{table}{zlib.crc32(goes_to.encode())}"
