"""docs/permissions.md says what the plan of production contains."""

from infra.documentation.permissions import DOCUMENT, ENVIRONMENT, permissions
from infra.terraform.plan_json import Plan


def test_permissions_document_is_what_the_plan_says(plans: dict[str, Plan]) -> None:
    expected = permissions(plans[ENVIRONMENT])
    assert DOCUMENT.read_text() == expected, f"Run `make plan ENV={ENVIRONMENT}` and `make docs`, and commit the result"
