"""alb-rules: rules as AWS evaluates them; one that is never reached, or leads past the authentication, is refused."""

import re

import pytest

from infra.routing import Request, Rule, planned_rules, route
from infra.terraform.plan_json import Plan
from tests.conftest import ACCOUNT_ID, REGION, Refusal
from tests.module_plans import ModulePlans

MODULE = "alb-rules"
HOST = "registry.example.com"
LISTENER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT_ID}:listener/app/hokusai-edge-staging/50dc6c495c0c9188/f2f7"
OK = {"status_code": 200}

RuleInput = dict[str, object]


def group(service: str, **changes: object) -> dict[str, object]:
    return {"service": service, "port": 8001, "health_check": {"path": "/health/ready"}} | changes


INPUTS: dict[str, object] = {
    "environment": "staging",
    "vpc_id": "vpc-1",
    "listener_arns": {"edge": LISTENER, "auth": f"{LISTENER}a"},
    "services": ["gateway", "auth", "mlflow"],
    "target_groups": {
        "gateway": group("gateway"),
        "auth": group("auth", port=8000, deregistration_delay_seconds=5, slow_start=30),
        "gateway-for-large-uploads": group("gateway"),
    },
    "rules": {
        "registry": {"listener": "edge", "priority": 30, "hosts": [HOST], "target_group": "gateway"},
        "auth": {"listener": "auth", "priority": 30, "paths": ["/api/v1/*", "/health"], "target_group": "auth"},
        "uploads": {
            "listener": "edge",
            "priority": 10,
            "hosts": [HOST],
            "paths": ["/api/2.0/mlflow-artifacts/*"],
            "methods": ["PUT"],
            "headers": {"X-Large": ["yes"]},
            "source_cidrs": ["198.51.100.0/24"],
            "target_group": "gateway-for-large-uploads",
        },
        "gone": {
            "listener": "edge",
            "priority": 20,
            "paths": ["/v1/*"],
            "fixed_response": {"status_code": 410, "message_body": '{"error_code": "GONE"}'},
        },
        "moved": {
            "listener": "auth",
            "priority": 20,
            "paths": ["/"],
            "redirect": {"path": "/docs", "status_code": 302},
        },
    },
    "tags": {"team": "core"},
}


@pytest.fixture(scope="module")
def planned(plan: ModulePlans) -> Plan:
    return plan(MODULE, INPUTS)


def conditions(plan: Plan, rule: str) -> dict[str, set[str]]:
    [found] = [found for found in planned_rules(plan) if found.name == rule]
    return {kind: set(patterns) for kind, patterns in found.conditions.items()}


def test_rules_ask_for_what_the_map_says_and_nothing_more(planned: Plan) -> None:
    assert {rule.index: rule["priority"] for rule in planned.of_type("aws_lb_listener_rule")} == {
        "registry": 30,
        "auth": 30,
        "uploads": 10,
        "gone": 20,
        "moved": 20,
    }
    assert conditions(planned, "registry") == {"host": {HOST}}
    assert conditions(planned, "auth") == {"path": {"/api/v1/*", "/health"}}
    assert conditions(planned, "uploads") == {
        "host": {HOST},
        "path": {"/api/2.0/mlflow-artifacts/*"},
        "method": {"PUT"},
        "header:x-large": {"yes"},
        "source": {"198.51.100.0/24"},
    }


def test_rules_answer_as_the_map_says(planned: Plan) -> None:
    actions = {str(rule.index): rule["action"] for rule in planned.of_type("aws_lb_listener_rule")}
    assert all(len(action) == 1 for action in actions.values())
    assert {name: action[0]["type"] for name, action in actions.items()} == {
        "registry": "forward",
        "auth": "forward",
        "uploads": "forward",
        "gone": "fixed-response",
        "moved": "redirect",
    }
    assert actions["gone"][0]["fixed_response"] == [
        {"content_type": "application/json", "message_body": '{"error_code": "GONE"}', "status_code": "410"}
    ]
    assert actions["moved"][0]["redirect"] == [
        {
            "host": "#{host}",
            "path": "/docs",
            "port": "#{port}",
            "protocol": "#{protocol}",
            "query": "#{query}",
            "status_code": "HTTP_302",
        }
    ]


