"""Load balancers as applied: listeners, rules and what they do, with the rule semantics of infra.routing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.model import PlatformFailure
from infra.routing import Request, Rule, route

_IDLE_SECONDS = 60  # what AWS takes when nobody says anything


@dataclass(frozen=True)
class ListenerRule:
    """A rule, or the default action of a listener.

    Args:
        arn: of the rule; None: the default action.
        priority: lowest first; None: default.
        action: the last of its actions, which answers.
    """

    arn: str | None
    priority: int | None
    action: Mapping[str, Any]

    @property
    def forwards_to(self) -> list[tuple[str, int]]:
        """Target groups with weights, when it forwards."""
        if self.action["Type"] != "forward":
            return []
        groups = (self.action.get("ForwardConfig") or {}).get("TargetGroups")
        if groups:
            return [(each["TargetGroupArn"], int(each.get("Weight", 1))) for each in groups]
        return [(self.action["TargetGroupArn"], 1)]


@dataclass(frozen=True)
class Listener:
    """A listener.

    Args:
        arn: its ARN.
        port: as applied.
        protocol: HTTP or HTTPS.
        names: by certificate ARN, the names that it is for.
        rules: in order of priority.
        default: what answers when no rule does.
    """

    arn: str
    port: int
    protocol: str
    names: Mapping[str, tuple[str, ...]]
    rules: Mapping[str, ListenerRule]
    conditions: tuple[Rule, ...]
    default: ListenerRule

    def decide(self, request: Request) -> ListenerRule:
        """The rule that answers a request."""
        found = route(self.conditions, request)
        return self.rules[found.name] if found else self.default


@dataclass(frozen=True)
class LoadBalancer:
    """A load balancer.

    Args:
        arn: its ARN.
        name: its name.
        dns_name: that AWS gave it.
        groups: security groups.
        subnets: where it is.
        internal: whether it has no public address.
        idle_seconds: how long a connection may be without a byte.
        drops_invalid_headers: whether headers with odd names are removed.
        listeners: its listeners.
    """

    arn: str
    name: str
    dns_name: str
    groups: tuple[str, ...]
    subnets: tuple[str, ...]
    internal: bool
    idle_seconds: float
    drops_invalid_headers: bool
    listeners: tuple[Listener, ...] = field(default=())


def read_load_balancers(account: EmulatedAccount) -> list[LoadBalancer]:
    """The application load balancers of an account.

    Args:
        account: where they are.

    Raises:
        PlatformFailure: a rule has a condition or an action that is not known here.
    """
    elbv2 = account.client("elbv2")
    found = []
    for page in elbv2.get_paginator("describe_load_balancers").paginate():
        for each in (each for each in page["LoadBalancers"] if each["Type"] == "application"):
            arn = each["LoadBalancerArn"]
            given = elbv2.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
            attributes = {one["Key"]: one["Value"] for one in given}
            listeners = elbv2.get_paginator("describe_listeners").paginate(LoadBalancerArn=arn)
            found.append(
                LoadBalancer(
                    arn=arn,
                    name=each["LoadBalancerName"],
                    dns_name=each["DNSName"],
                    groups=tuple(each.get("SecurityGroups") or ()),
                    subnets=tuple(zone["SubnetId"] for zone in each["AvailabilityZones"]),
                    internal=each.get("Scheme") == "internal",
                    idle_seconds=float(attributes.get("idle_timeout.timeout_seconds", _IDLE_SECONDS)),
                    drops_invalid_headers=attributes.get("routing.http.drop_invalid_header_fields.enabled") == "true",
                    listeners=tuple(_listener(account, one) for part in listeners for one in part["Listeners"]),
                )
            )
    return found


def _listener(account: EmulatedAccount, found: Mapping[str, Any]) -> Listener:
    elbv2, arn = account.client("elbv2"), found["ListenerArn"]
    rules: dict[str, ListenerRule] = {}
    conditions: list[Rule] = []
    for page in elbv2.get_paginator("describe_rules").paginate(ListenerArn=arn):
        for rule in (each for each in page["Rules"] if not each["IsDefault"]):
            rules[rule["RuleArn"]] = ListenerRule(rule["RuleArn"], int(rule["Priority"]), _answering(rule))
            conditions.append(
                Rule(rule["RuleArn"], arn, int(rule["Priority"]), _conditions(rule), rule["Actions"][-1]["Type"])
            )
    names = {}
    if found["Protocol"] == "HTTPS":
        listed = elbv2.describe_listener_certificates(ListenerArn=arn)["Certificates"]
        arns = [each["CertificateArn"] for each in (*found.get("Certificates", ()), *listed)]
        for certificate in dict.fromkeys(arns):
            details = account.client("acm").describe_certificate(CertificateArn=certificate)["Certificate"]
            names[certificate] = tuple(details.get("SubjectAlternativeNames") or (details["DomainName"],))
    default = ListenerRule(None, None, _answering({"Actions": found["DefaultActions"], "RuleArn": arn}))
    ordered = tuple(sorted(conditions, key=lambda rule: rule.priority))
    return Listener(arn, int(found["Port"]), found["Protocol"], names, rules, ordered, default)


def _answering(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    known = ("forward", "redirect", "fixed-response")
    for action in rule["Actions"]:
        if action["Type"] not in known:
            raise PlatformFailure(
                f"A listener rule has an action {action['Type']}, which preflight cannot carry out.",
                arn=rule["RuleArn"],
                attribute="action",
                remedy=f"Use one of {', '.join(known)}, or teach infra/preflight/platform/front_door.py.",
            )
    ordered = sorted(rule["Actions"], key=lambda action: int(action.get("Order", 1)))
    last: Mapping[str, Any] = ordered[-1]
    return last


def _conditions(rule: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for condition in rule["Conditions"]:
        kind, values = _condition(condition, rule["RuleArn"])
        if kind in found:
            raise PlatformFailure(f"A listener rule has two conditions on {kind}.", arn=rule["RuleArn"])
        found[kind] = tuple(values)
    return found


def _condition(condition: Mapping[str, Any], arn: str) -> tuple[str, Sequence[str]]:
    match condition["Field"]:
        case "host-header":
            return "host", condition.get("HostHeaderConfig", condition)["Values"]
        case "path-pattern":
            return "path", condition.get("PathPatternConfig", condition)["Values"]
        case "http-request-method":
            return "method", condition["HttpRequestMethodConfig"]["Values"]
        case "source-ip":
            return "source", condition["SourceIpConfig"]["Values"]
        case "http-header":
            header = condition["HttpHeaderConfig"]
            return f"header:{header['HttpHeaderName'].lower()}", header["Values"]
        case "query-string":
            pairs = condition["QueryStringConfig"]["Values"]
            return "query", [f"{each.get('Key', '*')}={each['Value']}" for each in pairs]
    raise PlatformFailure(f"A listener rule has a condition {condition['Field']}, unknown to preflight.", arn=arn)


def parsed_query(query: str) -> tuple[tuple[str, str], ...]:
    """The parameters of a query string, as rules see them."""
    return tuple(parse_qsl(query, keep_blank_values=True))
