"""Every policy document of a plan, whatever resource it stands in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.policies.origins import configured, origins, without_index
from infra.terraform.plan_json import Plan, Resource

Statement = Mapping[str, Any]
Kind = Literal["identity", "trust", "resource"]

# Attributes that hold a policy wherever they stand. A document elsewhere is found by its shape.
_NAMES = {"policy", "assume_role_policy", "access_policy", "access_policies", "resource_policy", "policy_document"}
_IDENTITY = {
    "aws_iam_policy",
    "aws_iam_role_policy",
    "aws_iam_user_policy",
    "aws_iam_group_policy",
    "aws_ssoadmin_permission_set_inline_policy",
}
# A `policy` of another language.
_NOT_IAM = {
    "aws_cloudwatch_log_account_policy",
    "aws_cloudwatch_log_data_protection_policy",
    "aws_ecr_lifecycle_policy",
    "aws_networkfirewall_resource_policy",
    "aws_organizations_policy",
}
_HOLDER = {"aws_iam_role_policy": "role", "aws_iam_user_policy": "user", "aws_iam_group_policy": "group"}


@dataclass(frozen=True)
class Found:
    """One policy document.

    Args:
        resource: where it stands.
        attribute: which attribute.
        kind: what it does: give an identity permissions, say who may take a role, or say who may use a resource.
        text: the document as it stands in the plan; "" when it is unknown.
        statements: its statements; None when it is known only after apply or is no policy.
        problem: why there are no statements, else "".
    """

    resource: Resource
    attribute: str
    kind: Kind
    text: str
    statements: tuple[Statement, ...] | None
    problem: str = ""


def listed(value: Any) -> list[Any]:  # noqa: ANN401 - IAM writes one value where it could write a list
    """IAM's one-or-many as a list.

    Args:
        value: one value, a list, or None.

    Returns:
        The list.
    """
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def documents(plan: Plan) -> Iterator[Found]:
    """Every policy document of a plan.

    Args:
        plan: the plan.

    Yields:
        The documents; those that cannot be judged too, with the reason.
    """
    for resource in plan.resources.values():
        if not resource.type.startswith("aws_") or resource.type in _NOT_IAM:
            continue
        for attribute in sorted({*resource.values, *(name for name in resource.unknown if name in _NAMES)}):
            found = _document(plan, resource, attribute)
            if found:
                yield found
        for block in listed(resource.values.get("inline_policy")) if resource.type == "aws_iam_role" else []:
            if block.get("policy"):
                yield _read(resource, "inline_policy", "identity", str(block["policy"]))


def allowances(found: Found) -> Iterator[Statement]:
    """The statements of a document that allow something.

    Args:
        found: the document.

    Yields:
        Statements with the effect Allow.
    """
    for statement in found.statements or ():
        if statement.get("Effect") == "Allow":
            yield statement


def held(plan: Plan) -> dict[str, list[Found]]:
    """What each identity is permitted, from all of its policies together.

    Args:
        plan: the plan.

    Returns:
        Identity policies by who holds them (`role x`); a managed policy that is attached to nobody stands for itself.
    """
    by_holder: dict[str, list[Found]] = {}
    for found in documents(plan):
        if found.kind == "identity" and found.statements is not None:
            for holder in _holders(plan, found.resource):
                by_holder.setdefault(holder, []).append(found)
    return by_holder


def _holders(plan: Plan, resource: Resource) -> list[str]:
    if resource.type == "aws_iam_role":
        return [f"role {resource.values.get('name') or resource.address}"]
    if resource.type in _HOLDER:
        attribute = _HOLDER[resource.type]
        name = resource.values.get(attribute) or ", ".join(sorted(origins(plan, resource, attribute)))
        return [f"{attribute} {name or resource.address}"]
    attached = [
        f"{kind} {each.values.get(kind) or ', '.join(sorted(origins(plan, each, kind)))}"
        for kind in ("role", "user", "group")
        for each in plan.of_type(f"aws_iam_{kind}_policy_attachment")
        if without_index(resource.address) in origins(plan, each, "policy_arn")
    ]
    return attached or [f"policy {resource.values.get('name') or resource.address}"]


def _document(plan: Plan, resource: Resource, attribute: str) -> Found | None:
    value = resource.values.get(attribute)
    kind = _kind(resource, attribute)
    if resource.unknown.get(attribute) is True:
        # Computed attributes are unknown as well; only what the configuration sets would be a policy of its own.
        if attribute in _NAMES and attribute in configured(plan, resource):
            return Found(resource, attribute, kind, "", None, "is known only after apply, so nobody can review it")
        return None
    if not isinstance(value, str) or not value:
        return None
    if attribute in _NAMES or ('"Statement"' in value and '"Effect"' in value):
        return _read(resource, attribute, kind, value)
    return None


def _read(resource: Resource, attribute: str, kind: Kind, text: str) -> Found:
    try:
        document = json.loads(text)
    except json.JSONDecodeError:
        return Found(resource, attribute, kind, text, None, "is no JSON")
    statements = listed(document.get("Statement")) if isinstance(document, dict) else []
    if not statements or not all(isinstance(each, dict) for each in statements):
        return Found(resource, attribute, kind, text, None, "has no statements")
    return Found(resource, attribute, kind, text, tuple(statements))


def _kind(resource: Resource, attribute: str) -> Kind:
    if attribute == "assume_role_policy":
        return "trust"
    return "identity" if resource.type in _IDENTITY else "resource"