def test_rules_hang_on_their_listener_and_name_it(planned: Plan) -> None:
    rules = {str(rule.index): rule for rule in planned.of_type("aws_lb_listener_rule")}
    assert rules["registry"]["listener_arn"] == LISTENER
    assert rules["auth"]["listener_arn"] == f"{LISTENER}a"
    assert rules["auth"]["tags"] == {
        "Listener": "auth",
        "Name": "hokusai-auth-staging",
        "TargetGroup": "auth",
        "team": "core",
    }
    assert "TargetGroup" not in rules["gone"]["tags"]


def test_target_groups_take_tasks_by_address_and_ask_for_their_health(planned: Plan) -> None:
    gateway = planned['aws_lb_target_group.this["gateway"]']
    assert (gateway["target_type"], gateway["protocol"], gateway["port"]) == ("ip", "HTTP", 8001)
    assert (gateway["vpc_id"], gateway["deregistration_delay"], gateway["slow_start"]) == ("vpc-1", "60", 0)
    [check] = gateway["health_check"]
    assert (check["path"], check["matcher"], check["port"]) == ("/health/ready", "200", "traffic-port")
    assert (check["interval"], check["timeout"]) == (15, 5)
    assert (check["healthy_threshold"], check["unhealthy_threshold"]) == (2, 3)
    auth = planned['aws_lb_target_group.this["auth"]']
    assert (auth["deregistration_delay"], auth["slow_start"]) == ("5", 30)


def test_target_groups_names_carry_the_port_and_fit(planned: Plan) -> None:
    names = {str(made.index): made["name"] for made in planned.of_type("aws_lb_target_group")}
    assert names["gateway"] == "hokusai-gateway-8001-staging"
    assert names["auth"] == "hokusai-auth-8000-staging"
    # Shortened, but still ending in the environment: the apply role's permissions are given by it.
    assert re.fullmatch(r"hokusai-gateway-f-[0-9a-f]{6}-staging", names["gateway-for-large-uploads"])
    assert len(names["gateway-for-large-uploads"]) <= 32


def test_outputs_tell_the_rules_before_anything_exists(planned: Plan) -> None:
    rules = planned.outputs["rules"]
    assert set(rules) == set(INPUTS["rules"])  # type: ignore[call-overload]
    assert rules["auth"] == {
        "fixed_response": None,
        "headers": {},
        "hosts": [],
        "listener": "auth",
        "methods": [],
        "paths": ["/api/v1/*", "/health"],
        "priority": 30,
        "redirect": None,
        "service": "auth",
        "source_cidrs": [],
        "target_group": "auth",
    }
    assert rules["gone"]["service"] is None


