"""Who may connect to whom in an environment, and where each of them is: read from its plan."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from infra.errors import InfraError
from infra.review.reports.words import how_many
from infra.terraform.plan_json import Plan, Resource

CLIENTS, WAY_OUT = "clients", "internet"
_S3, _DATABASE, _ENDPOINTS = "s3", "database", "endpoints"
_BALANCER = "alb-"


class Zone(Enum):
    """Where something is, from the outside to the inside; the value is its name in a drawing."""

    INTERNET = "the internet"
    PUBLIC = "public subnets"
    PRIVATE = "private subnets"
    AWS = "AWS, outside the VPC"


@dataclass(frozen=True)
class Party:
    """Something that connects, or is connected to.

    Args:
        name: as in the table of connections.
        zone: where it is.
        about: what it is, in a few words.
    """

    name: str
    zone: Zone
    about: str


@dataclass(frozen=True)
class Connection:
    """A row of the table of connections: the network lets this pass, and nothing else.

    Args:
        source: name of a party.
        target: name of a party.
        port: TCP.
        description: what for.
    """

    source: str
    target: str
    port: int
    description: str


@dataclass(frozen=True)
class Topology:
    """An environment's network.

    Args:
        environment: its name.
        cidr: of the VPC.
        subnets: address ranges by zone.
        parties: by name.
        connections: in the order of the table.
    """

    environment: str
    cidr: str
    subnets: dict[Zone, list[str]]
    parties: dict[str, Party]
    connections: list[Connection]


def topology(plan: Plan) -> Topology:
    """Read the topology.

    Args:
        plan: of an environment, in which its stack is there afterwards.

    Returns:
        The topology.

    Raises:
        InfraError: the plan leaves no stack behind, or connects something that this does not know.
    """
    networks = plan.of_type("aws_vpc")
    if len(networks) != 1:
        raise InfraError(f"The plan leaves {len(networks)} networks behind, so it draws no environment: plan it anew.")
    connections = list(_connections(plan))
    names = sorted({end for each in connections for end in (each.source, each.target)})
    return Topology(
        environment=plan.document["variables"]["environment"]["value"],
        cidr=networks[0]["cidr_block"],
        subnets={
            Zone.PUBLIC: sorted(each["cidr_block"] for each in plan.of_type("aws_subnet") if each.name == "public"),
            Zone.PRIVATE: sorted(each["cidr_block"] for each in plan.of_type("aws_subnet") if each.name == "private"),
        },
        parties={name: _party(name, plan) for name in names},
        connections=connections,
    )


def _connections(plan: Plan) -> Iterator[Connection]:
    """Each row once: it is a rule at either end that is a security group."""
    rules = [*plan.of_type("aws_vpc_security_group_ingress_rule"), *plan.of_type("aws_vpc_security_group_egress_rule")]
    seen = set()
    for rule in sorted(rules, key=lambda each: str(each.index)):
        tags = rule["tags"]
        # The internet asks and is asked: two places in a drawing.
        source = CLIENTS if tags["From"] == WAY_OUT else tags["From"]
        found = Connection(source, tags["To"], rule["from_port"], rule["description"])
        if found not in seen:
            seen.add(found)
            yield found


def _party(name: str, plan: Plan) -> Party:
    if name.startswith(_BALANCER):
        return Party(name, Zone.PUBLIC, _balancer(name.removeprefix(_BALANCER), plan))
    special: dict[str, tuple[Zone, Callable[[], str]]] = {
        CLIENTS: (Zone.INTERNET, lambda: "MLflow, browsers"),
        WAY_OUT: (Zone.AWS, lambda: how_many(len(plan.of_type("aws_nat_gateway")), "NAT gateway")),
        _S3: (Zone.AWS, lambda: "gateway endpoint"),
        _ENDPOINTS: (Zone.PRIVATE, lambda: how_many(len(_interfaces(plan)), "AWS service")),
        _DATABASE: (Zone.PRIVATE, lambda: _database(plan)),
    }
    zone, about = special.get(name, (Zone.PRIVATE, lambda: _tasks(name, plan)))
    return Party(name, zone, about())


def _database(plan: Plan) -> str:
    [database] = plan.of_type("aws_db_instance")
    return f"PostgreSQL {database['engine_version']}{', standby' if database['multi_az'] else ''}"


def _interfaces(plan: Plan) -> list[Resource]:
    return [each for each in plan.of_type("aws_vpc_endpoint") if each["vpc_endpoint_type"] == "Interface"]


def _balancer(name: str, plan: Plan) -> str:
    rules = [rule for rule in plan.outputs["listener_rules"].values() if rule["listener"] == name]
    hosts = sorted({host.partition(".")[0] for rule in rules for host in rule["hosts"]})
    guarded = any(each.module == f'module.alb["{name}"]' for each in plan.of_type("aws_wafv2_web_acl_association"))
    return f"{'WAF; ' if guarded else ''}{'host' if len(hosts) == 1 else 'hosts'} {', '.join(hosts)}"


def _tasks(name: str, plan: Plan) -> str:
    resource_id = f"/hokusai-{name}"
    for target in plan.of_type("aws_appautoscaling_target"):
        if target["resource_id"].endswith(resource_id):
            least, most = target["min_capacity"], target["max_capacity"]
            return f"{least} to {most} tasks" if least != most else how_many(least, "task")
    if any(each["family"].startswith(f"hokusai-{name}-") for each in plan.of_type("aws_ecs_task_definition")):
        return "a task that runs once"
    raise InfraError(f"The table of connections names {name}, which {__name__} does not know: teach it.")
