"""Which environments a change touches."""

import pytest

from infra.environment import environment_names
from infra.review.touched import touched_environments

ALL = environment_names()


@pytest.mark.parametrize(
    ("changed", "touched"),
    [
        ([], []),
        (["README.md", "docs/runbook.md", "tests/conftest.py", "bench/plan_time.py", ".gitignore"], []),
        (["environments/staging/terraform.tfvars"], ["staging"]),
        (["environments/staging/gates.yaml", "environments/production/images.tfvars"], ["production", "staging"]),
        (["environments/common.tfvars"], ALL),
        (["environments/stack/edge.tf"], ALL),
        (["environments/stack/.terraform.lock.hcl"], ALL),
        (["environments/bootstrap/main.tf"], ALL),
        (["modules/alb/listeners.tf"], ALL),
        (["modules/alb/README.md", "modules/alb/about.md"], []),
        (["policies/p.py"], ALL),
        (["scripts/infra/planning.py"], ALL),
        (["requirements/tooling.lock"], ALL),
        ([".github/workflows/plan.yml"], ALL),
        (["Makefile"], ALL),
        ([".checkov.yaml"], ALL),
        (["environments/production-eu/terraform.tfvars"], ALL),  # gone with this change: not one of them, so shared
        (["environments/staging/terraform.tfvars", "modules/alb/waf.tf"], ALL),
    ],
)
def test_touched(changed: list[str], touched: list[str]) -> None:
    assert touched_environments(changed, ALL) == touched
