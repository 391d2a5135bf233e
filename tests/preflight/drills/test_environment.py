"""Drills of a whole environment: as it stands it passes them all, and careless settings fail at theirs."""

from pathlib import Path

import pytest

from infra.preflight.drills.campaign import DRILLS
from tests.edited_copy import EditedCopy
from tests.preflight.running import Preflights

ENVIRONMENT = "development"
NAMES = [drill.name for drill in DRILLS]
DEPLOYMENTS = ["broken-gateway", "deploy-gateway", "broken-mlflow", "deploy-mlflow"]
CARELESS = [
    {
        "file": "modules/ecs-service/service.tf",
        "old": "  deployment_circuit_breaker {\n    enable   = true\n    rollback = true",
        "new": "  deployment_circuit_breaker {\n    enable   = false\n    rollback = false",
    },
    {
        "file": "modules/ecs-service/service.tf",
        "old": "deployment_minimum_healthy_percent = var.service.minimum_healthy_percent",
        "new": "deployment_minimum_healthy_percent = 0",
    },
]


@pytest.mark.long
def test_an_unedited_environment_passes_every_drill(preflights: Preflights) -> None:
    report = preflights.run(ENVIRONMENT, "--drills", "1")
    assert report.exit_code == 0, report.output
    assert report.outcomes.keys() >= {*NAMES, "nothing-lost"}
    assert set(report.outcomes.values()) == {"passed"}, report.outcomes
    for file in ("preflight.html", "preflight.md", "preflight.junit.xml"):
        text = (report.folder / ENVIRONMENT / "preflight" / file).read_text()
        assert "hokusai-gateway gets a new revision that works" in text


@pytest.mark.long
def test_without_a_circuit_breaker_and_with_a_minimum_of_nothing_deployments_fail(
    preflights: Preflights, tmp_path: Path
) -> None:
    copy = EditedCopy(tmp_path / "checkout")
    with copy.edited(CARELESS):
        report = preflights.run(ENVIRONMENT, "--drills", ",".join(DEPLOYMENTS), root=copy.folder)
    assert report.exit_code == 1, report.output
    assert report.failed == DEPLOYMENTS, report.output
    for service in ("gateway", "mlflow"):
        broken, deployed = report.findings[f"broken-{service}"], report.findings[f"deploy-{service}"]
        assert "no circuit breaker brought" in broken
        assert "Enable the deployment circuit breaker" in broken
        assert "requests failed" in deployed
        for finding in (broken, deployed):
            assert f"ecs service `{service}` (modules/ecs-service)" in finding
            assert "modules/ecs-service/service.tf" in finding
