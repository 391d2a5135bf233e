"""docs/adding-a-service.md, followed on a copy: the service is planned, judged like the others, and answers."""

import importlib.util
import json
import os
import subprocess
import sys
import threading
from http.client import HTTPConnection
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.environment import environment_names, load_environment
from infra.repository import ROOT
from infra.terraform.plan_json import Plan
from tests.copied_suite import failing
from tests.documentation.instructions import follow, steps
from tests.edited_copy import PlannedCopy
from tests.resident_terraform import ResidentTerraform

PAGE = (ROOT / "docs" / "adding-a-service.md").read_text()
PLANNED = "production"  # its account id is that of the test account


@pytest.fixture(scope="module")
def copy(resident: ResidentTerraform, tmp_path_factory: pytest.TempPathFactory) -> PlannedCopy:
    """A copy in which the page was followed."""
    made = PlannedCopy(tmp_path_factory.mktemp("service") / "checkout", resident)
    follow(PAGE, made.folder, [load_environment(name) for name in environment_names()])
    return made


def test_every_block_of_a_step_is_an_instruction() -> None:
    before = PAGE[: PAGE.index("## 7. ")]
    assert before.count("```") == 2 * len(steps(PAGE))
    assert len(steps(PAGE)) > 8


def test_the_service_is_planned_and_holds_what_all_hold(copy: PlannedCopy, tmp_path: Path) -> None:
    document = copy.plan(PLANNED)
    plan = Plan(document)
    assert "hokusai-notifier" in {each["name"] for each in plan.of_type("aws_ecs_service")}
    assert {"notifier", "mlflow", "auth"} == {each["name"] for each in plan.of_type("aws_service_discovery_service")}
    rules = {(each["tags"]["From"], each["tags"]["To"]) for each in plan.of_type("aws_vpc_security_group_ingress_rule")}
    assert ("auth", "notifier") in rules
    alarms = {each["alarm_name"] for each in plan.of_type("aws_cloudwatch_metric_alarm")}
    assert {f"hokusai-production-notifier-{kind}" for kind in ("cpu", "memory", "tasks")} <= alarms
    others = ("lifecycle", "inventory", "lane]", "strictest", "development", "staging")
    select = " and not ".join([PLANNED, *others])
    (tmp_path / f"{PLANNED}.json").write_text(json.dumps(document))
    environment = {**os.environ, "INFRA_TEST_PLANS": str(tmp_path)}
    assert failing(copy.folder, "tests/environments", environment, select) == []


def test_its_double_stands_for_its_image(copy: PlannedCopy) -> None:
    look = (
        "from infra.preflight.platform.images import image_for\n"
        "print(image_for('x.y/hokusai/notifier@sha256:0').is_double)"
    )
    environment = {**os.environ, "PYTHONPATH": str(copy.folder / "scripts")}
    told = subprocess.run([sys.executable, "-c", look], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "True"


def test_its_double_is_healthy(copy: PlannedCopy) -> None:
    file = copy.folder / "scripts/infra/preflight/parts/notifier.py"
    specification = importlib.util.spec_from_file_location("notifier", file)
    assert specification
    assert specification.loader
    double = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(double)
    with ThreadingHTTPServer(("127.0.0.1", 0), double.Answer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = HTTPConnection("127.0.0.1", server.server_port, timeout=30)
        connection.request("GET", "/health")
        assert connection.getresponse().status == 200
        connection.close()
        server.shutdown()
