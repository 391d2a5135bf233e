"""Steps about load balancers: each public host is served by its own, and by no other."""

import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.verification.front_door import expect_nothing
from infra.verification.steps import CheckFailed, Step
from infra.verification.target import Target

_ATTEMPTS = 5


@dataclass(frozen=True)
class Balancer:
    """A load balancer of the account.

    Args:
        arn: of it.
        name: of it.
        dns_name: that AWS gave it.
        hosts: that its rules name.
    """

    arn: str
    name: str
    dns_name: str
    hosts: frozenset[str]


def _served(target: Target) -> str:
    balancers = list(_balancers(target))
    records = _aliases(target)
    serving = {host: serves(host, records.get(host, ""), balancers) for host in (target.registry, target.auth)}
    for host, balancer in serving.items():
        _require_led_to(target, host, balancer)
    registry, auth = serving[target.registry], serving[target.auth]
    if registry == auth:
        return f"shared: {registry.name} serves both hosts"
    for host, other in ((target.registry, target.auth), (target.auth, target.registry)):
        answer = target.ask("GET", "/health", host=host, claimed_host=other)
        expect_nothing(target, answer, f"The load balancer of {host} serves nothing of {other}")
    return f"dedicated: {registry.name} serves {target.registry}, {auth.name} serves {target.auth}"


def serves(host: str, alias: str, balancers: list[Balancer]) -> Balancer:
    """The load balancer that serves a host.

    Args:
        host: public host.
        alias: what its record in the hosted zone points to; "" where it has none.
        balancers: all of the account.

    Returns:
        The one that the record points to; it alone has rules for the host.

    Raises:
        CheckFailed: there is no such load balancer, or rules for the host are elsewhere.
    """
    if not alias:
        raise CheckFailed(
            f"The hosted zone has no alias record for {host}", remedy=f"`make plan` shows the record of {host} missing."
        )
    named = [each for each in balancers if each.dns_name == alias]
    if not named:
        raise CheckFailed(f"The record of {host} points to {alias}, which is no load balancer of this account")
    [balancer] = named
    with_rules = [each for each in balancers if host in each.hosts]
    if balancer not in with_rules:
        there = ", ".join(each.name for each in with_rules) or "nowhere"
        raise CheckFailed(
            f"The record of {host} leads to the load balancer {balancer.name}, which has no rule for it; its rules are "
            f"at {there}",
            arn=balancer.arn,
            remedy="Record and listener rules of a host belong to the same load balancer.",
        )
    if others := [each for each in with_rules if each != balancer]:
        raise CheckFailed(
            f"{host} is served by {balancer.name}, but {others[0].name} has rules for it, too",
            arn=others[0].arn,
            remedy="Remove what is left of an earlier topology: nobody is led to it, and nobody looks after it.",
        )
    return balancer


def _balancers(target: Target) -> Iterator[Balancer]:
    elb = target.account.client("elbv2")
    for page in elb.get_paginator("describe_load_balancers").paginate():
        for each in page["LoadBalancers"]:
            arn = each["LoadBalancerArn"]
            listeners = elb.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
            hosts = [
                host
                for listed in listeners
                for listener in listed["Listeners"]
                if listener["Protocol"] == "HTTPS"
                for rules in elb.get_paginator("describe_rules").paginate(ListenerArn=listener["ListenerArn"])
                for rule in rules["Rules"]
                for host in _hosts(rule)
            ]
            yield Balancer(arn, each["LoadBalancerName"], each["DNSName"].lower(), frozenset(hosts))


def _hosts(rule: Mapping[str, Any]) -> Iterator[str]:
    for condition in rule["Conditions"]:
        if condition["Field"] == "host-header":
            yield from condition.get("HostHeaderConfig", condition).get("Values", ())


def _aliases(target: Target) -> dict[str, str]:
    """What the records of the public hosts point to."""
    route53 = target.account.client("route53")
    zones = route53.list_hosted_zones_by_name(DNSName=target.domain)["HostedZones"]
    public = [zone for zone in zones if zone["Name"] == f"{target.domain}." and not zone["Config"]["PrivateZone"]]
    if not public:
        raise CheckFailed(
            f"The account has no public hosted zone {target.domain}", remedy="See `A new AWS account` in the runbook."
        )
    pages = route53.get_paginator("list_resource_record_sets").paginate(HostedZoneId=public[0]["Id"])
    return {
        record["Name"].rstrip("."): record["AliasTarget"]["DNSName"].rstrip(".").removeprefix("dualstack.").lower()
        for page in pages
        for record in page["ResourceRecordSets"]
        if record["Type"] == "A" and "AliasTarget" in record
    }


def _require_led_to(target: Target, host: str, balancer: Balancer) -> None:
    """Hold what the record says against where a client is led."""
    door = target.doors.get(host)
    if door is not None:
        if door.load_balancer_arn != balancer.arn:
            raise CheckFailed(f"{host} is served by another load balancer than {balancer.name}", arn=balancer.arn)
        return
    for _ in range(_ATTEMPTS):  # names of load balancers answer a part of their addresses, another one each time
        here, there = _addresses(host), _addresses(balancer.dns_name)
        if here & there:
            return
    raise CheckFailed(
        f"{host} resolves to {', '.join(sorted(here))}, and its load balancer {balancer.name} has "
        f"{', '.join(sorted(there))}",
        arn=balancer.arn,
        remedy="Somebody else answers for the domain: compare its delegation with the hosted zone's name servers.",
    )


def _addresses(name: str) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(name, 443, socket.AF_INET, socket.SOCK_STREAM)}
    except OSError as error:
        raise CheckFailed(f"{name} does not resolve: {error}") from error


STEPS = (
    Step(
        "load-balancers",
        "Each public host is served by its own load balancer, and by no other",
        _served,
        needs=("hosts",),
        formerly="test_dedicated_albs.py",
    ),
)
