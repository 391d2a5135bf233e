"""An identity is permitted actions by name on resources by name.

A resource "*" for an action that could name one is parliament's RESOURCE_STAR (infra/policies/iam/lint.py), because
only the service authorization reference knows which actions can.
"""

from collections.abc import Iterator

from infra.policies.iam.documents import Found, allowances, documents, listed
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

_MANAGED = ("aws_iam_role_policy_attachment", "aws_iam_user_policy_attachment", "aws_iam_group_policy_attachment")


def _check(plan: Plan) -> Iterator[Violation]:
    for found in documents(plan):
        if found.kind == "identity":
            yield from _of_document(found)
    for kind in _MANAGED:
        for attachment in plan.of_type(kind):
            yield from _of_managed(attachment.address, [attachment.values.get("policy_arn")])
    for role in plan.of_type("aws_iam_role"):
        yield from _of_managed(role.address, listed(role.values.get("managed_policy_arns")))


def _of_document(found: Found) -> Iterator[Violation]:
    where = found.resource.address
    for statement in allowances(found):
        for element in ("NotAction", "NotResource"):
            if element in statement:
                yield Violation(where, f"{element} allows everything else, also what AWS adds later")
        for action in listed(statement.get("Action")):
            if "*" in action or "?" in action:
                yield Violation(where, f"allows {action}")


def _of_managed(where: str, arns: list[str | None]) -> Iterator[Violation]:
    for arn in arns:
        name = (arn or "").rpartition("/")[2]
        # AWS's own policies that name no resource and every action of a service.
        if (
            arn
            and ":aws:policy/" in arn
            and name.endswith(("FullAccess", "PowerUser", "Administrator", "AdministratorAccess"))
        ):
            yield Violation(where, f"attaches AWS's {name}, which names no resource")
        if arn and ":aws:policy/" in arn and name in ("PowerUserAccess", "ReadOnlyAccess"):
            yield Violation(where, f"attaches AWS's {name}, which is the whole account")


POLICY = Policy(
    id="HOK_IAM_WILDCARD",
    title="Identities are permitted actions by name",
    severity=Severity.HIGH,
    remedy="Name the actions that are used and the resources that they are used on.",
    check=_check,
    source="iam",
)
