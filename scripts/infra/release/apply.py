"""Applying exactly the saved plan, into the account that it was made for."""

import os
import sys
from datetime import UTC, datetime

from infra.account.selection import Account, select_account
from infra.console import Step, note, progress, say
from infra.environment import Environment
from infra.errors import InfraError
from infra.release import unsaved_state
from infra.release.connection import ConnectionWatch
from infra.review.permission import Delivery, gates_hold, require_permission_to_apply
from infra.review.saved_review import Checks, review_plan_file
from infra.terraform import saved_plan
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Message, Terraform, TerraformError
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import find_tools, open_session
from infra.terraform.stack import explain_lock, open_stack, plan_stack

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


def apply_saved_plan(
    environment: Environment, account: Account, record: PlanRecord, checks: Checks, delivery: Delivery | None = None
) -> None:
    """Apply the saved plan, then prove with an empty plan that the account is what the configuration says.

    Args:
        environment: what to apply.
        account: the account of the plan.
        record: the saved plan's record.
        checks: all checks over a plan; asked where the gates hold.
        delivery: the pull request, in a workflow run.

    Raises:
        InfraError: Terraform failed, or a plan made afterwards was not empty.
    """
    unsaved_state.require_none(environment, account)
    files = PlanFiles(environment.build)
    plan = Plan.from_json(files.document.read_bytes())
    tools = find_tools()
    if tools.terraform.version != record.terraform_version:
        raise InfraError(
            f"The plan was made by Terraform {record.terraform_version}, here is {tools.terraform.version}: "
            f"Terraform refuses plans of another version. Run `make plan ENV={environment.name}` again."
        )
    with open_session(tools, account.environment(os.environ)) as session:
        root = open_stack(environment, session)
        if gates_hold(account.kind):
            review = review_plan_file(root, environment, record, checks)
            require_permission_to_apply(environment, account, record, review, now=datetime.now(UTC), delivery=delivery)
        with progress(f"applying {len(plan.changes)} changes to {environment.name}") as step:
            _apply(root, environment, account, len(plan.changes), step)
        files.discard()
        if not record.destroy:
            with progress("planning again: nothing may be left to do") as step:
                _require_empty_plan(root, environment, step)


def _apply(root: Terraform, environment: Environment, account: Account, changes: int, step: Step) -> None:
    done = 0

    def show(message: Message) -> None:
        nonlocal done
        hook = message.get("hook", {})
        if message.get("type") == "apply_start":
            step.detail(f"{done} of {changes}, {hook['resource']['addr']}")
        elif message.get("type") == "apply_complete":
            done += 1
            what = _DONE.get(hook["action"], hook["action"])
            note(f"    {what} {hook['resource']['addr']} ({hook['elapsed_seconds']:.0f} s)")
        elif message.get("type") == "apply_errored":
            note(f"    FAILED {hook['resource']['addr']}", style="red")

    watch = ConnectionWatch(account, environment.region)
    try:
        with watch:
            root.apply(PlanFiles(environment.build).plan, show, stop=watch.lost)
    except TerraformError as error:
        raise _explain(error, environment, account, lost=watch.lost.is_set()) from error
    except BaseException:
        _say_where_state_is(environment, account)
        raise


def _explain(error: TerraformError, environment: Environment, account: Account, *, lost: bool) -> InfraError:
    kept = unsaved_state.keep(environment, account)
    if kept:
        under_way = ", ".join(each["address"] for each in error.diagnostics if each.get("address"))
        reason = f"The account stopped answering in mid-apply. Under way then: {under_way}." if lost else str(error)
        return InfraError(
            f"{reason}\nThe state could not be saved either; what was made is recorded in {kept}. "
            f"When the account answers again: `make push-state ENV={environment.name}`, then plan again."
        )
    if error.mentions("saved plan is stale"):
        return InfraError(
            f"The saved plan is stale: the state of {environment.name} changed after it was made, so something else "
            f"was applied meanwhile. Nothing was changed. Run `make plan ENV={environment.name}` again and review it."
        )
    explained = explain_lock(error, environment)
    if explained is not error:
        return explained
    return InfraError(
        f"{error}\nThe state records what was done until then. Mend the cause, then `make plan ENV={environment.name}`."
    )


def _say_where_state_is(environment: Environment, account: Account) -> None:
    kept = unsaved_state.keep(environment, account)
    where = f"in {kept}: `make push-state ENV={environment.name}`" if kept else "in the state backend"
    note(f"  The apply did not finish. What it did is recorded {where}; then `make plan ENV={environment.name}`.")


def _require_empty_plan(root: Terraform, environment: Environment, step: Step) -> None:
    check = environment.build / ".after-apply.tfplan"
    try:
        if not plan_stack(root, environment, check, step):
            return
        left = Plan.from_json(root.show(check)).changes
    finally:
        check.unlink(missing_ok=True)
    raise InfraError(
        "Everything was applied, but a plan made right afterwards is not empty: "
        + ", ".join(f"{change['address']} ({'/'.join(change['change']['actions'])})" for change in left)
        + ". Somebody changed the account meanwhile, or the configuration is not stable."
    )


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