# Rules that are tried one after the other, and a request that only the later one answers: none of these may be refused.
REACHED: dict[str, tuple[RuleInput, RuleInput, Request]] = {
    "other-host": ({"hosts": ["a.example.com"]}, {"hosts": ["b.example.com"]}, Request("b.example.com", "/")),
    "wider-host": ({"hosts": ["a.example.com"]}, {"hosts": ["*.example.com"]}, Request("b.example.com", "/")),
    "dot-counts": ({"hosts": ["*.example.com"]}, {"hosts": ["example.com"]}, Request("example.com", "/")),
    "dot-is-no-wildcard": ({"paths": ["/a.b"]}, {"paths": ["/aXb"]}, Request(HOST, "/aXb")),
    "plus-is-no-wildcard": ({"paths": ["/a+"]}, {"paths": ["/aa"]}, Request(HOST, "/aa")),
    "path-has-case": ({"paths": ["/API/*"]}, {"paths": ["/api/*"]}, Request(HOST, "/api/x")),
    "wider-path": ({"paths": ["/api/*"]}, {"paths": ["/api*"]}, Request(HOST, "/apis")),
    "whole-path": ({"paths": ["/api"]}, {"paths": ["/api/v1"]}, Request(HOST, "/api/v1")),
    "question-mark-is-one": ({"paths": ["/a?"]}, {"paths": ["/a*"]}, Request(HOST, "/a")),
    "question-mark-is-not-two": ({"paths": ["/a?"]}, {"paths": ["/a??"]}, Request(HOST, "/abc")),
    "one-path-left": ({"paths": ["/a", "/b"]}, {"paths": ["/a", "/c"]}, Request(HOST, "/c")),
    "no-host-after-host": ({"hosts": [HOST]}, {"paths": ["/x"]}, Request("b.example.com", "/x")),
    "hosts-of-any-name": ({"hosts": ["*.com"]}, {"paths": ["/x"]}, Request("localhost", "/x")),
    "no-path-after-path": ({"paths": ["/x"]}, {"hosts": [HOST]}, Request(HOST, "/y")),
    "both-must-hold": (
        {"hosts": [HOST], "paths": ["/x"]},
        {"hosts": [HOST, "b.example.com"], "paths": ["/x"]},
        Request("b.example.com", "/x"),
    ),
    "other-method": ({"methods": ["GET"]}, {"methods": ["GET", "PUT"]}, Request(HOST, "/", method="PUT")),
    "no-method-after-method": ({"methods": ["GET"]}, {"paths": ["/x"]}, Request(HOST, "/x", method="PUT")),
    "no-header-after-header": ({"headers": {"X-A": ["*"]}}, {"paths": ["/x"]}, Request(HOST, "/x")),
    "other-header": (
        {"headers": {"X-A": ["1"]}},
        {"headers": {"X-B": ["1"]}},
        Request(HOST, "/", headers={"x-b": "1"}),
    ),
    "second-header": (
        {"headers": {"X-A": ["1"], "X-B": ["1"]}},
        {"headers": {"X-A": ["1"]}},
        Request(HOST, "/", headers={"x-a": "1"}),
    ),
    "narrower-source": (
        {"source_cidrs": ["10.1.0.0/16"]},
        {"source_cidrs": ["10.0.0.0/8"]},
        Request(HOST, "/", source="10.2.0.1"),
    ),
    "other-family": (
        {"source_cidrs": ["0.0.0.0/0"]},
        {"source_cidrs": ["2001:db8::/32"]},
        Request(HOST, "/", source="2001:db8::1"),
    ),
    "no-source-after-source": ({"source_cidrs": ["10.0.0.0/8"]}, {"paths": ["/x"]}, Request(HOST, "/x")),
}

# The later of these two never answers anything.
NEVER_REACHED: dict[str, tuple[RuleInput, RuleInput]] = {
    "same-rule": ({"hosts": [HOST], "paths": ["/x"]}, {"hosts": [HOST], "paths": ["/x"]}),
    "host-has-no-case": ({"hosts": ["Registry.Example.com"]}, {"hosts": [HOST]}),
    "wider-host": ({"hosts": ["*.example.com"]}, {"hosts": [HOST, "a.b.example.com"]}),
    "pattern-covers-pattern": ({"hosts": ["*.com"]}, {"hosts": ["*.example.com"]}),
    "wider-path": ({"paths": ["/mlflow*"]}, {"paths": ["/mlflow", "/mlflow/*"]}),
    "star-crosses-slashes": ({"paths": ["/api/*"]}, {"paths": ["/api/2.0/mlflow/*/get"]}),
    "star-is-none-too": ({"paths": ["/api*"]}, {"paths": ["/api"]}),
    "question-mark": ({"paths": ["/v?/*"]}, {"paths": ["/v1/*", "/v?/x"]}),
    "covered-one-by-one": ({"paths": ["/a*", "/b*"]}, {"paths": ["/ax", "/bx"]}),
    "no-condition-is-wider": ({"hosts": [HOST]}, {"hosts": [HOST], "paths": ["/x"], "methods": ["GET"]}),
    "every-path": ({"paths": ["/*"]}, {"hosts": [HOST]}),
    "every-path-with-less": ({"paths": ["/x", "*"]}, {"paths": ["/y"]}),
    "method": ({"methods": ["GET", "HEAD"]}, {"methods": ["GET"], "paths": ["/x"]}),
    "header-has-no-case": ({"headers": {"X-A": ["Y*"]}}, {"headers": {"x-a": ["yes"], "x-b": ["1"]}}),
    "wider-source": ({"source_cidrs": ["10.0.0.0/8"]}, {"source_cidrs": ["10.1.0.0/16", "10.2.3.4/32"]}),
    "wider-source-of-ipv6": ({"source_cidrs": ["2001:db8::/32"]}, {"source_cidrs": ["2001:db8:1::/48"]}),
    "every-source": ({"source_cidrs": ["0.0.0.0/0", "::/0"]}, {"paths": ["/x"]}),
}


