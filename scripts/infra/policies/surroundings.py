"""What a plan says about where it goes: environment and account."""

from infra.terraform.plan_json import Plan

PRODUCTION = ("production", "prod")
_TAG = "Environment"


def environments(plan: Plan) -> set[str]:
    """The environments that a plan is for.

    Args:
        plan: the plan.

    Returns:
        Values of the tag Environment of its resources, and of the variable `environment`; in lower case.
    """
    names = {
        str((resource.values.get(attribute) or {}).get(_TAG) or "")
        for resource in plan.resources.values()
        for attribute in ("tags_all", "tags")
        if isinstance(resource.values.get(attribute), dict)
    }
    variable = plan.document.get("variables", {}).get("environment", {}).get("value")
    return {name.lower() for name in {*names, str(variable or "")} if name}


def is_production(plan: Plan) -> bool:
    """Whether anything in the plan belongs to production.

    Args:
        plan: the plan.

    Returns:
        True when one of its environments is production.
    """
    return any(name in PRODUCTION for name in environments(plan))
