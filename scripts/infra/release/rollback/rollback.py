"""Rolling back: what ran before, as a commit, a plan, a review, and an apply; each timed."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from infra.account.selection import Account
from infra.console import say
from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.release.apply import apply_saved_plan, confirm
from infra.release.books import open_books
from infra.release.finish import finish, left_behind
from infra.release.ledger.entry import Kind
from infra.release.records import Purpose
from infra.release.rollback.configuration import alike, require_clean, take_back
from infra.release.rollback.phases import Phases
from infra.release.rollback.refusals import require_nothing_lost, require_schema
from infra.release.rollback.target import WENT_TO, Target, choose
from infra.release.settled import require_nothing_open
from infra.review.gate import Decision, Verdict
from infra.review.model import Review
from infra.review.permission import exit_code, gates_hold, verdict_on
from infra.review.reports.text import line
from infra.review.saved_review import Checks
from infra.reviewed_plan import make_reviewed_plan
from infra.terraform.saved_plan import PlanFiles, PlanRecord

# Prints a review for a person, in its short form.
Show = Callable[[Review, Verdict], None]
_REASON_LENGTH = 300


@dataclass(frozen=True)
class Wish:
    """What a person asked for.

    Args:
        entry: number of the entry to go back to; 0 for what ran before.
        reason: why it cannot wait; "" takes the way of any change.
        yes: whether the question is answered already.
        confirmation: the CONFIRM variable.
    """

    entry: int
    reason: str
    yes: bool
    confirmation: str


def roll_back(environment: Environment, account: Account, wish: Wish, checks: Checks, show: Show) -> Phases:
    """Bring back what ran before.

    Args:
        environment: what to roll back; the caller holds it.
        account: where.
        wish: what was asked for.
        checks: all checks over a plan; asked once more where the gates hold.
        show: prints the review.

    Returns:
        What took how long.

    Raises:
        InfraError: there is nothing to go back to, it would lose data, or somebody must agree first (exit code 3).
            Nothing was changed then but the branch that is checked out. Or the apply failed (`apply_saved_plan`).
    """
    phases = Phases()
    with phases.phase("looking up what ran before"):
        require_clean()
        require_nothing_open(environment, account)
        entries = open_books(environment, account).ledger.entries()
        target = choose(entries, wish.entry, environment.name, partial(alike, environment.name))
    _tell(target)
    if account.emulated:
        say("The schema is not looked at: an emulated account runs nothing.")
    else:
        say(require_schema(target, entries, environment.name, wish.confirmation))
    branch = take_back(
        environment.name, target.record.commit, _branch(environment, target), _message(environment, target, wish)
    )
    if branch:
        say(f"Checked out {branch}: the configuration of commit {target.record.commit[:12]} as a new commit.")
    environment = load_environment(environment.name)
    with phases.phase("planning and reviewing"):
        # Without the state's lock, as in deploy.
        judged, record = make_reviewed_plan(environment, account, lock=False)
        verdict = verdict_on(judged, record, environment, account, now=datetime.now(UTC), emergency=wish.reason)
    show(judged, verdict)
    if not record.has_changes and left_behind(entries):
        with phases.phase("following"):
            _finish(environment, account, record, target, wish)
        return phases
    if not record.has_changes:
        raise InfraError(
            f"{environment.name} is already what it was at entry {target.entry.number}: there is nothing to apply. "
            "If it does not work all the same, the cause is not in what was deployed: docs/runbook.md."
        )
    require_nothing_lost(judged)
    _require_allowed(environment, account, verdict, target, wish)
    confirm(f"Roll {environment.name} back to entry {target.entry.number}?", environment.name, wish.yes)
    with phases.phase("applying and following"):
        apply_saved_plan(environment, account, record, checks, purpose=_purpose(target, wish))
    return phases


def _finish(environment: Environment, account: Account, record: PlanRecord, target: Target, wish: Wish) -> None:
    document = json.loads(PlanFiles(environment.build).document.read_bytes())
    finish(environment, account, record, document, set(target.record.images.values()), _purpose(target, wish))


def _tell(target: Target) -> None:
    entry, current = target.entry, target.current
    say(
        f"Back from entry {current.number} ({current.record.kind}, {current.record.outcome}) to entry {entry.number}: "
        f"the {entry.record.kind} of {entry.record.started[:19].replace('T', ' ')} UTC by {line(entry.record.who)}, "
        f"commit {entry.record.commit[:12]}, {'verified then' if target.verified else 'not verified then'}.",
        style="bold",
    )
    for name, (runs, ran) in target.images.items():
        say(f"  {name}: {_short(runs)} -> {_short(ran)}")


def _short(image: str) -> str:
    return image.rpartition("@")[2][:19] or "none"


def _branch(environment: Environment, target: Target) -> str:
    return f"rollback/{environment.name}-from-{target.current.number}-to-{target.entry.number}"


def _message(environment: Environment, target: Target, wish: Wish) -> str:
    subject = f"Roll {environment.name} back to entry {target.entry.number} of its ledger"
    body = f"The configuration of commit {target.record.commit}, instead of that of entry {target.current.number}."
    return f"{subject}\n\n{body}" + (f"\n\nReason: {wish.reason}" if wish.reason else "")


def _purpose(target: Target, wish: Wish) -> Purpose:
    said = f"from entry {target.current.number} to entry {target.entry.number}"
    return Purpose(
        kind=Kind.ROLLBACK,
        note=f"{said}; {line(wish.reason, _REASON_LENGTH)}" if wish.reason else said,
        details={WENT_TO: target.entry.number, "came_from": target.current.number, "reason": wish.reason},
        emergency=wish.reason,
    )


def _require_allowed(environment: Environment, account: Account, verdict: Verdict, target: Target, wish: Wish) -> None:
    if not gates_hold(account.kind) or verdict.decision is Decision.ALLOWED:
        return
    again = f"make rollback ENV={environment.name} TO={target.entry.number}" + (" REASON='...'" if wish.reason else "")
    hint = (
        "" if wish.reason else "\nIf it cannot wait: REASON='why' takes the emergency path, where gates.yaml has one."
    )
    raise InfraError(
        f"The rollback of {environment.name} {'waits' if verdict.decision is Decision.WAITS else 'is forbidden'}; "
        "nothing was changed but the branch that is checked out here.\n"
        + "\n".join(f"  - {line(reason, 600)}" for reason in verdict.reasons)
        + f"\nPush this branch; whoever approves it checks it out, plans (`make plan ENV={environment.name}`) and runs "
        f"`make approve`. Then `{again}` here goes on.{hint}",
        exit_code=exit_code(verdict),
    )