def pairs(cases: dict[str, tuple[RuleInput, RuleInput]]) -> dict[str, object]:
    """Each pair of rules on a listener of its own, so that one plan judges them all."""
    rules = {}
    for case, (earlier, later) in cases.items():
        rules[f"{case}-first"] = {"listener": case, "priority": 7, "fixed_response": OK} | earlier
        rules[f"{case}-second"] = {"listener": case, "priority": 8, "fixed_response": OK} | later
    return INPUTS | {
        "listener_arns": {case: f"{LISTENER}-{case}" for case in cases},
        "target_groups": {},
        "rules": rules,
    }


@pytest.fixture(scope="module")
def reached(plan: ModulePlans) -> list[Rule]:
    return planned_rules(plan(MODULE, pairs({case: (first, second) for case, (first, second, _) in REACHED.items()})))


@pytest.mark.parametrize("case", REACHED)
def test_a_rule_that_some_request_reaches_is_accepted(reached: list[Rule], case: str) -> None:
    rules = [rule for rule in reached if rule.listener == case]
    assert len(rules) == 2
    answering = route(rules, REACHED[case][2])
    assert answering is not None
    assert answering.name == f"{case}-second"


@pytest.fixture(scope="module")
def shadowed(refuse: Refusal) -> str:
    return refuse(MODULE, pairs(NEVER_REACHED), "is never reached")


@pytest.mark.parametrize("case", NEVER_REACHED)
def test_a_rule_that_no_request_reaches_is_refused(shadowed: str, case: str) -> None:
    assert (
        f'rules: "{case}-second" (priority 8) is never reached: "{case}-first" (priority 7) takes all of its requests '
        f'first on listener "{case}"'
    ) in shadowed
    assert f'"{case}-first" (priority 7) is never reached' not in shadowed


def test_only_an_earlier_rule_of_the_same_listener_shadows(plan: ModulePlans) -> None:
    wide, narrow = {"paths": ["/x*"], "fixed_response": OK}, {"paths": ["/xy"], "fixed_response": OK}
    rules = {
        "narrow-first": {"listener": "edge", "priority": 1} | narrow,
        "wide": {"listener": "edge", "priority": 2} | wide,
        "narrow-elsewhere": {"listener": "auth", "priority": 3} | narrow,
    }
    assert len(plan(MODULE, INPUTS | {"target_groups": {}, "rules": rules}).of_type("aws_lb_listener_rule")) == 3


def test_every_rule_that_shadows_is_named(refuse: Refusal) -> None:
    rules = {
        name: {"listener": "edge", "priority": priority, "paths": [path], "fixed_response": OK}
        for name, priority, path in [("all", 1, "/a*"), ("most", 2, "/b*"), ("ab", 3, "/ab*"), ("last", 4, "/abc")]
    }
    error = refuse(MODULE, INPUTS | {"target_groups": {}, "rules": rules}, '"ab" (priority 3) is never reached: "all"')
    assert '"last" (priority 4) is never reached: "ab" (priority 3)' in error
    assert '"last" (priority 4) is never reached: "all" (priority 1)' in error
    assert '"most" (priority' not in error


def test_examples(plan: ModulePlans) -> None:
    shared = planned_rules(plan(MODULE, {}, root="examples/basic"))
    answering = route(shared, Request("registry.staging.example.com", "/api/2.0/mlflow/runs/create", method="POST"))
    assert answering is not None
    assert answering.outcome == "-> gateway"
    dedicated = planned_rules(plan(MODULE, {}, root="examples/dedicated"))
    assert {rule.name: (rule.listener, rule.outcome) for rule in dedicated} == {
        "registry": ("registry", "-> gateway"),
        "auth": ("auth", "-> auth"),
        "auth-moved": ("auth", "redirect 302 #{protocol}"),
    }


def rule(**changes: object) -> RuleInput:
    return {"listener": "edge", "priority": 1, "hosts": [HOST], "fixed_response": OK} | changes


def only(**changes: object) -> dict[str, object]:
    """One rule called `it`, and no target group."""
    return {"target_groups": {}, "rules": {"it": rule(**changes)}}


