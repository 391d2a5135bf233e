"""The routing of every environment as a table: host and path in, target group or the listener's own answer out."""

from pathlib import Path

import pytest
import yaml

from infra.environment import environment_names
from infra.routing import Request, planned_rules, route
from infra.terraform.plan_json import Plan

TABLE = yaml.safe_load((Path(__file__).parents[1] / "routing" / "table.yaml").read_text())


@pytest.mark.parametrize("environment", environment_names())
def test_routing(plans: dict[str, Plan], environment: str) -> None:
    plan = plans[environment]
    hosts = plan.outputs["hosts"]
    rules = planned_rules(plan)
    # A host's name leads to the load balancer that its record points to.
    shared = len(plan.of_type("aws_lb")) == 1
    wrong = []
    for row in TABLE:
        host = row["host"]
        name = hosts[host] if host in hosts else hosts["registry"].upper() if host == "REGISTRY" else host
        listeners = {"edge"} if shared else {host.lower()} if host.lower() in hosts else set(hosts)
        for listener in listeners:
            own = [rule for rule in rules if rule.listener == listener]
            assert own, f"no rules on listener {listener}"
            found = route(own, Request(name, row["path"], row.get("method", "GET")))
            outcome = found.outcome if found else default_answer(plan, listener)
            if outcome != row["to"]:
                wrong.append(
                    f"{row.get('method', 'GET')} {name}{row['path']} on {listener}: {outcome}, expected {row['to']}"
                )
    assert not wrong, "\n".join(wrong)


def default_answer(plan: Plan, listener: str) -> str:
    [https] = [
        each
        for each in plan.of_type("aws_lb_listener")
        if each["protocol"] == "HTTPS" and each.module.startswith(f'module.alb["{listener}"]')
    ]
    [action] = https["default_action"]
    return str(action["fixed_response"][0]["status_code"])
