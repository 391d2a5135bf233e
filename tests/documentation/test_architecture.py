"""docs/architecture.md and its pictures are what the plans say, and a drawing shows what a plan has."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

from infra.documentation.architecture import PAGE, architecture
from infra.documentation.generated import with_part
from infra.documentation.layers import HEIGHT, WIDTH, layered
from infra.documentation.topology import Zone, topology
from infra.documentation.topology_drawing import topology_drawing
from infra.errors import InfraError
from infra.repository import ROOT
from infra.terraform.plan_json import Plan

_RULE = "aws_vpc_security_group_ingress_rule"


def test_files_are_what_the_plans_say(plans: dict[str, Plan]) -> None:
    made = architecture(plans)
    assert len(made) == len(plans) + 2
    stale = [str(path.relative_to(ROOT)) for path, text in made.items() if path.read_text() != text]
    assert stale == [], "Run `make plan` for each environment and `make docs`, and commit the result"


def test_every_picture_is_shown_or_linked(plans: dict[str, Plan]) -> None:
    page = PAGE.read_text()
    assert [path.name for path in architecture(plans) if path != PAGE and path.name not in page] == []


def connection(source: str, target: str, port: int) -> dict[str, Any]:
    tags = {"From": source, "To": target}
    return resource(_RULE, "this", f"{source}-{target}", tags=tags, from_port=port, description="for a test")


def resource(kind: str, name: str, index: str | None = None, module: str = "", **values: Any) -> dict[str, Any]:
    address = f"{module + '.' if module else ''}{kind}.{name}" + (f'["{index}"]' if index else "")
    return {"address": address, "module": module, "type": kind, "name": name, "index": index, "values": values}


def plan(*resources: dict[str, Any], rules: Mapping[str, Any] | None = None) -> Plan:
    """A plan of a small environment with these besides its network."""
    whole = [
        resource("aws_vpc", "this", cidr_block="10.0.0.0/16"),
        resource("aws_subnet", "public", "a", cidr_block="10.0.0.0/24"),
        resource("aws_subnet", "private", "a", cidr_block="10.0.16.0/20"),
        *resources,
    ]
    return Plan(
        {
            "format_version": "1.2",
            "variables": {"environment": {"value": "small"}},
            "resource_changes": [
                {
                    **{key: each[key] for key in ("address", "type", "name", "index")},
                    "module_address": each["module"],
                    "mode": "managed",
                    "change": {"actions": ["create"], "after_unknown": {}},
                }
                for each in whole
            ],
            "planned_values": {
                "outputs": {"listener_rules": {"value": rules or {}}},
                "root_module": {
                    "resources": [{"address": each["address"], "values": each["values"]} for each in whole]
                },
            },
        }
    )


def scaled(name: str, least: int, most: int) -> dict[str, Any]:
    group = f"service/hokusai-small/hokusai-{name}"
    return resource("aws_appautoscaling_target", name, resource_id=group, min_capacity=least, max_capacity=most)


def test_topology_is_read_from_the_plan() -> None:
    read = topology(
        plan(
            connection("internet", "alb-edge", 443),
            connection("alb-edge", "gateway", 8001),
            connection("gateway", "internet", 443),
            scaled("gateway", 1, 3),
            resource("aws_nat_gateway", "this", "a"),
            rules={"registry": {"listener": "edge", "hosts": ["registry.example.org"]}},
        )
    )
    assert {name: (party.zone, party.about) for name, party in read.parties.items()} == {
        "clients": (Zone.INTERNET, "MLflow, browsers"),
        "alb-edge": (Zone.PUBLIC, "host registry"),
        "gateway": (Zone.PRIVATE, "1 to 3 tasks"),
        "internet": (Zone.AWS, "1 NAT gateway"),
    }
    assert [(each.source, each.target, each.port) for each in read.connections] == [
        ("alb-edge", "gateway", 8001),
        ("gateway", "internet", 443),
        ("clients", "alb-edge", 443),
    ]


def test_firewall_is_named_where_it_is() -> None:
    guard = resource("aws_wafv2_web_acl_association", "this", module='module.alb["edge"]')
    rules = {"registry": {"listener": "edge", "hosts": ["registry.example.org", "auth.example.org"]}}
    read = topology(plan(connection("internet", "alb-edge", 443), guard, rules=rules))
    assert read.parties["alb-edge"].about == "WAF; hosts auth, registry"


def test_what_it_does_not_know_is_an_error() -> None:
    with pytest.raises(InfraError, match="names stranger"):
        topology(plan(connection("internet", "stranger", 443)))


def test_plan_without_a_network_is_an_error() -> None:
    with pytest.raises(InfraError, match="0 networks"):
        topology(Plan({"format_version": "1.2"}))


def test_picture_is_svg_and_shows_every_party() -> None:
    small = topology(
        plan(
            connection("internet", "alb-edge", 443),
            connection("alb-edge", "gateway", 8001),
            scaled("gateway", 2, 2),
            rules={"registry": {"listener": "edge", "hosts": ["registry.example.org"]}},
        )
    )
    drawn = ElementTree.fromstring(topology_drawing(small))  # noqa: S314 - made here
    texts = [text for each in drawn.iter() if (text := (each.text or "").strip())]
    assert {"clients", "alb-edge :443", "gateway :8001", "2 tasks", "VPC 10.0.0.0/16"} <= set(texts)
    assert len([each for each in drawn.iter() if each.get("class") == "edge hit"]) == 2


def test_boxes_do_not_overlap_and_nothing_stands_in_the_way() -> None:
    edges = {("a", "b"), ("b", "c"), ("a", "c")}
    at = layered([["a"], ["b"], ["c"]], edges, ())
    corners = list(at.values())
    apart = [
        abs(x1 - x2) >= WIDTH or abs(y1 - y2) >= HEIGHT
        for x1, y1 in corners
        for x2, y2 in corners
        if (x1, y1) != (x2, y2)
    ]
    assert all(apart)
    assert at["b"][0] != at["a"][0], "the arrow from a to c would run through b"


def test_page_without_its_marks_is_an_error(tmp_path: Any) -> None:
    page = tmp_path / "page.md"
    page.write_text("nothing here")
    with pytest.raises(InfraError, match="has them 0 times"):
        with_part(page, "connections", "| a |")
