"""The ways from a subnet to AWS services: gateway endpoints, interface endpoints, NAT; as routes and rules allow."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.security_groups import End, Missing, SecurityGroups

_HTTPS = 443
# How interface endpoints call a service, where it is not the name that requests are signed for.
_ENDPOINT_NAMES = {"ecr": "ecr.api", "ecr-images": "ecr.dkr", "cloudwatch": "monitoring"}
# Stand for addresses of AWS that only rules on ranges see (TEST-NET-2).
_OF_S3, _OF_AWS = "198.51.100.251", "198.51.100.252"


@dataclass(frozen=True)
class WayToAws:
    """How a task reaches an AWS service.

    Args:
        endpoint: id of the VPC endpoint that it goes through; "" through NAT.
        policy: that endpoint's policy, which has to allow each call.
    """

    endpoint: str = ""
    policy: Mapping[str, Any] | None = None


class WaysToAws:
    """Routes and endpoints of an account, as they are when this is made.

    Args:
        account: where they are.
        groups: its security groups.
    """

    def __init__(self, account: EmulatedAccount, groups: SecurityGroups) -> None:
        ec2 = account.client("ec2")
        self._groups = groups
        self._subnets = {each["SubnetId"]: each for each in ec2.describe_subnets()["Subnets"]}
        self._route_tables = ec2.describe_route_tables()["RouteTables"]
        self._endpoints = [
            each for each in ec2.describe_vpc_endpoints()["VpcEndpoints"] if each["State"] == "available"
        ]
        self._prefix_lists = {each["PrefixListName"]: each["PrefixListId"] for each in _prefix_lists(ec2)}

    def find(self, origin: End, arn: str, subnet: str, service: str) -> WayToAws | Missing:
        """The way from a subnet to a service.

        Args:
            origin: who wants it.
            arn: the same as ARN.
            subnet: where that is.
            service: as requests to it are signed, e.g. "s3"; "ecr-images" is where image layers are listed.

        Returns:
            The way, or the rule or route that is missing.
        """
        table = self._route_table(subnet)
        if table is None:
            return Missing(arn, f"subnet {subnet} does not exist, or has no route table")
        vpc = self._subnets[subnet]["VpcId"]
        for endpoint in (each for each in self._endpoints if each["VpcId"] == vpc):
            full_name = endpoint["ServiceName"]
            if not full_name.endswith(f".{_ENDPOINT_NAMES.get(service, service)}"):
                continue
            policy = json.loads(endpoint["PolicyDocument"]) if endpoint.get("PolicyDocument") else None
            kind = endpoint.get("VpcEndpointType", "Gateway")  # which is what AWS takes when nobody says anything
            if kind == "Gateway" and table["RouteTableId"] in endpoint["RouteTableIds"]:
                end = End(f"{full_name} (prefix list)", (), _OF_S3, self._prefix_lists.get(full_name))
            elif kind == "Interface" and endpoint.get("PrivateDnsEnabled"):
                groups = tuple(each["GroupId"] for each in endpoint.get("Groups", ()))
                inside = self._inside(endpoint["SubnetIds"])
                end = End(f"endpoint {full_name}", groups, inside)
            else:
                continue
            return self._groups.missing(origin, end, _HTTPS) or WayToAws(endpoint["VpcEndpointId"], policy)
        if not any(_is_way_out(route) for route in table["Routes"]):
            told = f"route table {table['RouteTableId']} of its subnet leads to no NAT gateway"
            return Missing(table["RouteTableId"], f"{told}, and the VPC has no endpoint for {service}")
        end = End("the internet", (), _OF_AWS)
        return self._groups.missing(origin, end, _HTTPS) or WayToAws()

    def _inside(self, subnets: list[str]) -> str:
        known = [self._subnets[each] for each in subnets if each in self._subnets]
        return str(ipaddress.IPv4Network(known[0]["CidrBlock"])[4]) if known else ""

    def _route_table(self, subnet: str) -> Mapping[str, Any] | None:
        known = self._subnets.get(subnet)
        if known is None:
            return None
        main = None
        for table in self._route_tables:
            for association in table["Associations"]:
                if association.get("SubnetId") == subnet:
                    return dict(table)
                if association.get("Main") and table["VpcId"] == known["VpcId"]:
                    main = dict(table)
        return main


def _is_way_out(route: Mapping[str, Any]) -> bool:
    # An internet gateway leads nowhere for a task without a public address.
    return (
        route.get("DestinationCidrBlock") == "0.0.0.0/0"
        and bool(route.get("NatGatewayId"))
        and route["State"] == "active"
    )


def _prefix_lists(ec2: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - boto3 makes its clients at run time
    return [each for page in ec2.get_paginator("describe_prefix_lists").paginate() for each in page["PrefixLists"]]
