"""What tells an object apart before it has an id: the same for what a plan would make and for what is there.

A name where AWS knows names; else the owner and what is unique in it, as the port of a load balancer's listener.
"""

from collections.abc import Mapping
from typing import Any, Final

# Type -> attributes, as plans have them.
_ATTRIBUTES: Final[Mapping[str, tuple[str, ...]]] = {
    "aws_appautoscaling_policy": ("resource_id", "name"),
    "aws_appautoscaling_target": ("resource_id",),
    "aws_cloudwatch_dashboard": ("dashboard_name",),
    "aws_cloudwatch_log_group": ("name",),
    "aws_cloudwatch_metric_alarm": ("alarm_name",),
    "aws_db_instance": ("identifier",),
    "aws_db_parameter_group": ("name",),
    "aws_db_subnet_group": ("name",),
    "aws_ecs_cluster": ("name",),
    "aws_ecs_cluster_capacity_providers": ("cluster_name",),
    "aws_ecs_service": ("name",),
    "aws_iam_role": ("name",),
    "aws_iam_role_policy": ("role", "name"),
    "aws_internet_gateway": ("vpc_id",),
    "aws_kms_alias": ("name",),
    "aws_lb": ("name",),
    "aws_lb_listener": ("load_balancer_arn", "port"),
    "aws_lb_listener_rule": ("listener_arn", "priority"),
    "aws_lb_target_group": ("name",),
    "aws_route53_record": ("zone_id", "name", "type"),
    "aws_route": ("route_table_id", "destination_cidr_block"),
    "aws_route_table_association": ("subnet_id",),
    "aws_s3_bucket": ("bucket",),
    "aws_s3_bucket_lifecycle_configuration": ("bucket",),
    "aws_s3_bucket_logging": ("bucket",),
    "aws_s3_bucket_ownership_controls": ("bucket",),
    "aws_s3_bucket_policy": ("bucket",),
    "aws_s3_bucket_public_access_block": ("bucket",),
    "aws_s3_bucket_server_side_encryption_configuration": ("bucket",),
    "aws_s3_bucket_versioning": ("bucket",),
    "aws_security_group": ("vpc_id", "name"),
    "aws_service_discovery_private_dns_namespace": ("name",),
    "aws_service_discovery_service": ("name",),
    "aws_sns_topic": ("name",),
    "aws_ssm_parameter": ("name",),
    "aws_subnet": ("vpc_id", "cidr_block"),
    "aws_vpc": ("cidr_block",),
    "aws_vpc_endpoint": ("vpc_id", "service_name"),
    "aws_wafv2_web_acl": ("name",),
}
_RULES: Final = ("aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule")
_PEERS: Final = ("cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id")


def natural_key(kind: str, values: Mapping[str, Any]) -> tuple[str, ...]:
    """What tells an object apart that a plan would make.

    Args:
        kind: Terraform's type.
        values: planned values; what is known only after apply is missing.

    Returns:
        The key, in the terms of `Seen.natural`; empty where the type has none, or a part of it is not known yet.
    """
    if kind == "aws_kms_key":
        # KMS makes up the id. The modules name a key as its alias.
        name = (values.get("tags_all") or {}).get("Name")
        return (f"alias/{name}",) if name else ()
    if kind in _RULES:
        peer = next((str(values[name]) for name in _PEERS if values.get(name)), "")
        group = values.get("security_group_id")
        ports = f"{values.get('ip_protocol')} {_shown(values.get('from_port'))}-{_shown(values.get('to_port'))}"
        return (str(group), ports, peer) if group and peer else ()
    parts = [_shown(values.get(attribute)) for attribute in _ATTRIBUTES.get(kind, ())]
    return tuple(parts) if parts and all(parts) else ()


def _shown(value: object) -> str:
    return "" if value is None else str(value)
