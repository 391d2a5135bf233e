"""Plans of the environments, made once by the command that a person uses."""

import os
from pathlib import Path

import pytest

from infra.environment import environment_names
from infra.terraform.plan_json import Plan
from tests.environments.lifecycle import Lifecycles


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What waits for minutes comes last, so that everything else runs meanwhile."""
    items.sort(key=lambda item: "lifecycle" in item.nodeid)


@pytest.fixture(scope="session")
def plans(request: pytest.FixtureRequest) -> dict[str, Plan]:
    """The plan of each environment in an account without a stack.

    INFRA_TEST_PLANS names a folder with <env>.json to judge instead: the break-it suite plans a broken copy there.
    """
    folder = os.environ.get("INFRA_TEST_PLANS")
    if folder:
        return {path.stem: Plan.from_json(path.read_bytes()) for path in sorted(Path(folder).glob("*.json"))}
    lifecycles: Lifecycles = request.getfixturevalue("lifecycles")
    return {name: lifecycles.first_plan(name) for name in environment_names()}


@pytest.fixture(params=environment_names())
def environment_plan(request: pytest.FixtureRequest, plans: dict[str, Plan]) -> Plan:
    """One environment's plan; the test runs for each."""
    return plans[request.param]
