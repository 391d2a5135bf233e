"""The whole scan of this repository, its environments planned before and after apply: nothing is found.

Applied, every value is known, and a rule can see something else than in the first plan.
"""

import json
from pathlib import Path

from infra.environment import environment_names
from infra.policies.judgement import own_repository
from infra.scan import scan_files
from tests.environments.lifecycle import Lifecycles


def test_nothing_is_found_and_no_skip_is_left_over(lifecycles: Lifecycles, tmp_path: Path) -> None:
    documents = {}
    for name in environment_names():
        plans = {name: lifecycles.first_plan(name), f"{name}, applied": lifecycles.second_plan(name)}
        for each, plan in plans.items():
            documents[each] = tmp_path / f"{each}.json"
            documents[each].write_text(json.dumps(plan.document))
    outcomes = scan_files(own_repository(), documents, complete=True, applied=True)
    found = {str(finding) for outcome in outcomes.values() for finding in outcome.findings}
    assert found == set()
    for name in documents:
        assert outcomes[name].ran.plan_resources > 150
        assert outcomes[name].ran.policy_documents > 20
        assert outcomes[name].ran.configuration_files > 100
