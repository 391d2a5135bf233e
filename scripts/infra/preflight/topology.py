"""What was started, and which rule led where: read from the account, counted from what was seen."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.account.inventory import Clients
from infra.preflight.observed import Observed
from infra.preflight.origins import Origins


@dataclass(frozen=True)
class Lane:
    """A way through the front door.

    Args:
        load_balancer: its name.
        listener: as in "HTTPS 443".
        rule: name of the rule; "default" for what no rule takes.
        conditions: hosts and paths, in words.
        outcome: name of the target group, redirect or fixed answer.
        service: whose tasks the target group holds; "" for none.
        requests: how many went this way.
        place: line in the configuration that decides about the rule; "" for a listener's default.
    """

    load_balancer: str
    listener: str
    rule: str
    conditions: str
    outcome: str
    service: str
    requests: int
    place: str


@dataclass(frozen=True)
class Link:
    """Who may connect to whom, or who called which AWS API.

    Args:
        source: name of a service or task.
        destination: the same, "database", or an AWS service.
        what: port, or the calls with how often.
    """

    source: str
    destination: str
    what: str


@dataclass(frozen=True)
class Topology:
    """What was started, and which rule led where.

    Args:
        lanes: ways through the front door.
        links: connections behind it.
    """

    lanes: tuple[Lane, ...]
    links: tuple[Link, ...]


def read_topology(account: Clients, cluster: str, observed: Observed, origins: Origins) -> Topology:
    """The topology of a platform.

    Args:
        account: the account that it was started from.
        cluster: its ECS cluster.
        observed: what was seen.
        origins: where resources come from.

    Returns:
        The topology.
    """
    return Topology(tuple(_lanes(account, cluster, observed, origins)), tuple(_links(account, observed)))


def _lanes(account: Clients, cluster: str, observed: Observed, origins: Origins) -> Iterator[Lane]:
    elb, ecs = account.client("elbv2"), account.client("ecs")
    arns = ecs.list_services(cluster=cluster)["serviceArns"]
    services = ecs.describe_services(cluster=cluster, services=arns)["services"] if arns else []
    service_of = {
        group["targetGroupArn"]: service["serviceName"]
        for service in services
        for group in service.get("loadBalancers", [])
    }
    groups = elb.describe_target_groups()["TargetGroups"]
    names = {group["TargetGroupArn"]: group["TargetGroupName"] for group in groups}
    used = Counter((each.listener_arn, each.rule_arn) for each in observed.exchanges)
    for balancer in elb.describe_load_balancers()["LoadBalancers"]:
        listeners = elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
        for listener in sorted(listeners, key=lambda each: -each["Port"]):
            arn = listener["ListenerArn"]
            for rule in elb.describe_rules(ListenerArn=arn)["Rules"]:
                default = rule["IsDefault"]
                origin = None if default else origins.find(rule["RuleArn"], "condition")
                action = rule["Actions"][-1]
                group = _target_group(action)
                yield Lane(
                    load_balancer=balancer["LoadBalancerName"],
                    listener=f"{listener['Protocol']} {listener['Port']}",
                    rule="default" if default else origin.name if origin else rule["RuleArn"].rpartition("/")[2],
                    conditions="everything else" if default else _conditions(rule["Conditions"]),
                    outcome=names.get(group, group) if group else _answer(action),
                    service=service_of.get(group, ""),
                    requests=used[arn, None if default else rule["RuleArn"]],
                    place=origin.places.partition(",")[0] if origin else "",
                )


def _target_group(action: Mapping[str, Any]) -> str:
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [])
    return str(action.get("TargetGroupArn") or (groups[0]["TargetGroupArn"] if groups else ""))


def _answer(action: Mapping[str, Any]) -> str:
    if "RedirectConfig" in action:
        redirect = action["RedirectConfig"]
        return f"{redirect['StatusCode'].removeprefix('HTTP_')} to {redirect.get('Protocol', '')}"
    return f"answers {action.get('FixedResponseConfig', {}).get('StatusCode', action['Type'])}"


def _conditions(conditions: Iterable[Mapping[str, Any]]) -> str:
    said = []
    for condition in conditions:
        config: Mapping[str, Any] = next((value for name, value in condition.items() if name.endswith("Config")), {})
        said.append(" ".join(config.get("Values") or condition.get("Values") or [condition["Field"]]))
    return ", ".join(said)


def _links(account: Clients, observed: Observed) -> Iterator[Link]:
    pages = account.client("ec2").get_paginator("describe_security_group_rules").paginate()
    seen: set[Link] = set()
    for page in pages:
        for rule in page["SecurityGroupRules"]:
            tags = {tag["Key"]: tag["Value"] for tag in rule.get("Tags", [])}
            link = Link(tags.get("From", ""), tags.get("To", ""), f":{rule.get('FromPort')}")
            if rule["IsEgress"] and "ReferencedGroupInfo" in rule and link.source and link not in seen:
                seen.add(link)
                yield link
    families = {task.id: task.family.removeprefix("hokusai-") for task in observed.tasks}
    calls: Counter[tuple[str, str, str]] = Counter()
    for call in observed.aws_calls:
        service, _, action = call.action.partition(":")
        calls[families.get(call.task_id or "", "ECS"), service, action] += call.times
    for source, service in sorted({key[:2] for key in calls}):
        actions = ", ".join(f"{key[2]} {calls[key]}" for key in sorted(calls) if key[:2] == (source, service))
        yield Link(source, service, actions)
