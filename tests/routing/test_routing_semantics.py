"""The evaluator of listener rules does what AWS documents for an Application Load Balancer."""

import pytest

from infra.routing import Request, Rule, route

RULES = [
    Rule("late", "edge", 200, {"host": ("a.example.com",)}, "-> late"),
    Rule("early", "edge", 100, {"host": ("A.example.com",), "path": ("/x/*", "/y?")}, "-> early"),
    Rule("method", "edge", 50, {"method": ("DELETE",), "path": ("/x/*",)}, "403"),
    Rule("source", "edge", 60, {"source": ("10.0.0.0/8",)}, "-> inside"),
    Rule("header", "edge", 70, {"header:user-agent": ("*Bot*",)}, "404"),
    Rule("brackets", "edge", 80, {"path": ("/[ab]",)}, "-> brackets"),
]


@pytest.mark.parametrize(
    ("request_", "rule"),
    [
        (Request("a.example.com", "/x/1"), "early"),
        (Request("A.EXAMPLE.com", "/x/"), "early"),  # host names: case does not matter
        (Request("a.example.com", "/X/1"), "late"),  # paths: it does
        (Request("a.example.com", "/yz"), "early"),  # ? is exactly one character
        (Request("a.example.com", "/y"), "late"),
        (Request("a.example.com", "/yzz"), "late"),
        (Request("a.example.com", "/x/1?path=/y"), "early"),  # the query string is not part of the path
        (Request("a.example.com", "/z?x=/x/1"), "late"),
        (Request("a.example.com", "/x/1", method="DELETE"), "method"),
        (Request("a.example.com", "/x/1", method="delete"), "early"),  # methods are case-sensitive
        (Request("b.example.com", "/", source="10.1.2.3"), "source"),
        (Request("b.example.com", "/", headers={"user-agent": "GoogleBOT/2"}), "header"),
        (Request("b.example.com", "/[ab]"), "brackets"),  # brackets are literal
        (Request("b.example.com", "/a"), None),
        (Request("b.example.com", "/"), None),
    ],
)
def test_first_matching_rule_answers(request_: Request, rule: str | None) -> None:
    found = route(RULES, request_)
    assert (found.name if found else None) == rule
