"""Each environment, in the emulated account: applied, then nothing left to do, then destroyed, then nothing left."""

import re

import pytest

from infra.environment import environment_names
from infra.routing import planned_rules
from tests.environments.lifecycle import Lifecycles

# What stays behind on purpose, with the reason.
STAYS = {"rds snapshot hokusai-mlflow-production-final": "the last copy of production's database"}


@pytest.mark.parametrize("environment", environment_names())
def test_lifecycle_apply_then_empty_plan(lifecycles: Lifecycles, environment: str) -> None:
    applied = lifecycles.step(environment, "apply")
    assert applied.exit_code == 0, applied.output
    again = lifecycles.step(environment, "second-plan")
    assert again.exit_code == 0, again.output
    assert "nothing changes" in again.output, again.output
    for section in ("Findings", "Changed outside Terraform", "Conditions that did not pass"):
        assert f"\n{section}" not in again.output, again.output


@pytest.mark.parametrize("environment", environment_names())
def test_lifecycle_destroy_leaves_nothing(lifecycles: Lifecycles, environment: str) -> None:
    destroyed = lifecycles.step(environment, "destroy")
    assert destroyed.exit_code == 0, destroyed.output
    before = lifecycles.step(environment, "plan")
    left = [item for item in destroyed.left if item not in before.left]
    unexpected = [item for item in left if item not in STAYS]
    assert not unexpected, "\n".join(unexpected)


@pytest.mark.parametrize("environment", environment_names())
def test_lifecycle_rules_lead_where_the_plan_said(lifecycles: Lifecycles, environment: str) -> None:
    """The plan names a rule's target group in a tag, since its ARN is unknown; in the account both must agree."""
    account = lifecycles.applied_account(environment)
    client = account.client("elbv2")
    planned = {rule.name: rule for rule in planned_rules(lifecycles.first_plan(environment))}
    groups = {}
    for group in client.describe_target_groups()["TargetGroups"]:
        [described] = client.describe_tags(ResourceArns=[group["TargetGroupArn"]])["TagDescriptions"]
        groups[group["TargetGroupArn"]] = {tag["Key"]: tag["Value"] for tag in described["Tags"]}["Name"]
    seen = set()
    for balancer in client.describe_load_balancers()["LoadBalancers"]:
        for listener in client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            for rule in client.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                if rule["IsDefault"]:
                    continue
                [described] = client.describe_tags(ResourceArns=[rule["RuleArn"]])["TagDescriptions"]
                tags = {tag["Key"]: tag["Value"] for tag in described["Tags"]}
                name = re.sub(rf"^hokusai-(.*)-{environment}$", r"\1", tags["Name"])
                group = groups[rule["Actions"][0]["TargetGroupArn"]]
                assert planned[name].outcome == f"-> {tags['TargetGroup']}"
                assert group == f"hokusai-{tags['TargetGroup']}-{environment}", f"{name} leads to {group}"
                seen.add(name)
    assert seen == set(planned)
