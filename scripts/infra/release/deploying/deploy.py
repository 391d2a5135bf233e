"""Deploying images: into images.tfvars first, then as a plan that is reviewed and applied like any other.

Where the gates hold, the change has to be committed and approved by others, so the command stops there and says what
comes next; the same command goes on afterwards, from whatever it finds.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.account.selection import Account
from infra.console import say
from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.release.apply import apply_saved_plan, confirm
from infra.release.deploying.beyond_images import beyond_images
from infra.release.deploying.images_file import read_images, write_images
from infra.release.finish import finish, left_behind
from infra.release.ledger.entry import Entry, Kind
from infra.release.records import Purpose
from infra.release.tasks.migration_outlook import migration_outlook
from infra.release.tasks.schema import PROGRAM
from infra.repository import revision
from infra.review.gate import Decision, Verdict
from infra.review.model import Review
from infra.review.permission import exit_code, gates_hold, verdict_on
from infra.review.reports.text import line
from infra.review.saved_review import Checks
from infra.reviewed_plan import make_reviewed_plan
from infra.terraform.plan_json import Plan
from infra.terraform.saved_plan import PlanFiles, PlanRecord

# Prints a review for a person, in its short form.
Show = Callable[[Review, Verdict], None]

WAITS = 3
# What CONFIRM has to be for a plan that does more than run other images.
MORE = "more-than-images"
_SHOWN = 15
_REASON_LENGTH = 600


@dataclass(frozen=True)
class Wish:
    """What is going to be deployed.

    Args:
        images: program -> repository and digest.
        entries: the environment's ledger, the oldest first.
        command: that goes on with it, as a person types it.
        note: what the ledger says about it.
        details: facts that the ledger holds about it.
        yes: whether the question is answered already.
        confirmation: the CONFIRM variable; several words with commas between.
        look: looks at the plan before it is applied, and refuses it by raising InfraError.
    """

    images: Mapping[str, str]
    entries: Sequence[Entry]
    command: str
    note: str
    details: Mapping[str, object]
    yes: bool
    confirmation: str
    look: Callable[[Environment, Plan], None] = lambda _, __: None


def deploy(environment: Environment, account: Account, wish: Wish, checks: Checks, show: Show) -> bool:
    """Deploy images.

    Args:
        environment: where; the caller holds it, and nothing of it is open.
        account: its own.
        wish: what to deploy.
        checks: all checks over a plan; asked once more where the gates hold.
        show: prints the review.

    Returns:
        False when there was nothing to do.

    Raises:
        InfraError: it waits for a commit or for somebody's approval (exit code 3), its plan does more than that, or
            the apply failed.
    """
    _tell(environment, account, wish)
    if write_images(environment, wish.images):
        say(f"Wrote environments/{environment.name}/images.tfvars.")
    _require_commit(environment, account, wish)
    environment = load_environment(environment.name)
    # Without the state's lock, as every plan inside a release (decision 9): it would outlive a kill, and as long as
    # nothing is begun, nobody can tell that its owner is dead.
    judged, record = make_reviewed_plan(environment, account, lock=False)
    verdict = verdict_on(judged, record, environment, account, now=datetime.now(UTC))
    show(judged, verdict)
    if not record.has_changes:
        return left_behind(wish.entries) and _finish(environment, account, record, wish)
    plan = Plan.from_json(PlanFiles(environment.build).document.read_bytes())
    wish.look(environment, plan)
    _require_nothing_more(environment, plan, wish)
    _require_allowed(environment, account, verdict, wish)
    confirm(f"Deploy {', '.join(wish.images)} to {environment.name}?", environment.name, wish.yes)
    apply_saved_plan(environment, account, record, checks, purpose=_purpose(wish))
    return True


def _finish(environment: Environment, account: Account, record: PlanRecord, wish: Wish) -> bool:
    document = json.loads(PlanFiles(environment.build).document.read_bytes())
    finish(environment, account, record, document, set(wish.images.values()), _purpose(wish))
    return True


def _purpose(wish: Wish) -> Purpose:
    return Purpose(kind=Kind.DEPLOY, note=wish.note, details={"deploys": dict(wish.images), **wish.details})


def _tell(environment: Environment, account: Account, wish: Wish) -> None:
    """What is going to change, and whether it can be undone, before anything is written."""
    there = read_images(environment)
    for program, reference in wish.images.items():
        was = there.get(program, "")
        change = "stays" if was == reference else f"was {short(was)}"
        say(f"{program}: {short(reference)} ({change})", style="bold")
    if PROGRAM not in wish.images:
        return
    if account.emulated:
        say("The schema is not looked at: an emulated account runs nothing.")
        return
    say(migration_outlook(environment, account, wish.images[PROGRAM], wish.entries).told, style="yellow")


def _require_commit(environment: Environment, account: Account, wish: Wish) -> None:
    """Where the gates hold, a plan is approved for a commit."""
    if not gates_hold(account.kind) or revision().clean:
        return
    name = environment.name
    raise InfraError(
        f"The change is in environments/{name}/images.tfvars and nothing was deployed yet: it is reviewed and approved "
        "as any change is.\n"
        f"  git add environments/{name}/images.tfvars && git commit -m '{wish.note or 'Deploy'} to {name}'\n"
        "  push it and open a pull request: its plan is reviewed, approved and delivered there; or, by hand:\n"
        f"  make plan ENV={name}      (whoever approves it does the same, then `make approve`)\n"
        f"  {wish.command}      goes on from here",
        exit_code=WAITS,
    )


def _require_nothing_more(environment: Environment, plan: Plan, wish: Wish) -> None:
    more = beyond_images(plan, set(wish.images.values()), again=left_behind(wish.entries))
    if not more or MORE in wish.confirmation.split(","):
        return
    left = [f"  … and {len(more) - _SHOWN} more"] if len(more) > _SHOWN else []
    raise InfraError(
        f"The plan of {environment.name} does more than run {', '.join(wish.images)}; nothing was changed:\n"
        + "\n".join([*(f"  - {line(each, _REASON_LENGTH)}" for each in more[:_SHOWN]), *left])
        + f"\nDo that first, as a change of its own (`make plan ENV={environment.name}`, `make apply`), or say that it "
        f"is wanted with it: `{wish.command} CONFIRM={MORE}`."
    )


def _require_allowed(environment: Environment, account: Account, verdict: Verdict, wish: Wish) -> None:
    if not gates_hold(account.kind) or verdict.decision is Decision.ALLOWED:
        return
    waits = verdict.decision is Decision.WAITS
    raise InfraError(
        f"The deploy to {environment.name} {'waits' if waits else 'is forbidden'}; nothing was changed.\n"
        + "\n".join(f"  - {line(reason, _REASON_LENGTH)}" for reason in verdict.reasons)
        + (
            f"\nWhoever approves it checks out this commit, plans (`make plan ENV={environment.name}`) and runs "
            f"`make approve`. Then `{wish.command}` goes on."
            if waits
            else ""
        ),
        exit_code=exit_code(verdict),
    )


def short(reference: str) -> str:
    """An image for a person.

    Args:
        reference: repository and digest.

    Returns:
        As in "mlflow@sha256:8693d7e7074e".
    """
    repository, _, digest = reference.partition("@")
    return f"{repository.rpartition('/')[2]}@{digest[:19]}" if digest else "none"
