"""Finding out what an interrupted change did, completing the state, and closing its entry in the ledger."""

import os
import time
from dataclasses import dataclass, replace

from infra.account.selection import Account
from infra.console import Step, note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, describe_open, here, now, open_books
from infra.release.ledger.entry import Entry, Kind, Outcome, Record
from infra.release.ledger.store import Tail
from infra.release.recovery import journalled, remaining, unsaved_state
from infra.release.recovery.account_lookup import lookup_in
from infra.release.recovery.completion import NOTHING_BROUGHT, Completed, Completion
from infra.release.recovery.journal import Journal
from infra.release.recovery.journalled import Journalled
from infra.terraform.runner import Terraform
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import open_stack

_PAUSE_SECONDS = 0.5
_LISTED = 10


@dataclass(frozen=True)
class Finding:
    """What recovering found.

    Args:
        closed: the entry that says so; None when there was nothing to recover.
        left: addresses of what is still to be done.
        completed: what was brought back into the state, and what could not be found out.
    """

    closed: Entry | None
    left: tuple[str, ...] = ()
    completed: Completed = NOTHING_BROUGHT


def recover(environment: Environment, account: Account, confirmed: int) -> Finding:
    """Find out what became of the entry whose outcome is unknown, and close it.

    Args:
        environment: whose.
        account: where.
        confirmed: number of an entry that was begun elsewhere, whose owner confirms that it is dead; 0 for none.

    Returns:
        What was found. A state that somebody wrote without this tooling is entered into the ledger.

    Raises:
        InfraError: it may still be under way, somebody else holds the lock, or the account does not answer. Then
            nothing was closed; run it again.
    """
    books, journal = open_books(environment, account), Journal.of(environment)
    tail = books.ledger.tail()
    if tail.open is None:
        return _settled(environment, account, books, tail)
    ours = journal.belongs_to(tail.open)
    if not ours and confirmed != tail.open.number:
        raise InfraError(
            f"{describe_open(environment, tail.open)}\nIt was not begun in this checkout, so nobody can see from here "
            "whether it still runs. Recover it where it was begun; or, if that is gone and its owner confirms that "
            f"it is dead: `make recover ENV={environment.name} ENTRY={tail.open.number}`."
        )
    if ours:
        _wait_for_terraform(journal)
    unsaved_state.keep(environment, account)
    with open_session(find_tools(), account.environment(os.environ)) as session:
        root = open_stack(environment, session)
        _free_lock(root, environment, books, tail.open)
        unsaved_state.push(root, environment)
        found = journalled.read(journal.lines()) if ours else Journalled()
        with progress("comparing state and account") as step:
            completion = Completion(root, environment, session, step)
            completed = completion.run(found, lookup_in(environment, account))
            if tail.open.record.kind is not Kind.DESTROY:
                completed = replace(completed, destroyed=completion.destroy_half_made())
            left = _left(root, environment, tail.open, completion, step)
    closing = _closing(environment, account, books, tail.open, _outcome(tail.open, found, left), left, completed)
    entry = books.ledger.append(closing)
    journal.end()
    return Finding(entry, left, completed)


def _settled(environment: Environment, account: Account, books: Books, tail: Tail) -> Finding:
    """Nothing is open; but a state may wait here, or have been written by something else."""
    if unsaved_state.waits(environment):
        with open_session(find_tools(), account.environment(os.environ)) as session:
            unsaved_state.push(open_stack(environment, session), environment)
    there = books.state.version()
    if there == (tail.state or there):
        _say_lock(environment, books)
        return Finding(None)
    return Finding(books.ledger.append(_taken_over(environment, account, books)))


def _wait_for_terraform(journal: Journal) -> None:
    """Terraform outlives a command that is killed, and then finishes what it was told to apply."""
    if not journal.running():
        return
    with progress("Terraform still runs and finishes by itself: waiting for it") as step:
        while journal.running():
            last = [line.get("@message", "") for line in journal.lines()][-1:]
            step.detail(" ".join(last))
            time.sleep(_PAUSE_SECONDS)


def _free_lock(root: Terraform, environment: Environment, books: Books, entry: Entry) -> None:
    lock = books.state.lock()
    if lock is None:
        return
    if not lock.is_of(entry):
        raise InfraError(
            f"The state of {environment.name} is locked by {lock}, which is not the interrupted {entry.record.kind}. "
            "Wait until it is done. Only if its owner confirms that it died: "
            f"`make unlock ENV={environment.name} ID={lock.lock_id}`, then recover again."
        )
    root.force_unlock(lock.lock_id)
    note(f"  freed the lock of the {entry.record.kind} that died ({lock})")


def _say_lock(environment: Environment, books: Books) -> None:
    lock = books.state.lock()
    if lock:
        note(
            f"  The state of {environment.name} is locked by {lock}. Only if its owner confirms that it died: "
            f"`make unlock ENV={environment.name} ID={lock.lock_id}`."
        )


def _left(
    root: Terraform, environment: Environment, entry: Entry, completion: Completion, step: Step
) -> tuple[str, ...]:
    """What is still to be done for what the entry began; the state has just been compared with the account."""
    if entry.record.kind is Kind.DESTROY:
        return tuple(root.state_list())
    if entry.record.note.startswith("destroys"):
        changed, planned = remaining.planned(root, environment, step, destroy=True)
    else:
        changed, planned = completion.left()
    if not changed:
        return ()
    return tuple(change["address"] for change in planned.changes) or ("outputs",)


def _outcome(entry: Entry, found: Journalled, left: tuple[str, ...]) -> Outcome:
    if not left or (found.planned and not found.planned & set(left) and entry.record.kind is not Kind.DESTROY):
        return Outcome.SUCCEEDED
    return Outcome.PARTIAL if found.finished or found.begun or not found.planned else Outcome.NOTHING


def _closing(  # noqa: PLR0917 - the facts of one entry
    environment: Environment,
    account: Account,
    books: Books,
    entry: Entry,
    outcome: Outcome,
    left: tuple[str, ...],
    completed: Completed,
) -> Record:
    written = now()
    said = [f"recovered the {entry.record.kind} of entry {entry.number}"]
    if completed.brought:
        said.append(f"brought back into the state: {_listed(completed.brought)}")
    if completed.destroyed:
        said.append(
            f"destroyed, since it was half made and in the way of its replacement: {_listed(completed.destroyed)}"
        )
    if completed.unclear:
        said.append(f"to be looked for by hand: {_listed(completed.unclear)}")
    if left:
        said.append(f"still to be done: {_listed(left)}")
    return replace(
        entry.record,
        kind=Kind.RECOVER,
        outcome=outcome,
        who=account.caller,
        where=here(),
        written=written,
        ended=written,
        state=books.state.version(),
        closes=entry.number,
        note="; ".join(said),
        details={
            **entry.record.details,
            "brought": list(completed.brought),
            "destroyed": list(completed.destroyed),
            "unclear": list(completed.unclear),
            "left": list(left),
        },
    )


def _taken_over(environment: Environment, account: Account, books: Books) -> Record:
    """The entry for a state that something else wrote."""
    return Record(
        kind=Kind.RECOVER,
        environment=environment.name,
        outcome=Outcome.SUCCEEDED,
        who=account.caller,
        where=here(),
        written=now(),
        started=now(),
        ended=now(),
        state=books.state.version(),
        note="the state was written without this tooling; entered as it was found",
    )


def _listed(names: tuple[str, ...]) -> str:
    rest = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {rest} more" if rest > 0 else "")
