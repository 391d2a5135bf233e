"""The parts of what the network consists of."""

from collections.abc import Iterator

from infra.release.drift.owned import Owned
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Parent, Seen, moment, part_of


def of_security_group(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """Rules of a security group.

    Args:
        reader: asks the account.
        parent: the group.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    filters = [{"Name": "group-id", "Values": [parent.id]}]
    for rule in reader.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters):
        kind = f"aws_vpc_security_group_{'egress' if rule['IsEgress'] else 'ingress'}_rule"
        peer = next(
            (
                str(each)
                for each in (
                    rule.get("CidrIpv4"),
                    rule.get("CidrIpv6"),
                    rule.get("PrefixListId"),
                    (rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
                )
                if each
            ),
            "nobody",
        )
        ports = f"{rule['IpProtocol']} {rule.get('FromPort', '')}-{rule.get('ToPort', '')}"
        way = "to" if rule["IsEgress"] else "from"
        found = rule["SecurityGroupRuleId"]
        yield part_of(
            parent,
            kind,
            found,
            found,
            parent.id,
            ports,
            peer,
            name=f"{'everything' if rule['IpProtocol'] == '-1' else ports} {way} {peer}",
        )


def of_route_table(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """Routes of a table.

    Args:
        reader: asks the account.
        parent: the table.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    for table in reader.pages("ec2", "describe_route_tables", "RouteTables", RouteTableIds=[parent.id]):
        for route in table["Routes"]:
            gateway = route.get("GatewayId", "")
            # The VPC's own, and those that a gateway endpoint brings.
            if gateway == "local" or gateway.startswith("vpce-"):
                continue
            goes_to = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock") or ""
            goes_to = goes_to or route.get("DestinationPrefixListId", "")
            found = f"{parent.id}_{goes_to}"
            yield part_of(parent, "aws_route", found, found, parent.id, goes_to, name=goes_to)


def of_vpc(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """What is in a VPC, but for what lives in a subnet by itself.

    Args:
        reader: asks the account.
        parent: the VPC.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    inside = {"Filters": [{"Name": "vpc-id", "Values": [parent.id]}]}
    for subnet in reader.pages("ec2", "describe_subnets", "Subnets", **inside):
        yield part_of(parent, "aws_subnet", subnet["SubnetId"], subnet["SubnetId"], parent.id, subnet["CidrBlock"])
    for table in reader.pages("ec2", "describe_route_tables", "RouteTables", **inside):
        # The main one comes with the VPC.
        if not any(each.get("Main") for each in table["Associations"]):
            yield part_of(parent, "aws_route_table", table["RouteTableId"], table["RouteTableId"])
    attached = {"Filters": [{"Name": "attachment.vpc-id", "Values": [parent.id]}]}
    for gateway in reader.pages("ec2", "describe_internet_gateways", "InternetGateways", **attached):
        found = gateway["InternetGatewayId"]
        yield part_of(parent, "aws_internet_gateway", found, found, parent.id)
    for nat in reader.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=inside["Filters"]):
        if nat["State"] not in ("deleting", "deleted"):
            made = moment(nat.get("CreateTime"))
            yield part_of(
                parent, "aws_nat_gateway", nat["NatGatewayId"], nat["NatGatewayId"], nat["SubnetId"], since=made
            )
    for endpoint in reader.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", **inside):
        if endpoint["State"].lower() not in ("deleting", "deleted"):
            found, service = endpoint["VpcEndpointId"], endpoint["ServiceName"]
            made = moment(endpoint.get("CreationTimestamp"))
            yield part_of(parent, "aws_vpc_endpoint", found, found, parent.id, service, name=service, since=made)
    for group in reader.pages("ec2", "describe_security_groups", "SecurityGroups", **inside):
        found = group["GroupId"]
        if group["GroupName"] != "default":
            name = group["GroupName"]
            yield part_of(parent, "aws_security_group", found, found, parent.id, name, name=name)
    yield from _machines(reader, parent)


def _machines(reader: Reader, parent: Parent) -> Iterator[Seen]:
    inside = [{"Name": "vpc-id", "Values": [parent.id]}]
    for reservation in reader.pages("ec2", "describe_instances", "Reservations", Filters=inside):
        for machine in reservation["Instances"]:
            if machine["State"]["Name"] not in ("shutting-down", "terminated"):
                found, made = machine["InstanceId"], moment(machine.get("LaunchTime"))
                yield part_of(parent, "aws_instance", found, found, since=made)
