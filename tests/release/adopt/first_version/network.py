"""The VPC of the first version, and its security groups."""

from collections.abc import Mapping
from typing import Any, Final

from tests.release.adopt.first_version.account import OldAccount, tagged

# Zone -> ranges of its public and its private subnet.
_ZONES: Final = {
    "a": ("10.0.101.0/24", "10.0.1.0/24"),
    "b": ("10.0.102.0/24", "10.0.2.0/24"),
    "c": ("10.0.103.0/24", "10.0.3.0/24"),
}
_EVERYWHERE: Final = [{"CidrIp": "0.0.0.0/0"}]


def make_network(old: OldAccount) -> None:
    """Make a VPC with a NAT gateway in each zone, and groups that let every port through.

    Args:
        old: the account.
    """
    ec2 = old.client("ec2")
    old.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=tagged("vpc"))["Vpc"]["VpcId"]
    for setting in ("EnableDnsSupport", "EnableDnsHostnames"):
        ec2.modify_vpc_attribute(VpcId=old.vpc, **{setting: {"Value": True}})
    made = ec2.create_internet_gateway(TagSpecifications=tagged("internet-gateway"))
    gateway = made["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=old.vpc)
    old.kept |= {"module.network.aws_vpc.this": old.vpc, "module.network.aws_internet_gateway.this": gateway}

    outside = _route_table(old, {"GatewayId": gateway})
    for zone, (public, private) in _ZONES.items():
        old.public.append(_subnet(old, "public", zone, public, outside))
        address = ec2.allocate_address(Domain="vpc", TagSpecifications=tagged("elastic-ip"))["AllocationId"]
        nat = ec2.create_nat_gateway(
            SubnetId=old.public[-1], AllocationId=address, TagSpecifications=tagged("natgateway")
        )["NatGateway"]
        inside = _route_table(old, {"NatGatewayId": nat["NatGatewayId"]})
        old.private.append(_subnet(old, "private", zone, private, inside))

    _security_group(old, "alb", *(_ports(port, port, IpRanges=_EVERYWHERE) for port in (80, 443)))
    _security_group(old, "ecs-tasks", _ports(0, 65535, UserIdGroupPairs=[{"GroupId": old.groups["alb"]}]))
    _security_group(old, "rds", _ports(5432, 5432, UserIdGroupPairs=[{"GroupId": old.groups["ecs-tasks"]}]))


def _route_table(old: OldAccount, way_out: Mapping[str, str]) -> str:
    ec2 = old.client("ec2")
    made = ec2.create_route_table(VpcId=old.vpc, TagSpecifications=tagged("route-table"))
    table = str(made["RouteTable"]["RouteTableId"])
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", **way_out)
    return table


def _subnet(old: OldAccount, kind: str, zone: str, cidr: str, table: str) -> str:
    ec2 = old.client("ec2")
    made = ec2.create_subnet(
        VpcId=old.vpc,
        AvailabilityZone=f"{old.account.region}{zone}",
        CidrBlock=cidr,
        TagSpecifications=tagged("subnet"),
    )
    subnet = str(made["Subnet"]["SubnetId"])
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    old.kept |= {
        f'module.network.aws_subnet.{kind}["{zone}"]': subnet,
        f'module.network.aws_route_table_association.{kind}["{zone}"]': f"{subnet}/{table}",
    }
    return subnet


def _security_group(old: OldAccount, purpose: str, *allowed: dict[str, Any]) -> None:
    """Names were made up with every change (`name_prefix`), so none of these is kept."""
    ec2 = old.client("ec2")
    made = ec2.create_security_group(
        GroupName=f"hokusai-{purpose}-20250614",
        Description=f"Security group for {purpose}",
        VpcId=old.vpc,
        TagSpecifications=tagged("security-group"),
    )
    old.groups[purpose] = made["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=made["GroupId"], IpPermissions=list(allowed))


def _ports(first: int, last: int, **peer: list[dict[str, str]]) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": first, "ToPort": last, **peer}
