"""docs/cost.md is what plans and prices say; every price has a source; nothing that costs is left out in silence."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.documentation.cost import PAGE, Line, cost, total
from infra.documentation.cost_drivers import HOURS, Driver, drivers
from infra.documentation.price_list import FILE, Price, price_list
from infra.errors import InfraError
from infra.terraform.plan_json import Plan
from tests.documentation.small_plan import plan, resource, scaled


def test_page_is_what_plans_and_prices_say(plans: dict[str, Plan]) -> None:
    assert PAGE.read_text() == cost(plans), (
        "Run `make plan` for each environment and `make docs`, and commit the result"
    )


def test_every_driver_of_the_environments_has_a_price_or_a_reason(plans: dict[str, Plan]) -> None:
    listed = price_list().fixed
    named = {driver.what for each in plans.values() for driver in drivers(each)}
    # The one class of database whose price no source agreed on; whoever finds one adds it to prices.yaml.
    assert {name for name in named if name not in listed} <= {"database db.m7g.large, with standby"}


def service(name: str, strategy: list[dict[str, Any]], cpu: int, memory: int, disk: int) -> list[dict[str, Any]]:
    module = f'module.task["{name}"]'
    return [
        resource("aws_ecs_service", "this", "0", module, name=f"hokusai-{name}", capacity_provider_strategy=strategy),
        resource(
            "aws_ecs_task_definition",
            "this",
            None,
            module,
            cpu=str(cpu),
            memory=str(memory),
            ephemeral_storage=[{"size_in_gib": disk}],
        ),
        scaled(name, 3, 9),
    ]


def provider(name: str, base: int, weight: int) -> dict[str, Any]:
    return {"capacity_provider": name, "base": base, "weight": weight}


def quantities(small: Plan) -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for driver in drivers(small):
        found[driver.what] = found.get(driver.what, Decimal(0)) + driver.quantity
    return found


def test_tasks_are_counted_at_the_minimum() -> None:
    found = quantities(plan(*service("gateway", [provider("FARGATE", 1, 1)], 512, 1024, 30)))
    assert found == {
        "fargate vCPU": 3 * Decimal("0.5") * HOURS,
        "fargate memory": 3 * 1 * HOURS,
        "fargate disk": 3 * 10 * HOURS,  # 20 GiB of each task are free
    }


def test_spot_is_what_is_beyond_the_base() -> None:
    strategy = [provider("FARGATE", 1, 0), provider("FARGATE_SPOT", 0, 1)]
    found = quantities(plan(*service("gateway", strategy, 1024, 1024, 20)))
    assert (found["fargate vCPU"], found["fargate spot vCPU"]) == (HOURS, 2 * HOURS)
    assert "fargate disk" not in found


def test_network_is_counted_by_zone() -> None:
    found = quantities(
        plan(
            resource("aws_subnet", "public", "b", cidr_block="10.0.1.0/24"),
            resource("aws_subnet", "private", "b", cidr_block="10.0.32.0/20"),
            resource("aws_lb", "this", name="edge"),
            resource("aws_vpc_endpoint", "interface", "kms", vpc_endpoint_type="Interface"),
            resource("aws_vpc_endpoint", "s3", vpc_endpoint_type="Gateway"),
            resource("aws_nat_gateway", "this", "a"),
            resource("aws_eip", "nat", "a"),
        )
    )
    assert found == {
        "load balancer": HOURS,
        "public address": 3 * HOURS,  # one a zone of the load balancer, and the NAT gateway's
        "interface endpoint": 2 * HOURS,
        "NAT gateway": HOURS,
    }


def test_standby_doubles_the_price_and_not_the_hours() -> None:
    database: dict[str, Any] = {
        "instance_class": "db.t4g.medium",
        "identifier": "hokusai-mlflow-small",
        "allocated_storage": 50,
        "storage_type": "gp3",
        "manage_master_user_password": True,
        "monitoring_interval": 0,
    }
    found = quantities(plan(resource("aws_db_instance", "this", multi_az=True, **database)))
    assert found == {
        "database db.t4g.medium, with standby": HOURS,
        "database storage, with standby": Decimal(50),
        "secret": Decimal(1),
    }


def test_an_alarm_on_an_expression_is_billed_by_its_metrics() -> None:
    query = [{"metric": [{"metric_name": "Requests"}]}, {"metric": [{"metric_name": "Errors"}]}, {"metric": []}]
    alarms = [
        resource("aws_cloudwatch_metric_alarm", "share", metric_query=query),
        resource("aws_cloudwatch_metric_alarm", "one", metric_query=[]),
    ]
    assert quantities(plan(*alarms)) == {"alarm metric": Decimal(3)}


def test_a_type_that_nobody_has_judged_is_an_error() -> None:
    with pytest.raises(InfraError, match=r"Does aws_msk_cluster cost something\?"):
        drivers(plan(resource("aws_msk_cluster", "this")))


def test_what_has_no_price_is_in_no_sum() -> None:
    def line(usd: str | None) -> Line:
        price = Price(usd=Decimal(usd) if usd else None, unit="hour", source="", why="", grows="")
        return Line(Driver("thing", "here", Decimal(2)), price)

    assert total([line("0.5"), line(None)]) == Decimal(1)


@pytest.mark.parametrize(
    ("name", "entry", "message"),
    [
        ("free", {"usd": "0", "unit": "hour", "source": "here"}, "more than 0"),
        ("text", {"usd": "cheap", "unit": "hour", "source": "here"}, "no price"),
        ("unknown", {"usd": "1", "unit": "hour", "source": "there"}, "must name one of the sources"),
        ("silent", {"usd": None, "unit": "hour"}, "must say why"),
        ("comma", {"usd": "1", "unit": "hour", "source": "here", "and more": None}, "needs quotes"),
    ],
)
def test_a_price_that_says_too_little_is_an_error(
    name: str, entry: dict[str, Any], message: str, tmp_path: Path
) -> None:
    document = {
        "region": "us-east-1",
        "sources": {"here": {"url": "https://example.org", "read": "2026-01-31"}},
        "fixed": {name: entry},
        "traffic": {},
    }
    file = tmp_path / "prices.yaml"
    file.write_text(yaml.safe_dump(document))
    with pytest.raises(InfraError, match=message):
        price_list(file)


def test_a_source_without_a_day_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_text(FILE.read_text().replace('read: "2026-06-17"', 'read: "lately"'))
    with pytest.raises(InfraError, match="must say in `read`"):
        price_list(file)
