"""Roles as applied: what they may do, and who may take them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from infra.account.emulated import EmulatedAccount

Policy = Mapping[str, Any]


@dataclass(frozen=True)
class Role:
    """A role as applied.

    Args:
        arn: its ARN.
        unique_id: its id, AROA...
        policies: inline and attached.
        boundary: permissions boundary, if it has one.
        trust: who may take it.
        tags: of the role.
    """

    arn: str
    unique_id: str
    policies: tuple[Policy, ...]
    boundary: Policy | None
    trust: Policy
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name."""
        return self.arn.rpartition("/")[2]


def read_role(account: EmulatedAccount, arn: str) -> Role | None:
    """A role with all of its policies.

    Args:
        account: where it is.
        arn: its ARN.

    Returns:
        The role, or None when there is no such role.
    """
    iam, name = account.client("iam"), arn.rpartition("/")[2]
    try:
        found = iam.get_role(RoleName=name)["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] == "NoSuchEntity":
            return None
        raise
    inline = [
        iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        for page in iam.get_paginator("list_role_policies").paginate(RoleName=name)
        for policy in page["PolicyNames"]
    ]
    attached = [
        _managed(account, policy["PolicyArn"])
        for page in iam.get_paginator("list_attached_role_policies").paginate(RoleName=name)
        for policy in page["AttachedPolicies"]
    ]
    boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn")
    return Role(
        arn=found["Arn"],
        unique_id=found["RoleId"],
        policies=(*inline, *attached),
        boundary=_managed(account, boundary) if boundary else None,
        trust=found["AssumeRolePolicyDocument"],
        tags={tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
    )


def _managed(account: EmulatedAccount, arn: str) -> Policy:
    iam = account.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document: Policy = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return document
