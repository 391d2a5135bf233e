"""docs/architecture.md and its pictures are what the plans say, and a drawing shows what a plan has."""

from typing import Any
from xml.etree import ElementTree

import pytest

from infra.documentation.architecture import PAGE, architecture
from infra.documentation.generated import with_parts
from infra.documentation.layers import HEIGHT, WIDTH, layered
from infra.documentation.topology import Zone, topology
from infra.documentation.topology_drawing import topology_drawing
from infra.errors import InfraError
from infra.repository import ROOT
from infra.terraform.plan_json import Plan
from tests.documentation.small_plan import connection, plan, resource, scaled


def test_files_are_what_the_plans_say(plans: dict[str, Plan]) -> None:
    made = architecture(plans)
    assert len(made) == len(plans) + 2
    stale = [str(path.relative_to(ROOT)) for path, text in made.items() if path.read_text() != text]
    assert stale == [], "Run `make plan` for each environment and `make docs`, and commit the result"


def test_every_picture_is_shown_or_linked(plans: dict[str, Plan]) -> None:
    page = PAGE.read_text()
    assert [path.name for path in architecture(plans) if path != PAGE and path.name not in page] == []


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
    guard = resource("aws_wafv2_web_acl_association", "this", None, 'module.alb["edge"]')
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
        with_parts(page, {"connections": "| a |"})
