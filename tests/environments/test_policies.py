"""Every environment's plan keeps every policy of policies/."""

import pytest

from infra.policies.judgement import POLICIES
from infra.policies.policy import Policy, load_policies
from infra.terraform.plan_json import Plan

_POLICIES = load_policies(POLICIES)


@pytest.mark.parametrize("policy", [pytest.param(policy, id=name) for name, policy in _POLICIES.items()])
def test_policy_holds(environment_plan: Plan, policy: Policy) -> None:
    assert [f"{finding.where}: {finding.message}" for finding in policy.findings(environment_plan)] == []
