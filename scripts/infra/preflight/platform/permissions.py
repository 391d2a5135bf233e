"""Whether the applied policies allow a call: those of the role, its boundary, the resource and the VPC endpoint.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html,
for a role and a resource of the same account; a key's policy must let the role in, or let IAM decide
(https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html). What cannot be evaluated is not
allowed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from infra.account.emulated import EmulatedAccount
from infra.policies.iam.evaluation import Context, applies, as_list, decide, like
from infra.preflight.platform.roles import Policy, Role, read_role


@dataclass(frozen=True)
class ResourcePolicy:
    """The policy of a bucket, secret, key or VPC endpoint.

    Args:
        arn: whose it is.
        document: the policy.
        kind: "grant": it may allow by itself; "gate": it must allow as well (a key, an endpoint).
    """

    arn: str
    document: Policy
    kind: str = "grant"


@dataclass(frozen=True)
class Judgement:
    """What AWS would answer.

    Args:
        allowed: whether it is allowed.
        reason: why not, in words.
        blame: ARN of what has to be changed.
    """

    allowed: bool
    reason: str = ""
    blame: str = ""


ALLOWED = Judgement(True)


class Permissions:
    """The roles of an account. What was read is kept until `refresh`.

    Args:
        account: where they are.
    """

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self._roles: dict[str, Role] = {}

    def refresh(self) -> None:
        """Forget what was read."""
        self._roles = {}

    def role(self, arn: str) -> Role | None:
        """A role, or None when there is no such role."""
        if arn not in self._roles:
            found = read_role(self._account, arn)
            if found is None:
                return None
            self._roles[arn] = found
        return self._roles[arn]

    def may_be_taken(self, role: Role, service: str, context: Context) -> Judgement:
        """Whether an AWS service may take a role.

        Args:
            role: the role.
            service: e.g. "ecs-tasks.amazonaws.com".
            context: condition keys, e.g. aws:SourceAccount.
        """
        statements = [
            {**{key: value for key, value in each.items() if key != "Principal"}, "Resource": "*"}
            for each in as_list(role.trust["Statement"])
            if service in as_list(_principals(each).get("Service", []))
        ]
        try:
            if decide([{"Statement": statements}], "sts:AssumeRole", role.arn, context) == "allowed":
                return ALLOWED
        except NotImplementedError as error:
            return Judgement(False, f"the trust policy of role {role.name} cannot be evaluated: {error}", role.arn)
        return Judgement(False, f"the trust policy of role {role.name} does not let {service} take it", role.arn)

    def judge(
        self, role: Role, action: str, resource: str, context: Context, others: Iterable[ResourcePolicy] = ()
    ) -> Judgement:
        """What AWS would answer to a call.

        Args:
            role: who calls.
            action: as in "s3:PutObject".
            resource: ARN that it is about.
            context: condition keys of the request.
            others: policies that have a say beside the role's own.
        """
        try:
            return _judge(role, action, resource, context, tuple(others))
        except NotImplementedError as error:
            return Judgement(False, f"the policies about it cannot be evaluated: {error}", role.arn)


def _judge(role: Role, action: str, resource: str, context: Context, others: Sequence[ResourcePolicy]) -> Judgement:
    own = decide(role.policies, action, resource, context)
    if own == "denied":
        return Judgement(False, f"a policy of role {role.name} denies it", role.arn)
    if role.boundary is not None:
        bounded = decide([role.boundary], action, resource, context)
        if bounded != "allowed":
            word = "denies it" if bounded == "denied" else "does not allow it"
            return Judgement(False, f"the permissions boundary of role {role.name} {word}", role.arn)
    granted = own == "allowed"
    for other in others:
        direct = decide([_for_principal(other.document, role, delegated=False)], action, resource, context)
        if direct == "denied":
            sid = _denying(other.document, role, action, resource, context)
            return Judgement(False, f"the policy of {other.arn} denies it{sid}", other.arn)
        if other.kind == "gate":
            left_to_iam = decide([_for_principal(other.document, role, delegated=True)], action, resource, context)
            if direct != "allowed" and left_to_iam != "allowed":
                return Judgement(False, f"the policy of {other.arn} does not allow it", other.arn)
            # A key's policy may name the role itself; an endpoint's `*` only lets through what IAM allows.
            granted = granted or (direct == "allowed" and ":key/" in other.arn)
        else:
            granted = granted or direct == "allowed"
    if granted:
        return ALLOWED
    return Judgement(False, _why_not(role, action, resource, context), role.arn)


def _why_not(role: Role, action: str, resource: str, context: Context) -> str:
    """What comes nearest to an allowance, for people."""
    nearest = "no policy of it allows the action"
    for statement in (each for policy in role.policies for each in as_list(policy["Statement"])):
        if statement["Effect"] != "Allow" or not any(
            like(action.lower(), str(pattern).lower()) for pattern in as_list(statement.get("Action", []))
        ):
            continue
        sid = statement.get("Sid", "a statement")
        without_condition = {key: value for key, value in statement.items() if key != "Condition"}
        if applies(without_condition, action, resource, context):
            return f"{sid} allows it only under the condition {statement['Condition']}"
        nearest = f"{sid} allows it only on {', '.join(map(str, as_list(statement.get('Resource', []))))}"
    return f"role {role.name}: {nearest}"


def _denying(policy: Policy, role: Role, action: str, resource: str, context: Context) -> str:
    for statement in as_list(_for_principal(policy, role, delegated=False)["Statement"]):
        if statement["Effect"] == "Deny" and applies(statement, action, resource, context):
            return f" (statement {statement.get('Sid', 'without a name')})"
    return ""


def _for_principal(policy: Policy, role: Role, *, delegated: bool) -> Policy:
    """The statements of a resource's policy that speak of a role, or of its account as a whole (`delegated`)."""
    account = role.arn.split(":")[4]
    whole_account = {account, f"arn:aws:iam::{account}:root"}
    kept = []
    for statement in as_list(policy["Statement"]):
        if "NotPrincipal" in statement:
            raise NotImplementedError("NotPrincipal")
        named = set(as_list(_principals(statement).get("AWS", [])))
        is_named = bool(named & {"*", role.arn})
        is_account = bool(named & whole_account)
        if (is_account and not is_named) if delegated else (is_named or (is_account and statement["Effect"] == "Deny")):
            # A key's own policy means the key when it says `*`.
            kept.append({key: value for key, value in statement.items() if key != "Principal"})
    return {"Statement": kept}


def _principals(statement: Policy) -> Policy:
    principal = statement.get("Principal", {})
    return {"AWS": "*"} if principal == "*" else principal
