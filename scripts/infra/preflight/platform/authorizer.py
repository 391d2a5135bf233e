"""Decides about calls of AWS APIs as AWS would, and keeps a record of each."""

import time
from collections.abc import Mapping

from infra.account.emulated import EmulatedAccount
from infra.preflight.platform.aws_calls import Need
from infra.preflight.platform.model import AwsCall
from infra.preflight.platform.permissions import ALLOWED, Judgement, Permissions, ResourcePolicy
from infra.preflight.platform.record import Record
from infra.preflight.platform.roles import Role
from infra.preflight.platform.ways_to_aws import WayToAws


class Authorizer:
    """Asks the applied policies.

    Args:
        account: whose policies.
        permissions: its roles.
        record: of the calls.
    """

    def __init__(self, account: EmulatedAccount, permissions: Permissions, record: Record) -> None:
        self._account, self._permissions, self._record = account, permissions, record

    def first_refused(
        self, role: Role, task_id: str | None, wanted: list[Need], way: WayToAws | None = None
    ) -> tuple[Need, Judgement] | None:
        """The first permission that is missing.

        Args:
            role: who calls.
            task_id: the task.
            wanted: what the call needs.
            way: how it reaches AWS; None: AWS itself calls.

        Returns:
            The permission and why it is missing; None when the call is allowed.
        """
        for need in wanted:
            judgement = self.judge(role, need, way)
            if not judgement.allowed:
                self._note(role, task_id, need, judgement, None)
                return need, judgement
        return None

    def judge(self, role: Role, need: Need, way: WayToAws | None) -> Judgement:
        """What AWS says to one permission; nothing is recorded."""
        others = list(need.others)
        is_own_call = not need.action.startswith("kms:") or ":key/" not in need.resource
        if way is not None and way.policy is not None and is_own_call:
            others.append(ResourcePolicy(way.endpoint, way.policy, "gate"))
        return self._permissions.judge(
            role, need.action, need.resource, {**self._context(role, way), **need.context}, others
        )

    def note_answered(self, role: Role, task_id: str | None, wanted: list[Need], status: int) -> None:
        """Record an allowed call with what the account answered; what it implied has no answer of its own."""
        for number, need in enumerate(wanted):
            self._note(role, task_id, need, ALLOWED, status if number == 0 else None)

    def _note(self, role: Role, task_id: str | None, need: Need, judgement: Judgement, status: int | None) -> None:
        self._record.called(
            AwsCall(
                time.time(),
                role.arn,
                need.action,
                need.resource,
                judgement.allowed,
                judgement.reason,
                judgement.blame,
                task_id,
                status,
            )
        )

    def _context(self, role: Role, way: WayToAws | None) -> dict[str, str | list[str]]:
        account = self._account
        context: dict[str, str | list[str]] = {
            "aws:SecureTransport": "true",
            "aws:PrincipalArn": role.arn,
            "aws:PrincipalAccount": account.account_id,
            "aws:PrincipalType": "AssumedRole",
            "aws:ResourceAccount": account.account_id,
            "aws:RequestedRegion": account.region,
            "aws:ViaAWSService": "false",
            **{f"aws:PrincipalTag/{name}": value for name, value in role.tags.items()},
        }
        if way is not None and way.endpoint:
            context["aws:SourceVpce"] = way.endpoint
        return context


def service_context(account: EmulatedAccount, cluster_arn: str) -> Mapping[str, str]:
    """What ECS says when it takes a role: for whom
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html)."""
    prefix = cluster_arn.partition(":cluster/")[0]
    return {"aws:SourceAccount": account.account_id, "aws:SourceArn": f"{prefix}:*"}
