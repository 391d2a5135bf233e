"""What an ARN names: Terraform's type of it, and what Terraform would import it by.

Source: https://docs.aws.amazon.com/service-authorization/latest/reference/ (ARN formats) and the "Import" section of
each resource at https://registry.terraform.io/providers/hashicorp/aws/5.100.0/docs.
"""

import re
from dataclasses import dataclass
from typing import Final

# Service and resource part of an ARN -> type and import id ("{arn}" is the whole ARN, "{name}" the named group).
_TYPES: Final = [
    (re.compile(pattern), kind, import_id)
    for pattern, kind, import_id in [
        (r"cloudwatch:alarm:(?P<name>.+)", "aws_cloudwatch_metric_alarm", "{name}"),
        (r"cloudwatch:dashboard/(?P<name>.+)", "aws_cloudwatch_dashboard", "{name}"),
        (r"ec2:elastic-ip/(?P<name>.+)", "aws_eip", "{name}"),
        (r"ec2:instance/(?P<name>.+)", "aws_instance", "{name}"),
        (r"ec2:internet-gateway/(?P<name>.+)", "aws_internet_gateway", "{name}"),
        (r"ec2:natgateway/(?P<name>.+)", "aws_nat_gateway", "{name}"),
        (r"ec2:route-table/(?P<name>.+)", "aws_route_table", "{name}"),
        (r"ec2:security-group/(?P<name>.+)", "aws_security_group", "{name}"),
        (r"ec2:security-group-rule/(?P<name>.+)", "aws_vpc_security_group_ingress_rule", "{name}"),
        (r"ec2:subnet/(?P<name>.+)", "aws_subnet", "{name}"),
        (r"ec2:vpc/(?P<name>.+)", "aws_vpc", "{name}"),
        (r"ec2:vpc-endpoint/(?P<name>.+)", "aws_vpc_endpoint", "{name}"),
        (r"ec2:vpc-flow-log/(?P<name>.+)", "aws_flow_log", "{name}"),
        (r"ecr:repository/(?P<name>.+)", "aws_ecr_repository", "{name}"),
        (r"ecs:cluster/(?P<name>.+)", "aws_ecs_cluster", "{name}"),
        (r"ecs:service/(?P<name>[^/]+/.+)", "aws_ecs_service", "{name}"),
        (r"elasticloadbalancing:listener/.+", "aws_lb_listener", "{arn}"),
        (r"elasticloadbalancing:listener-rule/.+", "aws_lb_listener_rule", "{arn}"),
        (r"elasticloadbalancing:loadbalancer/.+", "aws_lb", "{arn}"),
        (r"elasticloadbalancing:targetgroup/.+", "aws_lb_target_group", "{arn}"),
        (r"iam:policy/.+", "aws_iam_policy", "{arn}"),
        (r"iam:role/(?:.*/)?(?P<name>.+)", "aws_iam_role", "{name}"),
        (r"kms:(?P<name>alias/.+)", "aws_kms_alias", "{name}"),
        (r"kms:key/(?P<name>.+)", "aws_kms_key", "{name}"),
        (r"logs:log-group:(?P<name>.+?)(?::\*)?", "aws_cloudwatch_log_group", "{name}"),
        (r"rds:db:(?P<name>.+)", "aws_db_instance", "{name}"),
        (r"rds:pg:(?P<name>.+)", "aws_db_parameter_group", "{name}"),
        (r"rds:subgrp:(?P<name>.+)", "aws_db_subnet_group", "{name}"),
        (r"s3:(?P<name>[^/]+)", "aws_s3_bucket", "{name}"),
        (r"secretsmanager:secret:.+", "aws_secretsmanager_secret", "{arn}"),
        (r"servicediscovery:namespace/(?P<name>.+)", "aws_service_discovery_private_dns_namespace", "{name}"),
        (r"servicediscovery:service/(?P<name>.+)", "aws_service_discovery_service", "{name}"),
        (r"sns:[^:]+:(?P<name>.+)", "aws_sns_topic_subscription", "{arn}"),
        (r"sns:[^:]+", "aws_sns_topic", "{arn}"),
        (r"sqs:[^:]+", "aws_sqs_queue", "{arn}"),
        (r"ssm:parameter(?P<name>/.+)", "aws_ssm_parameter", "{name}"),
        (r"wafv2:regional/webacl/(?P<name>[^/]+)/(?P<id>.+)", "aws_wafv2_web_acl", "{id}/{name}/REGIONAL"),
    ]
]

# What carries the platform's tags and is nobody's to own: (pattern, why).
LEFT_OUT: Final = [
    (re.compile(pattern), why)
    for pattern, why in [
        (r"ecs:task/.+", "a running task has its service's tags; what runs is examined by itself"),
        (r"ecs:task-definition/.+", "revisions are examined by themselves"),
        (r"ecs:container-instance/.+", "Fargate's own"),
        (r"ec2:network-interface/.+", "of a task, a load balancer or an endpoint, which makes it"),
        (r"ec2:snapshot/.+", "a copy"),
        (r"rds:(?:cluster-)?snapshot:.+", "a copy of the database has its tags; the last one stays on purpose"),
        (r"rds:auto-backup:.+", "RDS's own copies"),
        (r"backup:.+", "a copy"),
        (r"secretsmanager:secret:rds!.+", "RDS's own, for the database's master password"),
    ]
]


@dataclass(frozen=True)
class Named:
    """What an ARN names.

    Args:
        type: Terraform's; "" for one that is not known here.
        import_id: what Terraform imports it by; "" likewise.
        name: the last part, for people.
    """

    type: str
    import_id: str
    name: str


def resource_part(arn: str) -> str:
    """Service and resource of an ARN, without partition, region and account.

    Args:
        arn: e.g. "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1".

    Returns:
        E.g. "ec2:vpc/vpc-1"; "" when it is no ARN.
    """
    parts = arn.split(":", 5)
    return f"{parts[2]}:{parts[5]}" if len(parts) == 6 and parts[0] == "arn" else ""


def named_by(arn: str) -> Named:
    """What an ARN names.

    Args:
        arn: of anything.

    Returns:
        Type, import id and name.
    """
    part = resource_part(arn)
    for pattern, kind, import_id in _TYPES:
        found = pattern.fullmatch(part)
        if found:
            groups = found.groupdict()
            return Named(kind, import_id.format(arn=arn, **groups), groups.get("name") or re.split("[:/]", part)[-1])
    return Named("", "", re.split("[:/]", part)[-1])


def left_out(arn: str) -> bool:
    """Whether what an ARN names is nobody's to own.

    Args:
        arn: of anything.

    Returns:
        True for what `LEFT_OUT` lists.
    """
    return any(pattern.fullmatch(resource_part(arn)) for pattern, _ in LEFT_OUT)
