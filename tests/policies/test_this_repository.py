"""The whole scan of this repository: its configuration and the plans of all its environments, without a finding."""

import json
from pathlib import Path

from infra.environment import environment_names
from infra.policies.judgement import own_repository
from infra.scan import scan_files
from tests.environments.lifecycle import Lifecycles


def test_nothing_is_found_and_no_skip_is_left_over(lifecycles: Lifecycles, tmp_path: Path) -> None:
    documents = {}
    for name in environment_names():
        documents[name] = tmp_path / f"{name}.json"
        documents[name].write_text(json.dumps(lifecycles.first_plan(name).document))
    outcomes = scan_files(own_repository(), documents, complete=True)
    found = {str(finding) for outcome in outcomes.values() for finding in outcome.findings}
    assert found == set()
    for name in environment_names():
        assert outcomes[name].ran.plan_resources > 150
        assert outcomes[name].ran.policy_documents > 20
        assert outcomes[name].ran.configuration_files > 100
