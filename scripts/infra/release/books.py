"""The two things in the state bucket that every release command asks: the ledger, and the state itself."""

import getpass
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.account.clients import client
from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.ledger.entry import Entry
from infra.release.ledger.store import LedgerStore, Tail
from infra.release.remote_state import RemoteState
from infra.review.approval_store import state_bucket


@dataclass(frozen=True)
class Books:
    """Ledger and state of an environment.

    Args:
        ledger: what was done.
        state: what Terraform knows.
    """

    ledger: LedgerStore
    state: RemoteState


def open_books(environment: Environment, account: Account) -> Books:
    """Ledger and state of an environment, with the credentials of this process.

    Args:
        environment: whose.
        account: the environment's own.

    Returns:
        Both.

    Raises:
        InfraError: backend.hcl names no bucket.
    """
    s3, bucket = client(account, environment.region, "s3"), state_bucket(environment)
    return Books(
        LedgerStore(s3, bucket, account.account_id, environment.name), RemoteState(s3, bucket, account.account_id)
    )


def require_settled(environment: Environment, tail: Tail) -> None:
    """Refuse to begin anything while the outcome of something earlier is unknown; a condition of `append`.

    Args:
        environment: whose ledger.
        tail: where it ends.

    Raises:
        InfraError: says what is open, since when and whose, and what to do.
    """
    if tail.open:
        raise InfraError(describe_open(environment, tail.open))


def describe_open(environment: Environment, entry: Entry) -> str:
    """What a person is told about an entry whose outcome is unknown.

    Args:
        environment: whose ledger.
        entry: the entry.

    Returns:
        Two sentences.
    """
    record = entry.record
    return (
        f"The outcome of the {record.kind} of {environment.name} that {record.who} began at {record.started[:19]} UTC "
        f"({record.where}, entry {entry.number} of the ledger) is unknown: it is under way, or it was interrupted. "
        f"If it is not under way any more: `make recover ENV={environment.name}` finds out what it did."
    )


def here() -> str:
    """Who and where this process is, as an entry says it.

    Returns:
        As in "ada@laptop (process 123)"; the part before the space is what Terraform writes into its lock.
    """
    return f"{user_and_machine()} (process {os.getpid()})"


def user_and_machine() -> str:
    """As Terraform names them in its lock.

    Returns:
        As in "ada@laptop".
    """
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def now() -> str:
    """The time of an entry.

    Returns:
        UTC, ISO 8601, with microseconds.
    """
    return datetime.now(UTC).isoformat(timespec="microseconds")
