"""Plans of the environments, made once by the command that a person uses."""

import os
import shutil
from pathlib import Path

import pytest

from infra.environment import environment_names
from infra.repository import ROOT
from infra.terraform.plan_json import Plan
from infra.terraform.root_copy import keep_state_beside
from tests.environments.lifecycle import Lifecycles
from tests.resident_terraform import ResidentTerraform

# The environment whose account is the tests' own, with the artifact lane that no environment has.
OTHER_LANE_OF = "production"
OTHER_LANE = f"{OTHER_LANE_OF}-mlflow-lane"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What waits for minutes comes last, so that everything else runs meanwhile.

    Where plans are given, nothing is planned: what asks for another plan has nothing to judge there.
    """
    items.sort(key=lambda item: "lifecycle" in item.nodeid)
    if "INFRA_TEST_PLANS" in os.environ:
        others = [
            item
            for item in items
            if f"[{OTHER_LANE}" in item.nodeid or "other_lane_plan" in getattr(item, "fixturenames", ())
        ]
        items[:] = [item for item in items if item not in others]
        config.hook.pytest_deselected(items=others)


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


@pytest.fixture(scope="session")
def other_lane_plan(resident: ResidentTerraform, tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """An environment with the artifact lane that none of them has, planned from nothing without its state."""
    folder = tmp_path_factory.mktemp("other-lane")
    for name in ("environments", "modules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".terraform*"))
    environments = folder / "environments"
    keep_state_beside(environments / "stack")
    (environments / "lane.tfvars").write_text('artifact_lane = "mlflow"\n')
    names = ("common.tfvars", f"{OTHER_LANE_OF}/terraform.tfvars", f"{OTHER_LANE_OF}/images.tfvars", "lane.tfvars")
    files = [str(environments / name) for name in names]
    return Plan(dict(resident.root(environments / "stack").plan(output=True, color=False, tf_var_file=files)))


@pytest.fixture(params=[*environment_names(), OTHER_LANE])
def lane_plan(request: pytest.FixtureRequest) -> Plan:
    """Each environment's plan, and one with the other artifact lane: what depends on the lane is judged for both."""
    if request.param == OTHER_LANE:
        other: Plan = request.getfixturevalue("other_lane_plan")
        return other
    plans: dict[str, Plan] = request.getfixturevalue("plans")
    return plans[request.param]
