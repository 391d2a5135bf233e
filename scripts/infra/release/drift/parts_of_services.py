"""The parts of clusters, namespaces, load balancers and roles."""

from collections.abc import Iterator, Mapping
from typing import Any

from infra.release.drift.owned import Owned
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Parent, Seen, moment, part_of


def of_cluster(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """Services of a cluster, and what scales them.

    Args:
        reader: asks the account.
        parent: the cluster.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    for arn in reader.pages("ecs", "list_services", "serviceArns", cluster=parent.id):
        [service] = reader.call("ecs", "describe_services", cluster=parent.id, services=[arn])["services"]
        if service["status"] == "INACTIVE":
            continue
        name = service["serviceName"]
        made = {"since": moment(service.get("createdAt")), "by": str(service.get("createdBy", ""))}
        yield part_of(parent, "aws_ecs_service", f"{parent.id}/{name}", arn, name, name=name, **made)
        yield from _scaling(reader, Parent(f"service/{parent.id}/{name}", parent.address))


def _scaling(reader: Reader, parent: Parent) -> Iterator[Seen]:
    service = "application-autoscaling"
    of_service = {"ServiceNamespace": "ecs"}
    dimension = "ecs:service:DesiredCount"
    targets = reader.pages(
        service, "describe_scalable_targets", "ScalableTargets", **of_service, ResourceIds=[parent.id]
    )
    for target in targets:
        found = f"ecs/{target['ResourceId']}/{dimension}"
        made = moment(target.get("CreationTime"))
        yield part_of(parent, "aws_appautoscaling_target", found, found, target["ResourceId"], since=made)
    for operation, items, kind in (
        ("describe_scaling_policies", "ScalingPolicies", "aws_appautoscaling_policy"),
        ("describe_scheduled_actions", "ScheduledActions", "aws_appautoscaling_scheduled_action"),
    ):
        for each in reader.pages(service, operation, items, **of_service, ResourceId=parent.id):
            name = each.get("PolicyName") or each["ScheduledActionName"]
            found = f"ecs/{parent.id}/{dimension}/{name}"
            where = each.get("PolicyARN") or each["ScheduledActionARN"]
            made = moment(each.get("CreationTime"))
            yield part_of(parent, kind, found, where, parent.id, name, name=name, since=made)


def of_namespace(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """Services of a namespace.

    Args:
        reader: asks the account.
        parent: the namespace.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    filters = [{"Name": "NAMESPACE_ID", "Values": [parent.id], "Condition": "EQ"}]
    for each in reader.pages("servicediscovery", "list_services", "Services", Filters=filters):
        made = moment(each.get("CreateDate"))
        name = each["Name"]
        yield part_of(parent, "aws_service_discovery_service", each["Id"], each["Arn"], name, name=name, since=made)


def of_load_balancer(reader: Reader, parent: Parent, owned: Owned) -> Iterator[Seen]:
    """Listeners of a load balancer, and their rules.

    Args:
        reader: asks the account.
        parent: the load balancer.
        owned: for the addresses of its listeners.

    Yields:
        The parts.
    """
    for listener in reader.pages("elbv2", "describe_listeners", "Listeners", LoadBalancerArn=parent.id):
        arn = listener["ListenerArn"]
        port = str(listener["Port"])
        yield part_of(parent, "aws_lb_listener", arn, arn, parent.id, port, name=f"port {port}")
        of_listener = Parent(arn, owned.address(arn) or parent.address)
        for rule in reader.pages("elbv2", "describe_rules", "Rules", ListenerArn=arn):
            if not rule["IsDefault"]:
                yield part_of(
                    of_listener,
                    "aws_lb_listener_rule",
                    rule["RuleArn"],
                    rule["RuleArn"],
                    arn,
                    str(rule["Priority"]),
                    name=f"priority {rule['Priority']}: {_words(rule)}",
                )


def _words(rule: Mapping[str, Any]) -> str:
    """What a rule does: "host registry.hokus.ai, path /mlflow* forward"."""
    conditions = [
        f"{condition['Field']} {' '.join(condition.get('Values') or _values(condition))}"
        for condition in rule["Conditions"]
    ]
    return f"{', '.join(conditions)} -> {', '.join(action['Type'] for action in rule['Actions'])}"


def _values(condition: Mapping[str, Any]) -> list[str]:
    inner: Mapping[str, Any] = next((each for name, each in condition.items() if name.endswith("Config")), {})
    return [str(each) for each in inner.get("Values", [])]


def of_role(reader: Reader, parent: Parent, _: Owned) -> Iterator[Seen]:
    """Policies of a role, its own and attached ones.

    Args:
        reader: asks the account.
        parent: the role.
        _: the states, which are not needed for it.

    Yields:
        The parts.
    """
    for name in reader.pages("iam", "list_role_policies", "PolicyNames", RoleName=parent.id):
        found = f"{parent.id}:{name}"
        yield part_of(parent, "aws_iam_role_policy", found, found, parent.id, name, name=name)
    for policy in reader.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=parent.id):
        arn = policy["PolicyArn"]
        found = f"{parent.id}/{arn}"
        yield part_of(parent, "aws_iam_role_policy_attachment", found, found, parent.id, arn, name=arn)
