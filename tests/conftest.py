"""What several suites use: an emulated account, one warm real provider, real plans of modules, environments applied."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount, start
from infra.account.inventory import inventory
from infra.account.seed import seed
from infra.environment import load_environment
from infra.preflight.base.kept import KeptBase, find_base
from infra.preflight.base.made_from import made_from
from infra.terraform.provider import warm_provider, write_cli_config
from infra.terraform.runner import clean_environment
from infra.terraform.session import Tools, find_tools
from tests.environments.lifecycle import Lifecycles, shared_lifecycles
from tests.module_plans import ModulePlans
from tests.preflight.running import Bases, Preflights
from tests.resident_terraform import ResidentTerraform, resident_terraform

ACCOUNT_ID = "123456789012"
REGION = "us-east-1"


@pytest.fixture(scope="session")
def tools() -> Tools:
    """Terraform and the locked provider, as the tooling finds them."""
    return find_tools()


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAccount]:
    """An empty emulated account of this test process; tests that write take a fork of it.

    It is asked for everything once: moto loads a service when it is first asked (a second and a half for EC2), and
    each fork would do so anew.
    """
    running = start(
        tmp_path_factory.mktemp("account"), ACCOUNT_ID, REGION, port=0, parent_pid=os.getpid(), idle_seconds=3600
    )
    assert not inventory(running)
    yield running
    written = inventory(running)
    running.stop()
    assert not written, f"a test wrote to the account that all tests copy; it must take a fork of it: {written}"


@pytest.fixture(scope="session")
def planned_account(account: EmulatedAccount) -> Iterator[EmulatedAccount]:
    """The account that the resident Terraform plans in, as production's is before the stack."""
    copy = account.fork()
    seed(copy, load_environment("production").domain)
    yield copy
    copy.stop()


@pytest.fixture(scope="session")
def resident(
    tools: Tools, planned_account: EmulatedAccount, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ResidentTerraform]:
    """One Terraform and one provider process that stay, for an account of this test process."""
    environment = clean_environment(planned_account.environment(os.environ))
    environment["TF_CLI_CONFIG_FILE"] = str(write_cli_config(tools.provider))
    with (
        warm_provider(tools.provider, environment) as provider,
        resident_terraform(environment | provider.reattach(), tmp_path_factory.mktemp("terraform")) as terraform,
    ):
        yield terraform


@pytest.fixture(scope="session")
def module_plans(resident: ResidentTerraform, tmp_path_factory: pytest.TempPathFactory) -> ModulePlans:
    """Plans of single modules."""
    return ModulePlans(resident, tmp_path_factory.mktemp("plans"))


@pytest.fixture(scope="session")
def plan(module_plans: ModulePlans) -> ModulePlans:
    """`plan("alb-rules", {...})` -> Plan; the same call is planned once."""
    return module_plans


@pytest.fixture(scope="session")
def refuse(module_plans: ModulePlans) -> "Refusal":
    """`refuse("alb-rules", {...}, "message")`: the plan must fail and say so."""
    return Refusal(module_plans)


@pytest.fixture(scope="session")
def lifecycles(tmp_path_factory: pytest.TempPathFactory) -> Lifecycles:
    """Every environment planned, applied and destroyed side by side in the background."""
    return shared_lifecycles(tmp_path_factory)


@pytest.fixture(scope="session")
def bases(request: pytest.FixtureRequest, tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> Bases:
    """`bases("staging")` -> an account with that environment applied; copies are taken of it.

    One that a person keeps already is taken; else it is the one that the lifecycles apply, which takes minutes.
    """

    def base(name: str) -> KeptBase:
        environment = load_environment(name)
        kept = find_base(environment)
        source = made_from(environment, tools)
        if kept and kept.made_from == source:
            return kept
        lifecycles: Lifecycles = request.getfixturevalue("lifecycles")
        return KeptBase(lifecycles.applied_account(name), source)

    return base


@pytest.fixture(scope="session")
def preflights(bases: Bases, tmp_path_factory: pytest.TempPathFactory) -> Preflights:
    """`preflights.run("staging")` -> how it ended."""
    return Preflights(bases, tmp_path_factory.mktemp("preflights"))


@pytest.fixture(scope="session", autouse=True)
def lifecycles_begin_with_the_first_test(request: pytest.FixtureRequest) -> None:
    """The provider sleeps for minutes in them: whatever else there is to test is tested meanwhile."""
    if any("lifecycles" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("lifecycles")


class Refusal:
    """Calls that must fail at plan."""

    def __init__(self, plans: ModulePlans) -> None:
        self._plans = plans

    def __call__(self, module: str, variables: dict[str, object], message: str, *, root: str | None = None) -> str:
        error = self._plans.refusal(module, variables, root=root)
        assert " ".join(message.split()) in error, f"refused, but for another reason: {error}"
        return error


@pytest.fixture
def build_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build folder of the test's own, so that it never meets the person's."""
    folder = tmp_path / "build"
    monkeypatch.setenv("INFRA_BUILD", str(folder))
    return folder


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: Any) -> None:
    """The table at the end: which test caught which wrong edit. xdist's controller knows no hooks of a folder below."""
    caught = [
        value
        for reports in (terminalreporter.getreports("passed"), terminalreporter.getreports("failed"))
        for report in reports
        for name, value in getattr(report, "user_properties", ())
        if name == "caught" and report.when == "call"
    ]
    if caught:
        terminalreporter.section("wrong edits and what caught them")
        for line in sorted(caught):
            terminalreporter.write_line(line)
