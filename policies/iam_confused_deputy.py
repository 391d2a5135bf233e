"""An AWS service acts for this account only: its statement names the source that it acts for.

Without aws:SourceArn or aws:SourceAccount, somebody else's resource can make the service use this account's role or
bucket (https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html).
"""

from collections.abc import Iterator

from infra.policies.iam.documents import Statement, allowances, documents, listed
from infra.policies.iam.permissions import bound_by
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

_SOURCE = (
    "aws:SourceArn",
    "aws:SourceAccount",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    # CloudWatch Logs and SNS give KMS the encryption context instead
    # (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html).
    "kms:EncryptionContext:*",
    "kms:CallerAccount",
    "kms:ViaService",
)
# Roles of these are given with iam:PassRole inside the account and taken by nothing of somebody else's.
_OWN_ONLY = {"ec2.amazonaws.com", "lambda.amazonaws.com"}
# Who signs in from outside is told apart by its subject.
_SUBJECT = ("*:sub", "*:aud_sub", "SAML:sub", "SAML:aud")


def _check(plan: Plan) -> Iterator[Violation]:
    for found in documents(plan):
        for statement in allowances(found):
            for service in _services(statement):
                if service not in _OWN_ONLY and not bound_by(statement, _SOURCE):
                    yield Violation(found.resource.address, f"{service} may act for anybody's resource")
            federated = listed(_principal(statement).get("Federated"))
            if federated and found.kind == "trust" and not bound_by(statement, _SUBJECT):
                yield Violation(found.resource.address, f"anybody who signs in at {federated[0]} may take this role")


def _services(statement: Statement) -> list[str]:
    return listed(_principal(statement).get("Service"))


def _principal(statement: Statement) -> Statement:
    principal = statement.get("Principal")
    return principal if isinstance(principal, dict) else {}


POLICY = Policy(
    id="HOK_IAM_DEPUTY",
    title="A service principal is bound to this account",
    severity=Severity.HIGH,
    remedy="Add a condition on aws:SourceArn and aws:SourceAccount; for a sign-in from outside, on `...:sub`.",
    check=_check,
    source="iam",
)
