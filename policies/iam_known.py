"""Every policy document can be read at plan: what is known only after apply was reviewed by nobody."""

from collections.abc import Iterator

from infra.policies.iam.documents import documents
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan


def _check(plan: Plan) -> Iterator[Violation]:
    for found in documents(plan):
        if found.statements is None:
            yield Violation(found.resource.address, f"{found.attribute} {found.problem}")


POLICY = Policy(
    id="HOK_IAM_KNOWN",
    title="Every policy document is known at plan",
    severity=Severity.CRITICAL,
    remedy="Build ARNs from names that are known; pin a key by kms:ResourceAliases instead of its ID.",
    check=_check,
    source="iam",
)
