"""Plans that documents are made from."""

import pytest

from infra.environment import environment_names
from infra.terraform.plan_json import Plan
from tests.environments.lifecycle import Lifecycles


@pytest.fixture(scope="session")
def plans(lifecycles: Lifecycles) -> dict[str, Plan]:
    """The plan of each environment in an account without a stack."""
    return {name: lifecycles.first_plan(name) for name in environment_names()}
