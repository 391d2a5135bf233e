"""Which connections the applied security groups allow.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html: a connection needs a rule at the
outgoing end and one at the incoming end; any of the groups of an end may have it; answers need none.
"""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.account.emulated import EmulatedAccount


@dataclass(frozen=True)
class End:
    """One end of a connection, as security groups see it.

    Args:
        name: for people.
        groups: its security groups; empty: outside the VPC.
        address: IPv4 address that rules on ranges see: in the VPC, or a public one.
        prefix_list: id of the prefix list that it belongs to (S3 through a gateway endpoint).
    """

    name: str
    groups: tuple[str, ...] = ()
    address: str = ""
    prefix_list: str | None = None


@dataclass(frozen=True)
class Missing:
    """A rule that is not there.

    Args:
        group: id of the group that would need it, the first one of several; or another resource that is to blame.
        reason: in words.
        kind: as in `Refusal`.
    """

    group: str
    reason: str
    kind: Literal["rule", "nobody"] = "rule"


@dataclass(frozen=True)
class _Rule:
    egress: bool
    protocol: str
    first_port: int
    last_port: int
    network: ipaddress.IPv4Network | None
    group: str | None
    prefix_list: str | None

    def matches(self, other: End, port: int) -> bool:
        if self.protocol not in ("tcp", "6", "-1"):
            return False
        if self.protocol != "-1" and not self.first_port <= port <= self.last_port:
            return False
        if self.group is not None:
            return self.group in other.groups
        if self.prefix_list is not None:
            return self.prefix_list == other.prefix_list
        return self.network is not None and bool(other.address) and ipaddress.ip_address(other.address) in self.network


class SecurityGroups:
    """The security groups of an account, as they are when this is made.

    Args:
        rules: of `ec2:DescribeSecurityGroupRules`.
        names: of the groups, by id.
    """

    def __init__(self, rules: Iterable[Mapping[str, Any]], names: Mapping[str, str]) -> None:
        self._names = names
        self._rules: dict[str, list[_Rule]] = {}
        for rule in rules:
            self._rules.setdefault(rule["GroupId"], []).append(_rule(rule))

    @classmethod
    def of(cls, account: EmulatedAccount) -> "SecurityGroups":
        """Those of an account."""
        ec2 = account.client("ec2")
        pages = ec2.get_paginator("describe_security_group_rules").paginate()
        groups = ec2.get_paginator("describe_security_groups").paginate()
        return cls(
            [rule for page in pages for rule in page["SecurityGroupRules"]],
            {group["GroupId"]: group["GroupName"] for page in groups for group in page["SecurityGroups"]},
        )

    def name(self, group: str) -> str:
        """Name of a group, or its id when there is no such group."""
        return self._names.get(group, group)

    def missing(self, source: End, destination: End, port: int) -> Missing | None:
        """The rule that a TCP connection would need and that is not there.

        Args:
            source: who connects; without groups it is outside, and only the other end decides.
            destination: whom to.
            port: TCP port.

        Returns:
            The first missing rule, or None when the connection is allowed.
        """
        if source.groups and not self._allows(source, destination, port, egress=True):
            reason = f"has no outgoing rule to {self._told(destination)}, port {port}"
            return Missing(source.groups[0], f"security group {self.name(source.groups[0])} {reason}")
        if destination.groups and not self._allows(destination, source, port, egress=False):
            reason = f"has no incoming rule from {self._told(source)}, port {port}"
            return Missing(destination.groups[0], f"security group {self.name(destination.groups[0])} {reason}")
        return None

    def _allows(self, end: End, other: End, port: int, *, egress: bool) -> bool:
        rules = (rule for group in end.groups for rule in self._rules.get(group, ()))
        return any(rule.egress is egress and rule.matches(other, port) for rule in rules)

    def _told(self, end: End) -> str:
        return self.name(end.groups[0]) if end.groups else end.name


def _rule(rule: Mapping[str, Any]) -> _Rule:
    network = rule.get("CidrIpv4")
    return _Rule(
        egress=bool(rule["IsEgress"]),
        protocol=str(rule["IpProtocol"]),
        first_port=int(rule.get("FromPort", -1)),
        last_port=int(rule.get("ToPort", -1)),
        network=ipaddress.IPv4Network(network) if network else None,
        group=(rule.get("ReferencedGroupInfo") or {}).get("GroupId"),
        prefix_list=rule.get("PrefixListId"),
    )
