"""Credentials of the tasks: each role assumed in the account, and who got which key."""

import asyncio
import threading
from dataclasses import dataclass
from datetime import datetime

from infra.account.emulated import EmulatedAccount

_SECONDS = 6 * 3600  # as ECS hands them out


@dataclass(frozen=True)
class Session:
    """An assumed role.

    Args:
        task_id: the task that got it.
        role_arn: the role.
        arn: of the session, as error messages name the caller.
        access_key_id: key id.
        secret_access_key: key.
        token: session token.
        expires: when it ends.
    """

    task_id: str
    role_arn: str
    arn: str
    access_key_id: str
    secret_access_key: str
    token: str
    expires: datetime


class Sessions:
    """The sessions of one run.

    Args:
        account: where roles are assumed.
    """

    def __init__(self, account: EmulatedAccount) -> None:
        self._account = account
        self._lock = threading.Lock()
        self._by_key: dict[str, Session] = {}
        self._by_task: dict[str, Session] = {}

    def assume(self, task_id: str, role_arn: str) -> Session:
        """A task's session of its role, made when it is first asked for."""
        with self._lock:
            if task_id not in self._by_task:
                answer = self._account.client("sts").assume_role(
                    RoleArn=role_arn, RoleSessionName=task_id, DurationSeconds=_SECONDS
                )
                given = answer["Credentials"]
                session = Session(
                    task_id,
                    role_arn,
                    answer["AssumedRoleUser"]["Arn"],
                    given["AccessKeyId"],
                    given["SecretAccessKey"],
                    given["SessionToken"],
                    given["Expiration"],
                )
                self._by_task[task_id] = self._by_key[session.access_key_id] = session
            return self._by_task[task_id]

    async def of_task(self, task_id: str, role_arn: str) -> Session:
        """As `assume`, without holding up the loop."""
        return await asyncio.to_thread(self.assume, task_id, role_arn)

    def of_key(self, access_key_id: str) -> Session | None:
        """Whose key this is."""
        return self._by_key.get(access_key_id)