def forward(service: str, **changes: object) -> dict[str, object]:
    """One rule `it` that forwards to one target group `there` of a service."""
    return {
        "target_groups": {"there": group(service) | changes},
        "rules": {"it": rule(fixed_response=None, target_group="there")},
    }


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        ({"environment": "x"}, ["environment must be lower-case letters, digits and hyphens, 2 to 20 characters"]),
        (
            {"target_groups": {}, "rules": {"one": rule(priority=5), "two": rule(priority=5, hosts=["a.example.com"])}},
            ['rules: "one" and "two" all have priority 5 on listener "edge", which AWS gives only once'],
        ),
        (
            only(hosts=[HOST, "a.example.com"], paths=["/a", "/b"], methods=["GET"], headers={"X-A": ["1"]}),
            ["rules.it: has 6 condition values", "AWS allows 5 a rule, all conditions together"],
        ),
        (
            only(hosts=["*.example.com"], paths=["/*/*/?", "/b*"], headers={"X-A": ["*"]}),
            ["rules.it: has 6 wildcards", "AWS allows 5 a rule, all conditions together"],
        ),
        (
            forward("mlflow"),
            ['rules.it: forwards to target group "there", which is service "mlflow": no rule may reach it'],
        ),
        (
            forward("auth") | {"forbidden_services": ["auth"]},
            ['rules.it: forwards to target group "there", which is service "auth": no rule may reach it'],
        ),
        (
            forward("billing"),
            ['target_groups.there: no service "billing" registers with it, so it would have no targets'],
        ),
        (
            forward("auth") | {"rules": {"it": rule(fixed_response=None, target_group="here")}},
            ['rules.it: there is no target group "here"; known are there', "no rule forwards to there"],
        ),
        (only(listener="internal"), ['rules.it: there is no listener "internal"; known are auth, edge']),
        (
            {
                "target_groups": {"there": group("gateway")},
                "rules": {
                    "one": rule(fixed_response=None, target_group="there"),
                    "two": rule(fixed_response=None, target_group="there", listener="auth"),
                },
            },
            ['rules: "one" (listener "edge") and "two" (listener "auth") forward to the same target group "there"'],
        ),
        (only(fixed_response=None), ["rules.it: has no answer; give exactly one of"]),
        (only(redirect={"path": "/x"}), ["rules.it: has fixed_response and redirect; give exactly one of"]),
        (only(hosts=[]), ["rules.it: has no condition, and AWS asks for one"]),
        (
            only(priority=0, hosts=["localhost"], paths=["api/*", "/a%20b", f"/{'x' * 128}"], methods=["get"]),
            [
                "rules.it: priority is 0; AWS accepts whole numbers from 1 to 50000",
                'rules.it: "localhost" is no host that AWS accepts',
                'rules.it: "api/*" is no path that AWS accepts: it must begin with "/"',
                'rules.it: "/a%20b" is no path that AWS accepts',
                f'rules.it: "/{"x" * 20}',
                "rules.it: methods has get; AWS compares them with case",
            ],
        ),
        (only(headers={"Host": ["a"]}), ["rules.it: headers (Host): a name has at most 40 characters"]),
        (only(headers={"X-A": ["a"], "x-a": ["b"]}), ["stands once whatever its case"]),
        (only(source_cidrs=["10.0.0.1/8"]), ["rules.it: source_cidrs has 10.0.0.1/8"]),
        (only(fixed_response={"status_code": 302}), ["rules.it: fixed_response takes a status_code 2xx, 4xx or 5xx"]),
        (only(fixed_response=None, redirect={"query": "x"}), ["or clients would be sent round in a circle"]),
        (
            forward(
                "auth", port=0, health_check={"path": "ready", "matcher": "500", "timeout_seconds": 15}, slow_start=5
            ),
            [
                "target_groups.there: port is 0",
                'target_groups.there: health_check.path is "ready"; it must begin with "/"',
                'target_groups.there: health_check.matcher is "500"',
                "a timeout of 2 to 120 that is shorter than the interval",
                "slow_start 5 (0, or 30 to 900)",
            ],
        ),
    ],
)
def test_refused(refuse: Refusal, change: dict[str, object], messages: list[str]) -> None:
    error = refuse(MODULE, INPUTS | change, messages[0])
    for message in messages[1:]:
        assert message in error
