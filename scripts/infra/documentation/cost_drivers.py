"""What in a plan costs money without a single request, as quantities of a month."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from infra.errors import InfraError
from infra.terraform.plan_json import Plan, Resource

HOURS = Decimal(730)  # of an average month, as AWS's calculator has it
_FREE_DISK_GIB = 20  # of each Fargate task

# Free by itself, or billed by what goes through it or is kept in it (docs/cost.md, "traffic").
_WITHOUT_A_FIXED_PRICE = frozenset({
    "aws_appautoscaling_policy", "aws_appautoscaling_target", "aws_cloudwatch_log_group", "aws_db_parameter_group",
    "aws_db_subnet_group", "aws_default_security_group", "aws_ecs_cluster_capacity_providers",
    "aws_ecs_task_definition", "aws_flow_log", "aws_iam_role", "aws_iam_role_policy", "aws_internet_gateway",
    "aws_kms_alias", "aws_lb_listener", "aws_lb_listener_rule", "aws_lb_target_group", "aws_route",
    "aws_route53_record", "aws_route_table", "aws_route_table_association", "aws_s3_bucket",
    "aws_s3_bucket_lifecycle_configuration",
    "aws_s3_bucket_logging", "aws_s3_bucket_ownership_controls", "aws_s3_bucket_policy",
    "aws_s3_bucket_public_access_block", "aws_s3_bucket_server_side_encryption_configuration",
    "aws_s3_bucket_versioning", "aws_security_group", "aws_service_discovery_service", "aws_sns_topic",
    "aws_sns_topic_policy", "aws_sns_topic_subscription", "aws_ssm_parameter", "aws_subnet", "aws_vpc",
    "aws_vpc_security_group_egress_rule", "aws_vpc_security_group_ingress_rule", "aws_wafv2_web_acl_association",
    "aws_wafv2_web_acl_logging_configuration", "terraform_data",
})  # fmt: skip


@dataclass(frozen=True)
class Driver:
    """Something that is paid for.

    Args:
        what: name of it, and of its price.
        where: which ones.
        quantity: of a month, in the unit of its price.
    """

    what: str
    where: str
    quantity: Decimal


def drivers(plan: Plan) -> list[Driver]:
    """Everything in a plan that costs money while nothing happens, tasks at the minimum of their scaling.

    Args:
        plan: of an environment.

    Returns:
        The drivers, in the order of this file.

    Raises:
        InfraError: the plan has a type of resource of which nobody has said yet whether it costs something.
    """
    kinds = {resource.type for resource in plan.resources.values()}
    if unknown := sorted(kinds - _COUNTED.keys() - _WITHOUT_A_FIXED_PRICE):
        raise InfraError(
            f"Does {', '.join(unknown)} cost something? Say so in scripts/infra/documentation/cost_drivers.py: "
            "count it, or add it to what has no fixed price."
        )
    return [driver for kind, count in _COUNTED.items() if kind in kinds for driver in count(plan)]


def _services(plan: Plan) -> Iterator[Driver]:
    minimum = {
        each["resource_id"].rpartition("/")[2]: Decimal(each["min_capacity"])
        for each in plan.of_type("aws_appautoscaling_target")
    }
    definitions = {each.module: each for each in plan.of_type("aws_ecs_task_definition")}
    for service in plan.of_type("aws_ecs_service"):
        definition, tasks = definitions[service.module], minimum[service["name"]]
        on_demand = _on_demand(service, tasks)
        cpu, memory = Decimal(int(definition["cpu"])) / 1024, Decimal(int(definition["memory"])) / 1024
        for prefix, count in (("fargate", on_demand), ("fargate spot", tasks - on_demand)):
            if count:
                size = f"{service['name']}: {count:f} x"
                yield Driver(f"{prefix} vCPU", f"{size} {cpu.normalize():f} vCPU", count * cpu * HOURS)
                yield Driver(f"{prefix} memory", f"{size} {memory.normalize():f} GB", count * memory * HOURS)
        beyond = definition["ephemeral_storage"][0]["size_in_gib"] - _FREE_DISK_GIB
        if beyond:
            where = f"{service['name']}: {tasks:f} x {beyond} GB beyond {_FREE_DISK_GIB}"
            yield Driver("fargate disk", where, tasks * beyond * HOURS)


def _on_demand(service: Resource, tasks: Decimal) -> Decimal:
    """How many tasks are not on Spot: the bases first, the others by weight."""
    strategy = service["capacity_provider_strategy"]
    base = {each["capacity_provider"]: Decimal(each["base"] or 0) for each in strategy}
    weight = {each["capacity_provider"]: Decimal(each["weight"] or 0) for each in strategy}
    rest = max(tasks - sum(base.values()), Decimal(0))
    share = weight.get("FARGATE", Decimal(0)) / (sum(weight.values()) or 1)
    return min(base.get("FARGATE", Decimal(0)), tasks) + rest * share


def _load_balancers(plan: Plan) -> Iterator[Driver]:
    zones = len([each for each in plan.of_type("aws_subnet") if each.name == "public"])
    names = [each["name"] for each in plan.of_type("aws_lb")]
    yield Driver("load balancer", ", ".join(names), len(names) * HOURS)
    yield Driver("public address", f"{len(names)} x {zones} zones, of load balancers", len(names) * zones * HOURS)


def _nat(plan: Plan) -> Iterator[Driver]:
    count = len(plan.of_type("aws_nat_gateway"))
    yield Driver("NAT gateway", f"{count}", count * HOURS)


def _addresses(plan: Plan) -> Iterator[Driver]:
    count = len(plan.of_type("aws_eip"))
    yield Driver("public address", f"{count} of NAT gateways", count * HOURS)


def _endpoints(plan: Plan) -> Iterator[Driver]:
    zones = len([each for each in plan.of_type("aws_subnet") if each.name == "private"])
    count = len([each for each in plan.of_type("aws_vpc_endpoint") if each["vpc_endpoint_type"] == "Interface"])
    if count:
        yield Driver("interface endpoint", f"{count} services x {zones} zones", count * zones * HOURS)


def _databases(plan: Plan) -> Iterator[Driver]:
    for each in plan.of_type("aws_db_instance"):
        standby = ", with standby" if each["multi_az"] else ""
        yield Driver(f"database {each['instance_class']}{standby}", each["identifier"], HOURS)
        size = Decimal(each["allocated_storage"])
        yield Driver(f"database storage{standby}", f"{size:f} GB {each['storage_type']}", size)
        if each["manage_master_user_password"]:
            yield Driver("secret", "master password, kept by RDS", Decimal(1))
        if each["monitoring_interval"]:
            yield Driver("enhanced monitoring of the database", f"every {each['monitoring_interval']} s", Decimal(1))


def _alarms(plan: Plan) -> Iterator[Driver]:
    alarms = plan.of_type("aws_cloudwatch_metric_alarm")
    # Of an alarm on an expression each metric in it is billed.
    metrics = sum(sum(bool(query["metric"]) for query in each["metric_query"] or []) or 1 for each in alarms)
    yield Driver("alarm metric", f"{len(alarms)} alarms on {metrics} metrics", Decimal(metrics))


def _firewalls(plan: Plan) -> Iterator[Driver]:
    firewalls = plan.of_type("aws_wafv2_web_acl")
    rules = sum(len(each["rule"]) for each in firewalls)
    yield Driver("firewall", f"{len(firewalls)}", Decimal(len(firewalls)))
    yield Driver("firewall rule", f"{rules}, managed groups counted as one", Decimal(rules))


def _insights(plan: Plan) -> Iterator[Driver]:
    for each in plan.of_type("aws_ecs_cluster"):
        value = next(setting["value"] for setting in each["setting"] if setting["name"] == "containerInsights")
        if value != "disabled":
            yield Driver(f"Container Insights, {value}", each["name"], Decimal(1))


def _each(what: str) -> Callable[[str], Callable[[Plan], Iterator[Driver]]]:
    def of(kind: str) -> Callable[[Plan], Iterator[Driver]]:
        def count(plan: Plan) -> Iterator[Driver]:
            number = len(plan.of_type(kind))
            yield Driver(what, f"{number}", Decimal(number))

        return count

    return of


_COUNTED: dict[str, Callable[[Plan], Iterator[Driver]]] = {
    "aws_ecs_service": _services,
    "aws_ecs_cluster": _insights,
    "aws_db_instance": _databases,
    "aws_lb": _load_balancers,
    "aws_wafv2_web_acl": _firewalls,
    "aws_vpc_endpoint": _endpoints,
    "aws_nat_gateway": _nat,
    "aws_eip": _addresses,
    "aws_cloudwatch_metric_alarm": _alarms,
    "aws_cloudwatch_dashboard": _each("dashboard")("aws_cloudwatch_dashboard"),
    "aws_kms_key": _each("KMS key")("aws_kms_key"),
    "aws_service_discovery_private_dns_namespace": _each("private hosted zone")(
        "aws_service_discovery_private_dns_namespace"
    ),
}
