"""Examining an environment's account: everything that no plan of it shows."""

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from infra.account.clients import client
from infra.account.selection import Account
from infra.console import Step, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, open_books
from infra.release.drift.containers import containers
from infra.release.drift.expiry import expiring
from infra.release.drift.finding import DriftFinding, DriftReport, Failure, Rule, in_order
from infra.release.drift.owned import read_owned
from infra.release.drift.parts import parents_in, parts
from infra.release.drift.place import Platform
from infra.release.drift.reader import Reader
from infra.release.drift.recorded import recorded
from infra.release.drift.refresh import refreshed
from infra.release.drift.seen import Seen
from infra.release.drift.strangers import strangers
from infra.release.drift.unowned import findings_of, unowned
from infra.release.remote_state import STATE_KEY
from infra.release.settled import require_nothing_open
from infra.terraform.session import find_tools, open_session

# How long before its end something is told, unless a person says otherwise.
DAYS: Final = 30


def examine(environment: Environment, account: Account, now: datetime, days: int = DAYS) -> DriftReport:
    """Examine an environment. What cannot be examined is in the report too; the rest is examined nevertheless.

    Args:
        environment: to be examined.
        account: its account.
        now: the time.
        days: how long before its end something is told.

    Returns:
        What was found.

    Raises:
        InfraError: ledger or states cannot be read, or something is applied meanwhile: nothing can be said then.
    """
    require_nothing_open(environment, account)
    books = open_books(environment, account)
    before = books.state.version()
    owned = read_owned(books.state)
    reader = Reader(lambda service: client(account, environment.region, service))
    work = _Work()
    seen: list[Seen] = []

    work.part("what Terraform owns, read anew", lambda step: _refreshed(environment, account, books, step))
    platform = Platform(environment.name)
    work.part(
        "what has the platform's tags or names",
        lambda _: _listed(seen, strangers(reader, platform, environment.region, account.account_id)),
    )
    work.part("the parts of what Terraform owns", lambda _: _listed(seen, parts(reader, parents_in(owned), owned)))
    work.findings += findings_of(unowned(seen, owned), environment.name)
    work.part(
        "what runs, against state and ledger",
        lambda _: containers(reader, owned, recorded(books.ledger.entries()), environment.name),
    )
    work.part("what ends soon", lambda _: expiring(reader, owned, environment, now, days))
    _require_unchanged(environment, account, books, before)
    return DriftReport(
        environment.name,
        account.describe(),
        now.astimezone(UTC).isoformat(timespec="seconds"),
        tuple(work.parts),
        in_order(_once(work.findings)),
        tuple(work.failures),
    )


@dataclass
class _Work:
    parts: list[str] = field(default_factory=list)
    findings: list[DriftFinding] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def part(self, name: str, look: Callable[[Step], Iterable[DriftFinding]]) -> None:
        """Do a part of the examination; a failure of it is written down, and the others go on."""
        self.parts.append(name)
        try:
            with progress(name) as step:
                self.findings += look(step)
        except InfraError as error:
            self.failures.append(Failure(name, str(error)))


def _refreshed(environment: Environment, account: Account, books: Books, step: Step) -> list[DriftFinding]:
    with open_session(find_tools(), account.environment(os.environ)) as session:
        return refreshed(books.state.document(STATE_KEY) or {}, environment, session, step)


def _listed(seen: list[Seen], found: list[Seen]) -> Iterator[DriftFinding]:
    """What is listed is compared when all of it is there."""
    seen += found
    yield from ()


def _once(findings: list[DriftFinding]) -> list[DriftFinding]:
    """For Terraform a key that is to be deleted is gone; that it can still be saved is what counts."""
    ending = {each.address for each in findings if each.rule is Rule.EXPIRES and each.address}
    return [each for each in findings if each.rule is not Rule.GONE or each.address not in ending]


def _require_unchanged(environment: Environment, account: Account, books: Books, before: object) -> None:
    require_nothing_open(environment, account)
    if books.state.version() != before:
        raise InfraError(
            f"{environment.name} was changed while it was examined: what was found is of two states. Run it again."
        )
