"""A change of an environment from the entry that begins it to the entry that says how it ended.

The first entry, outcome unknown, is written before Terraform starts, the second when the state is known again. Whatever
happens in between (Ctrl-C, kill -9, no network, no disk) leaves the first one open, and `make recover` closes it.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from infra.account.selection import Account
from infra.console import note, progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import Books, here, now, require_settled
from infra.release.connection import ConnectionWatch
from infra.release.ledger.entry import Entry, Kind, Outcome, Record
from infra.release.ledger.store import Tail
from infra.release.recovery import half_made, remaining, unsaved_state
from infra.release.recovery.journal import Journal
from infra.terraform.runner import Listener, Terraform, TerraformError
from infra.terraform.stack import explain_lock


class Run:
    """What is under way.

    Attributes:
        note: what the closing entry will say beside the outcome.
        details: facts that the closing entry will hold.
    """

    def __init__(self, environment: Environment, account: Account, books: Books, entry: Entry) -> None:
        self.note = ""
        self.details: Mapping[str, object] = {}
        self.entry = entry
        self.journal = Journal.of(environment)
        self._environment = environment
        self._account = account
        self._books = books
        self._lost = False
        self._root: Terraform | None = None

    def apply(self, root: Terraform, plan: Path, on_message: Listener) -> None:
        """Apply a saved plan so that a kill of this process does not stop it, and the loss of the account does.

        Args:
            root: the initialised root.
            plan: the plan file.
            on_message: called for every message of Terraform's.

        Raises:
            TerraformError: Terraform's reason.
        """
        self._root, watch = root, ConnectionWatch(self._account, self._environment.region)
        try:
            with watch:
                root.apply(plan, on_message, stop=watch.lost, journal=self.journal.path)
        finally:
            self._lost = watch.lost.is_set()

    def close(self, outcome: Outcome) -> None:
        """Write how it ended.

        Args:
            outcome: how.

        Raises:
            InfraError: the state or the ledger did not answer; the outcome stays unknown.
        """
        written, began = now(), self.entry.record
        closing = replace(
            began,
            outcome=outcome,
            written=written,
            ended=written,
            state=self._books.state.version(),
            closes=self.entry.number,
            note="; ".join(each for each in (began.note, self.note) if each),
            details={**began.details, **self.details},
        )
        self._books.ledger.append(closing)
        self.journal.end()

    def failed(self, error: TerraformError) -> InfraError:
        """Say and write what a failure of Terraform means; the same for apply and destroy.

        Args:
            error: Terraform's failure.

        Returns:
            What to raise.
        """
        name = self._environment.name
        kept = unsaved_state.keep(self._environment, self._account)
        if kept:
            under_way = ", ".join(each["address"] for each in error.diagnostics if each.get("address"))
            reason = f"The account stopped answering in mid-{self.entry.record.kind}. Under way then: {under_way}."
            # Terraform's own advice would be to push by hand and to unlock by force.
            told = "\n".join(f"Error: {summary}" for summary in _summaries(error))
            return InfraError(
                f"{reason if self._lost else told}\nThe state could not be saved either; what was made is recorded in "
                f"{kept}, and the ledger says 'outcome unknown'. When the account answers again: `make recover "
                f"ENV={name}`."
            )
        said, outcome = self._said(error)
        self.note = "; ".join(_summaries(error))
        if self._still_locked():
            return InfraError(f"{said}\n{self._how_to_go_on()}")
        try:
            stuck = self._half_made() if outcome is Outcome.FAILED else set()
            if stuck:
                return InfraError(
                    f"{said}\nHalf made, and in the way of what the next plan makes for it: "
                    f"{', '.join(sorted(stuck))}.\n{self._how_to_go_on()}"
                )
            self.close(outcome)
        except InfraError as unclosed:
            return InfraError(f"{said}\n{unclosed}\n{self._how_to_go_on()}")
        return said

    def say_unknown(self) -> None:
        """Tell whoever interrupted it what is known now: nothing."""
        unsaved_state.keep(self._environment, self._account)
        note(f"  The {self.entry.record.kind} did not finish. {self._how_to_go_on()}", style="yellow")

    def _said(self, error: TerraformError) -> tuple[InfraError, Outcome]:
        name = self._environment.name
        if error.mentions("saved plan is stale"):
            stale = InfraError(
                f"The saved plan is stale: the state of {name} changed after it was made, so something else was "
                f"applied meanwhile. Nothing was changed. Run `make plan ENV={name}` again and review it."
            )
            return stale, Outcome.NOTHING
        explained = explain_lock(error, self._environment)
        if explained is not error:
            return explained, Outcome.NOTHING
        after = f"\nThe state records what was done until then. Mend the cause, then `make plan ENV={name}`."
        return InfraError(f"{error}{after}"), Outcome.FAILED

    def _still_locked(self) -> bool:
        """Whether Terraform could not free the lock that it had taken itself."""
        try:
            lock = self._books.state.lock()
        except InfraError:
            return True
        return lock is not None and lock.is_of(self.entry)

    def _half_made(self) -> set[str]:
        """What the next plan cannot replace before recovering has destroyed it."""
        root = self._root
        if root is None or self.entry.record.kind is Kind.DESTROY:
            return set()
        with progress("looking at what is half made") as step:
            return half_made.found(root, lambda: remaining.planned(root, self._environment, step)[1])

    def _how_to_go_on(self) -> str:
        name = self._environment.name
        return (
            f"The ledger says 'outcome unknown' (entry {self.entry.number}); `make recover ENV={name}` finds out what "
            "was done, and nothing else is begun before."
        )


@contextmanager
def begun(environment: Environment, account: Account, books: Books, records: list[Record]) -> Iterator[Run]:
    """Begin a change in the ledger and end it there.

    Args:
        environment: what is changed.
        account: where.
        books: its ledger and state.
        records: what is to be written, the last one with outcome unknown; those before it are what it rests on.

    Yields:
        What is under way.

    Raises:
        InfraError: something else is under way, the state is not the one that the ledger knows, or the change failed.
    """

    def condition(tail: Tail) -> None:
        require_settled(environment, tail)
        require_known_state(environment, tail, books)

    condition(books.ledger.tail())  # before the journal of what is open, if it was begun here, is written over
    mark = Journal.of(environment).begin()
    for record in records:
        details = {**record.details, "run": mark} if record is records[-1] else record.details
        entry = books.ledger.append(replace(record, where=here(), written=now(), details=details), condition)
    run = Run(environment, account, books, entry)
    try:
        yield run
    except TerraformError as error:
        raise run.failed(error) from error
    except InfraError as error:
        run.note = run.note or str(error).partition("\n")[0]
        run.close(Outcome.FAILED)
        raise
    except BaseException:
        run.say_unknown()
        raise
    run.close(Outcome.SUCCEEDED)


def _summaries(error: TerraformError) -> list[str]:
    """What failed, each once; without details, which could hold values."""
    found = dict.fromkeys(str(each.get("summary", "")).partition("\n")[0] for each in error.diagnostics)
    return list(found) or [f"terraform {error.command} failed"]


def require_known_state(environment: Environment, tail: Tail, books: Books) -> None:
    """Refuse to build on a state that something else than this tooling wrote.

    Args:
        environment: whose.
        tail: where its ledger ends.
        books: its ledger and state.

    Raises:
        InfraError: the state is another one than the last writer left.
    """
    there = books.state.version()
    if tail.state and tail.state != there:
        raise InfraError(
            f"The state of {environment.name} ({there}) was written by something else than this tooling: the ledger "
            f"knows {tail.state}. Find out who and why; `make recover ENV={environment.name}` then enters it into the "
            "ledger."
        )
