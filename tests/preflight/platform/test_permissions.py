"""Policies are evaluated as AWS documents it; what is not understood is not allowed."""

from typing import Any

import pytest

from infra.account.emulated import EmulatedAccount
from infra.policies.iam.evaluation import decide
from infra.preflight.platform.permissions import Judgement, Permissions, ResourcePolicy
from infra.preflight.platform.roles import Policy, Role

_ACCOUNT = "123456789012"
_ROLE = f"arn:aws:iam::{_ACCOUNT}:role/r"
_BUCKET = "arn:aws:s3:::b"
_KEY = f"arn:aws:kms:us-east-1:{_ACCOUNT}:key/k"


def _policy(*statements: dict[str, Any]) -> Policy:
    return {"Statement": list(statements)}


def _says(effect: str, principal: Any = None, action: str = "s3:GetObject", **more: Any) -> dict[str, Any]:
    statement = {"Effect": effect, "Action": action, "Resource": "*", **more}
    return statement | ({"Principal": principal} if principal else {})


_YES, _NO = _says("Allow"), _says("Deny")
_ROOT = {"AWS": f"arn:aws:iam::{_ACCOUNT}:root"}


def _judge(
    account: EmulatedAccount,
    own: Policy | None = None,
    boundary: Policy | None = None,
    *others: ResourcePolicy,
    action: str = "s3:GetObject",
) -> Judgement:
    role = Role(_ROLE, "AROA", (own,) if own else (), boundary, {"Statement": []})
    return Permissions(account).judge(role, action, f"{_BUCKET}/k", {}, others)


def _bucket(*statements: dict[str, Any]) -> ResourcePolicy:
    return ResourcePolicy(_BUCKET, _policy(*statements))


def _key(*statements: dict[str, Any]) -> ResourcePolicy:
    return ResourcePolicy(_KEY, _policy(*statements), "gate")


def _endpoint(*statements: dict[str, Any]) -> ResourcePolicy:
    return ResourcePolicy("vpce-1", _policy(*statements), "gate")


@pytest.mark.parametrize(
    ("own", "boundary", "others", "allowed"),
    [
        (None, None, (), False),
        (_policy(_YES), None, (), True),
        (_policy(_YES, _NO), None, (), False),
        (_policy(_YES), _policy(), (), False),
        (_policy(_YES), _policy(_YES), (), True),
        (_policy(_YES), _policy(_YES, _NO), (), False),
        # A bucket's policy may allow the role by itself, but an account as a whole only lets IAM decide.
        (None, None, (_bucket(_says("Allow", {"AWS": _ROLE})),), True),
        (None, None, (_bucket(_says("Allow", _ROOT)),), False),
        (_policy(_YES), None, (_bucket(_says("Deny", "*")),), False),
        (_policy(_YES), None, (_bucket(_says("Deny", _ROOT)),), False),
        (_policy(_YES), None, (_bucket(_says("Deny", {"AWS": f"{_ROLE}-other"})),), True),
        # A key must let the role in, or let IAM decide.
        (_policy(_YES), None, (_key(),), False),
        (_policy(_YES), None, (_key(_says("Allow", _ROOT)),), True),
        (None, None, (_key(_says("Allow", _ROOT)),), False),
        (None, None, (_key(_says("Allow", {"AWS": _ROLE})),), True),
        (_policy(_YES), None, (_key(_says("Allow", {"AWS": "arn:aws:iam::999999999999:root"})),), False),
        # An endpoint lets through what IAM allows, and gives nothing.
        (_policy(_YES), None, (_endpoint(_says("Allow", "*")),), True),
        (None, None, (_endpoint(_says("Allow", "*")),), False),
        (_policy(_YES), None, (_endpoint(_says("Allow", "*", action="s3:PutObject")),), False),
        # What cannot be evaluated is not allowed.
        (_policy(_YES), None, (_bucket({**_NO, "NotPrincipal": "*"}),), False),
        (_policy(_says("Allow", Condition={"DateLessThan": {"aws:CurrentTime": "2030-01-01"}})), None, (), False),
    ],
)
def test_judgements(
    account: EmulatedAccount,
    own: Policy | None,
    boundary: Policy | None,
    others: tuple[ResourcePolicy, ...],
    allowed: bool,
) -> None:
    judgement = _judge(account, own, boundary, *others)
    assert judgement.allowed is allowed, judgement
    assert allowed or (judgement.reason and judgement.blame)


def test_the_reason_names_what_comes_nearest(account: EmulatedAccount) -> None:
    elsewhere = _policy({**_YES, "Resource": f"{_BUCKET}/other/*", "Sid": "Models"})
    assert "Models allows it only on arn:aws:s3:::b/other/*" in _judge(account, elsewhere).reason
    condition = {"StringEquals": {"aws:SourceVpce": "vpce-9"}}
    conditional = _policy({**_YES, "Sid": "FromHere", "Condition": condition})
    assert "FromHere allows it only under the condition" in _judge(account, conditional).reason
    assert "no policy of it allows the action" in _judge(account, elsewhere, action="s3:PutObject").reason


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        ({"StringEqualsIgnoreCase": {"k": "A"}}, {"k": "a"}, True),
        ({"StringNotLike": {"k": "a*"}}, {"k": "ab"}, False),
        ({"StringNotLike": {"k": "a*"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "a"}}, {"k": "b"}, False),
        ({"NumericGreaterThan": {"k": "5"}}, {"k": "6"}, True),
        ({"IpAddress": {"k": ["10.0.0.0/8", "192.0.2.0/24"]}}, {"k": "192.0.2.7"}, True),
        ({"NotIpAddress": {"k": "10.0.0.0/8"}}, {"k": "10.1.1.1"}, False),
        ({"Bool": {"k": True}}, {"k": "true"}, True),
        ({"Null": {"k": "true"}}, {}, True),
        ({"ForAllValues:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, False),
        ({"ForAnyValue:StringEquals": {"k": ["a", "b"]}}, {"k": ["a", "c"]}, True),
    ],
)
def test_condition_operators(condition: dict[str, Any], given: dict[str, Any], holds: bool) -> None:
    policy = _policy(_says("Allow", Condition=condition))
    assert (decide([policy], "s3:GetObject", _BUCKET, given) == "allowed") is holds


def test_not_action() -> None:
    policy = _policy({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"})
    assert decide([policy], "s3:GetObject", _BUCKET) == "allowed"
    assert decide([policy], "iam:PassRole", _BUCKET) == "not allowed"
