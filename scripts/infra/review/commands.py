"""The commands review, gate and approve; `register` puts them below `infra`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from infra.account.selection import Account, announce
from infra.console import say
from infra.environment import Environment, load_environment
from infra.errors import InfraError
from infra.lock import exclusive
from infra.release import apply as release
from infra.review.approval import Makers
from infra.review.approval_store import Caller
from infra.review.gate import Decision, Verdict
from infra.review.gates import Gates
from infra.review.github import GitHub
from infra.review.history import written_by
from infra.review.model import Review
from infra.review.permission import REASON_LENGTH, Delivery, approval_store, exit_code, gates_hold, gates_of, verdict_on
from infra.review.reports.text import line
from infra.review.saved_review import Checks, review_saved_plan
from infra.terraform.saved_plan import PlanRecord, last_planned

_WORDS = {Decision.ALLOWED: "may be applied", Decision.WAITS: "waits", Decision.FORBIDDEN: "is forbidden"}
_STYLES = {Decision.ALLOWED: "bold green", Decision.WAITS: "bold yellow", Decision.FORBIDDEN: "bold red"}

# Prints a review for a person.
Show = Callable[[Review, Verdict], None]


def say_where_gates_hold(account: Account) -> None:
    """Print, below a verdict, when it stops nobody.

    Args:
        account: that the plan was made for.

    Raises:
        InfraError: GATES is not understood.
    """
    if not gates_hold(account.kind):
        say("That is what AWS would say. This account is emulated: `make apply` does not ask the gate.")


def plan_exit_code(verdict: Verdict, account: Account) -> int:
    """What `make plan` ends with once the plan was made and judged.

    Args:
        verdict: on the plan.
        account: it was made for.

    Returns:
        1 when the plan is forbidden where the gates hold, else 0.
    """
    return int(verdict.decision is Decision.FORBIDDEN and gates_hold(account.kind))


def register(commands: click.Group, checks: Checks, show: Show) -> None:
    """Add the commands.

    Args:
        commands: the group `infra`.
        checks: all checks over a plan.
        show: prints a review.
    """
    environment_option = click.option(
        "--env", "name", envvar="ENV", default="", help="Environment; the Makefile's ENV."
    )

    @commands.command()
    @environment_option
    def review(name: str) -> None:
        """Show the review of the saved plan (of ENV, or of the environment planned last)."""
        with saved_plan_reviewed(name, "review", checks) as (environment, account, judged, record):
            verdict = verdict_on(judged, record, environment, account, now=datetime.now(UTC))
            show(judged, verdict)
            say_where_gates_hold(account)

    @commands.command()
    @environment_option
    @click.option(
        "--pull-request", "number", envvar="PULL_REQUEST", type=click.IntRange(min=1), help="Read its reviews."
    )
    @click.option("--base", envvar="BASE", default="", help="Commit before it, whose gates hold.")
    def gate(name: str, number: int | None, base: str) -> None:
        """Say whether the saved plan may be applied: 0 allowed, 3 waits, 1 forbidden or could not be judged."""
        delivery = _delivery(number, base)
        with saved_plan_reviewed(name, "gate", checks) as (environment, account, judged, record):
            verdict = verdict_on(judged, record, environment, account, now=datetime.now(UTC), delivery=delivery)
            for reason in verdict.reasons:
                say(f"  - {line(reason, REASON_LENGTH)}")
            say(f"The plan of {environment.name} {_WORDS[verdict.decision]}.", style=_STYLES[verdict.decision])
            say_where_gates_hold(account)
        sys.exit(exit_code(verdict))

    @commands.command()
    @environment_option
    @click.option("--yes", is_flag=True, envvar="YES", help="Do not ask; the Makefile's YES=1.")
    def approve(name: str, yes: bool) -> None:
        """Approve the saved plan, with your own AWS credentials."""
        with saved_plan_reviewed(name, "approve", checks) as (environment, account, judged, record):
            store = approval_store(environment, account)
            caller = store.caller()
            _require_approver(record, gates_of(environment), caller)
            show(judged, verdict_on(judged, record, environment, account, now=datetime.now(UTC)))
            release.confirm(f"Approve this plan of {environment.name} as {caller.arn}?", environment.name, yes)
            given = store.give(judged.provenance, caller)
            say(f"{'Approved' if given else 'You approved it before'}: {judged.provenance.digest} as {caller.arn}.")


@contextmanager
def saved_plan_reviewed(
    name: str, command: str, checks: Checks
) -> Iterator[tuple[Environment, Account, Review, PlanRecord]]:
    """The saved plan of an environment, reviewed anew, while nobody else here works on it.

    Args:
        name: of the environment; "" takes the one that was planned last.
        command: that needs it, for those who wait.
        checks: all checks over a plan.

    Yields:
        Environment, account of the plan, review and record.

    Raises:
        InfraError: there is no plan, its account is gone, or it cannot be reviewed.
    """
    environment = load_environment(name or last_planned())
    with exclusive(environment, f"infra {command} --env {environment.name}"):
        account = release.planned_account(environment, release.load_saved_plan(environment))
        announce(account)
        review, record = review_saved_plan(environment, account, checks)
        yield environment, account, review, record


def _delivery(number: int | None, base: str) -> Delivery | None:
    if number is None and not base:
        return None
    if number is None or not base:
        raise InfraError("A pull request is judged by its base's gates: say both, PULL_REQUEST and BASE, or neither.")
    github = GitHub.from_environment()
    return Delivery(github, github.pull_request(number), base)


def _require_approver(record: PlanRecord, gates: Gates, caller: Caller) -> None:
    """Say at once what the gate would say later."""
    person = next((each for each in gates.approvers if each.aws_user_id == caller.user_id), None)
    if not caller.user_id or person is None or person.aws_arn != caller.arn:
        raise InfraError(
            f"{caller.arn} (UserId {caller.user_id}) is no approver of {gates.environment}. Approvers are named in "
            f"environments/{gates.environment}/gates.yaml, on the branch that is delivered."
        )
    if not record.clean or not record.commit:
        raise InfraError(
            "The plan was not made from a clean commit: nobody could look up what was approved. Commit first."
        )
    # That the caller made this plan is no objection: approving takes a plan of one's own, whose digest is the same.
    if Makers(emails=written_by(record.commit)).include(person):
        raise InfraError(
            f"{person.name} wrote commit {record.commit[:12]}, and nobody approves their own change. Ask somebody else."
        )
