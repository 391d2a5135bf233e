"""No identity can give itself, or a program that it starts, more than it has.

The ways are the published ones (Rhino Security Labs, "AWS IAM privilege escalation methods"; cloudsplaining and pmapper
use that list). What binds the new rights to a permissions boundary is no escalation: the condition key
iam:PermissionsBoundary (https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html).
"""

from collections.abc import Iterator

from infra.policies.iam.documents import Found, Statement, held, listed
from infra.policies.iam.permissions import bound_by, permitting
from infra.policies.policy import Policy, Violation
from infra.review.model import Severity
from infra.terraform.plan_json import Plan

# One action is enough.
_ALONE = {
    "iam:AddUserToGroup": "joins any group",
    "iam:AttachGroupPolicy": "attaches any policy to its group",
    "iam:AttachRolePolicy": "attaches any policy to a role",
    "iam:AttachUserPolicy": "attaches any policy to a user",
    "iam:CreateAccessKey": "makes keys of other users",
    "iam:CreateLoginProfile": "sets passwords of other users",
    "iam:CreatePolicyVersion": "rewrites policies",
    "iam:DeleteRolePermissionsBoundary": "takes boundaries away",
    "iam:DeleteUserPermissionsBoundary": "takes boundaries away",
    "iam:PutGroupPolicy": "writes policies of its group",
    "iam:PutRolePermissionsBoundary": "moves boundaries",
    "iam:PutRolePolicy": "writes policies of roles",
    "iam:PutUserPolicy": "writes policies of users",
    "iam:SetDefaultPolicyVersion": "goes back to an older, wider policy",
    "iam:UpdateAssumeRolePolicy": "lets itself take roles",
    "iam:UpdateLoginProfile": "sets passwords of other users",
    "lambda:UpdateFunctionCode": "runs its own code with a function's role",
    "ssm:SendCommand": "runs commands with the roles of machines",
}
# With iam:PassRole: a program that is started with somebody else's role.
_STARTS = (
    ("cloudformation:CreateStack",),
    ("codebuild:CreateProject",),
    ("datapipeline:CreatePipeline",),
    ("ec2:RunInstances",),
    ("ecs:RegisterTaskDefinition",),
    ("ecs:RunTask",),
    ("glue:CreateDevEndpoint",),
    ("glue:CreateJob",),
    ("lambda:CreateFunction",),
    ("sagemaker:CreateNotebookInstance",),
    ("sagemaker:CreateTrainingJob",),
    ("states:CreateStateMachine",),
)
_BOUNDARY = ("iam:PermissionsBoundary",)


def _check(plan: Plan) -> Iterator[Violation]:
    for holder, policies in held(plan).items():
        where = policies[0].resource.address
        for action, how in _ALONE.items():
            if any(not bound_by(each, _BOUNDARY) for each in permitting(policies, action)):
                yield Violation(where, f"{holder} may {action}: {how}")
        yield from _by_passing(where, holder, policies)
        for statement in permitting(policies, "sts:AssumeRole"):
            if _open(statement):
                yield Violation(where, f"{holder} may sts:AssumeRole on any role")


def _by_passing(where: str, holder: str, policies: list[Found]) -> Iterator[Violation]:
    passing = [each for each in permitting(policies, "iam:PassRole") if _open(each)]
    if not passing:
        return
    starts = [" and ".join(each) for each in _STARTS if all(permitting(policies, action) for action in each)]
    for start in starts:
        yield Violation(where, f"{holder} may iam:PassRole with any role and {start}: the program has its rights")
    if not starts and any(not bound_by(each, ("iam:PassedToService",)) for each in passing):
        yield Violation(where, f"{holder} may iam:PassRole with any role to any service")


def _open(statement: Statement) -> bool:
    """Whether a statement is about roles that it does not name: a wildcard that no literal part of a name precedes."""
    if "NotResource" in statement:
        return True
    return any(
        str(target) == "*" or str(target).rpartition("role/")[2].lstrip("/").startswith("*")
        for target in listed(statement.get("Resource"))
    )


POLICY = Policy(
    id="HOK_IAM_ESCALATION",
    title="No identity can widen its own rights",
    severity=Severity.CRITICAL,
    remedy="Remove the action, name the roles that may be passed, or bind it with iam:PermissionsBoundary.",
    check=_check,
    source="iam",
)
