"""No policy allows anything to everybody."""

from collections.abc import Iterator

from infra.policies.iam.documents import Statement, allowances, documents, listed
from infra.policies.iam.evaluation import like
from infra.policies.iam.permissions import bound_by
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

# Keys that say who asks, or from where inside AWS.
_WHO = (
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceOrgID",
    "aws:SourceOwner",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:userid",
    "kms:CallerAccount",
    "s3:DataAccessPointAccount",
)
# Image layers: ECR hands out signed URLs of a bucket that belongs to AWS
# (https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-setting-up-s3-gateway).
_LAYERS = "arn:aws*:s3:::prod-*-starport-layer-bucket/*"


def _check(plan: Plan) -> Iterator[Violation]:
    for found in documents(plan):
        for statement in allowances(found):
            if found.kind == "identity" or not _everybody(statement) or bound_by(statement, _WHO):
                continue
            if found.resource.type.startswith("aws_vpc_endpoint") and _only_layers(statement):
                continue
            actions = ", ".join(str(each) for each in listed(statement.get("Action") or "everything but some"))
            yield Violation(found.resource.address, f"{found.attribute} allows {actions} to everybody")


def _everybody(statement: Statement) -> bool:
    principal = statement.get("Principal")
    if "NotPrincipal" in statement or principal == "*":
        return True
    return isinstance(principal, dict) and "*" in listed(principal.get("AWS"))


def _only_layers(statement: Statement) -> bool:
    targets = listed(statement.get("Resource"))
    return listed(statement.get("Action")) == ["s3:GetObject"] and all(like(each, _LAYERS) for each in targets)


POLICY = Policy(
    id="HOK_IAM_PUBLIC",
    title="Nothing is allowed to everybody",
    severity=Severity.CRITICAL,
    remedy="Name the principals, or bind the statement with a condition such as aws:PrincipalAccount.",
    check=_check,
    source="iam",
)
