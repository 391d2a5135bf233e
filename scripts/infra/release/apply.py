"""Applying exactly the saved plan, into the account that it was made for, with a record of it."""

import os
import sys

from infra.account.selection import Account, select_account
from infra.console import note, progress, say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.books import open_books
from infra.release.preconditions import (
    require_permission,
    require_same_fresh_plan,
    require_state,
    saved_document,
)
from infra.release.proof import require_empty_plan, require_health
from infra.release.records import ORDINARY, Purpose, records_of_apply
from infra.release.recovery import unsaved_state
from infra.release.run import Run, begun
from infra.release.tasks.task_release import TaskRelease
from infra.review.permission import Delivery
from infra.review.saved_review import Checks
from infra.terraform import saved_plan
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Listener, Message, Terraform
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import open_stack

_DONE = {"create": "created", "update": "updated", "delete": "destroyed", "replace": "replaced"}


def planned_account(environment: Environment, record: PlanRecord) -> Account:
    """The account that a saved plan was made for; never another, whatever credentials there are now.

    Args:
        environment: the environment.
        record: the saved plan's record.

    Returns:
        The account.

    Raises:
        InfraError: it is gone, or the credentials open another one.
    """
    account = select_account(environment, record.account_kind)
    if (account.account_id, account.instance) != (record.account_id, record.account_instance):
        raise InfraError(
            f"The saved plan was made for {record.account_kind} account {record.account_id}"
            + (", an emulated account that has ended since" if account.emulated else "")
            + f". Run `make plan ENV={environment.name}` again."
        )
    return account


def confirm(question: str, expected: str, yes: bool) -> None:
    """Ask a person before something is changed.

    Args:
        question: what is about to happen.
        expected: the word to type.
        yes: already answered with YES=1.

    Raises:
        InfraError: the answer was another, or nobody could be asked.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise InfraError(f"{question} There is no terminal to ask on: say YES=1 if that is wanted.")
    say(question, style="bold")
    try:
        answer = input(f"Type {expected!r} to go on: ")
    except EOFError:
        answer = ""
    if answer.strip() != expected:
        raise InfraError("Nothing was changed.")


def apply_saved_plan(  # noqa: PLR0917 - each has a name that callers use
    environment: Environment,
    account: Account,
    record: PlanRecord,
    checks: Checks,
    delivery: Delivery | None = None,
    purpose: Purpose = ORDINARY,
) -> None:
    """Apply the saved plan if everything still holds that it was reviewed with, and record how it ended.

    A schema is migrated before a new MLflow serves, and services are followed until they run what was applied.
    Afterwards an empty plan proves that the account is what the configuration says, and the front door is asked.

    Args:
        environment: what to apply.
        account: the account of the plan.
        record: the saved plan's record; the caller has held the plan file against it (`load_saved_plan`).
        checks: all checks over a plan; asked where the gates hold.
        delivery: the pull request, in a workflow run.
        purpose: why it is applied.

    Raises:
        InfraError: a precondition does not hold, and nothing was changed; or Terraform, the migration or a service
            failed, a plan made afterwards was not empty, or the front door does not answer.
    """
    unsaved_state.require_none(environment, account)
    files, books = PlanFiles(environment.build), open_books(environment, account)
    tools = find_tools()
    if tools.terraform.version != record.terraform_version:
        raise InfraError(
            f"The plan was made by Terraform {record.terraform_version}, here is {tools.terraform.version}: "
            f"Terraform refuses plans of another version. Run `make plan ENV={environment.name}` again."
        )
    with open_session(tools, account.environment(os.environ)) as session:
        root = open_stack(environment, session)
        document = saved_document(root, environment)
        verdict = require_permission(root, environment, account, record, checks, delivery, purpose.emergency)
        require_state(environment, record, books)
        require_same_fresh_plan(root, environment, document, destroy=record.destroy)
        plan = Plan(document)
        tasks = TaskRelease(environment, account, plan, books)
        records = list(records_of_apply(record, document, account, verdict, tasks.marked(purpose)))
        with begun(environment, account, books, records) as run:
            tasks.prepare(run)
            with tasks.migrating(run) as hear:
                _apply(root, environment, run, plan, hear)
            if not record.destroy:
                tasks.follow(root.state_pull(), run)
                with progress("planning once more: nothing may be left to do") as step:
                    require_empty_plan(root, environment, step)
                run.note = require_health(environment, account, plan)
        files.discard()


def _apply(root: Terraform, environment: Environment, run: Run, plan: Plan, hear: Listener) -> None:
    changes, done = len(plan.changes), 0

    def show(message: Message) -> None:
        nonlocal done
        hear(message)
        hook = message.get("hook", {})
        if message.get("type") == "apply_start":
            step.detail(f"{done} of {changes}, {hook['resource']['addr']}")
        elif message.get("type") == "apply_complete":
            done += 1
            what = _DONE.get(hook["action"], hook["action"])
            note(f"    {what} {hook['resource']['addr']} ({hook['elapsed_seconds']:.0f} s)")
        elif message.get("type") == "apply_errored":
            note(f"    FAILED {hook['resource']['addr']}", style="red")

    with progress(f"applying {changes} changes to {environment.name}") as step:
        run.apply(root, PlanFiles(environment.build).plan, show)


def load_saved_plan(environment: Environment) -> PlanRecord:
    """The record of the environment's saved plan.

    Args:
        environment: the environment.

    Returns:
        The record, its plan file checked.

    Raises:
        InfraError: there is none, or it was tampered with.
    """
    return saved_plan.load(PlanFiles(environment.build), environment.name)
