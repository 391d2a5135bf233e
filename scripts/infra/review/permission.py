"""The verdict on a plan, from everything that it depends on as it stands now; asked by plan, gate and once more by
apply.

Gates hold for AWS. An emulated account is the person's own and holds nothing: its plans are judged as AWS would judge
them, which is printed, and applied all the same. GATES=enforced makes the gates hold there too, as the tests do;
nothing makes them not hold for AWS.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import botocore.session

from infra.account.selection import Account, certificates
from infra.environment import Environment
from infra.errors import InfraError
from infra.repository import revision
from infra.review.approval import Makers, approvals_of
from infra.review.approval_store import ApprovalStore, state_bucket
from infra.review.gate import Decision, Verdict, judge
from infra.review.gates import Acknowledgement, Gates
from infra.review.gates_file import parse_acknowledgements, parse_gates
from infra.review.github import GitHub, PullRequest
from infra.review.history import file_at, written_by
from infra.review.model import Review
from infra.review.reports.text import line
from infra.terraform import saved_plan
from infra.terraform.saved_plan import PlanFiles, PlanRecord

# A reason may hold an address, and an address anything that a plan can: it is made harmless and shortened for the
# terminal.
REASON_LENGTH: Final = 600


@dataclass(frozen=True)
class Delivery:
    """What a workflow run knows beside the plan.

    Args:
        github: the repository.
        pull: the pull request that is delivered.
        base: commit before the change. Its gates hold: a change cannot lower the gate that it goes through.
        fresh_digest: digest of a plan made just now from what was merged; "" before the merge.
    """

    github: GitHub
    pull: PullRequest
    base: str
    fresh_digest: str = ""


def gates_hold(account_kind: str, variables: Mapping[str, str] = os.environ) -> bool:
    """Whether the gates must be passed, or are only shown.

    Args:
        account_kind: "aws" or "emulated".
        variables: the process environment; GATES=enforced adds the emulated accounts.

    Returns:
        True when nothing may be applied without them.

    Raises:
        InfraError: GATES is neither unset nor "enforced".
    """
    asked = variables.get("GATES", "")
    if asked not in ("", "enforced"):
        raise InfraError(f"GATES={asked} is unknown. Say GATES=enforced, or nothing: for AWS the gates always hold.")
    return account_kind != "emulated" or asked == "enforced"


def verdict_on(
    review: Review,
    record: PlanRecord,
    environment: Environment,
    account: Account,
    *,
    now: datetime,
    delivery: Delivery | None = None,
    emergency: str = "",
) -> Verdict:
    """Judge a plan by what holds now.

    Args:
        review: of the plan.
        record: of the saved plan.
        environment: its gates and acknowledgements.
        account: where approvals lie.
        now: with time zone.
        delivery: the pull request, in a workflow run.
        emergency: the written reason of a rollback that cannot wait, as `judge` takes it.

    Returns:
        The verdict; where the gates do not hold, it is what AWS would need.

    Raises:
        InfraError: something that it depends on could not be read. Then nothing is allowed.
    """
    gates = gates_of(environment, delivery.base if delivery else "")
    acknowledgements = _acknowledgements(environment)
    approvals = approval_store(environment, account).read(review.provenance, gates.approvers)
    if delivery:
        approvals += approvals_of(delivery.github.reviews(delivery.pull.number))
    makers = makers_of(record, delivery)
    return judge(review, gates, acknowledgements, approvals, makers=makers, now=now, emergency=emergency)


def makers_of(record: PlanRecord, delivery: Delivery | None = None) -> Makers:
    """Who wrote the change and made the plan.

    Args:
        record: of the saved plan.
        delivery: the pull request, in a workflow run; else the commit tells.

    Returns:
        The persons.

    Raises:
        InfraError: it cannot be told.
    """
    arns = frozenset({record.caller})
    if delivery:
        wrote = delivery.github.makers(delivery.pull)
        return Makers(wrote.logins, wrote.emails, arns)
    return Makers(emails=written_by(record.commit) if record.commit else frozenset(), arns=arns)


def require_permission_to_apply(
    environment: Environment,
    account: Account,
    record: PlanRecord,
    review: Review,
    *,
    now: datetime,
    delivery: Delivery | None = None,
    emergency: str = "",
) -> Verdict | None:
    """Called by apply right before Terraform: exactly the reviewed plan, and everybody who must agree still does.

    Args:
        environment: that is applied.
        account: into which.
        record: of the saved plan.
        review: of the plan file as `terraform show -json` prints it now, not of the JSON that lies beside it.
        now: with time zone.
        delivery: the pull request, in a workflow run.
        emergency: the written reason of a rollback that cannot wait, as `judge` takes it.

    Returns:
        The verdict, which allows it; None where there was nothing to judge.

    Raises:
        InfraError: the plan may not be applied; exit code 3 when somebody or a later hour can help.
    """
    _require_same_plan(environment, account, record, review)
    if not gates_hold(account.kind) or review.empty:
        return None
    _require_same_configuration(environment, review, delivery)
    verdict = verdict_on(review, record, environment, account, now=now, delivery=delivery, emergency=emergency)
    if verdict.decision is not Decision.ALLOWED:
        waits = verdict.decision is Decision.WAITS
        raise InfraError(
            f"The plan of {environment.name} {'waits' if waits else 'is forbidden'}; nothing was changed.\n"
            + "\n".join(f"  - {line(reason, REASON_LENGTH)}" for reason in verdict.reasons),
            exit_code=exit_code(verdict),
        )
    return verdict


def exit_code(verdict: Verdict) -> int:
    """What `make gate` ends with.

    Args:
        verdict: on the plan.

    Returns:
        0 allowed, 3 waits, 1 forbidden.
    """
    return {Decision.ALLOWED: 0, Decision.WAITS: 3}.get(verdict.decision, 1)


def gates_of(environment: Environment, base: str = "") -> Gates:
    """The gates of an environment.

    Args:
        environment: whose.
        base: commit to read them from; "" takes what is checked out.

    Returns:
        The gates.

    Raises:
        InfraError: they are missing or wrong.
    """
    path = f"environments/{environment.name}/gates.yaml"
    return parse_gates(file_at(base, path) if base else _read(environment, "gates.yaml"), environment.name)


def approval_store(environment: Environment, account: Account) -> ApprovalStore:
    """Where approvals that are given with AWS credentials lie.

    Args:
        environment: whose.
        account: the environment's own.

    Returns:
        The store, with the credentials of this process.

    Raises:
        InfraError: backend.hcl names no bucket.
    """
    bucket = state_bucket(environment)
    if account.emulated:
        return ApprovalStore(account.emulated.client("s3"), account.emulated.client("sts"), bucket, account.account_id)
    session = botocore.session.Session()
    s3, sts = (
        session.create_client(service, region_name=environment.region, verify=certificates())
        for service in ("s3", "sts")
    )
    return ApprovalStore(s3, sts, bucket, account.account_id)


def _require_same_plan(environment: Environment, account: Account, record: PlanRecord, review: Review) -> None:
    """The plan file is the one of the record, and the review is one of it, for this account."""
    now_there = saved_plan.sha256(PlanFiles(environment.build).plan)
    plan = review.provenance
    same = (
        now_there == record.plan_sha256 == plan.plan_sha256
        and record.environment == plan.environment == environment.name
        and record.commit == plan.commit
        and record.account_id == plan.account_id == account.account_id == environment.account_id
        and record.account_kind == plan.account_kind == account.kind
        and record.account_instance == account.instance
    )
    if not same:
        raise InfraError(
            f"The saved plan of {environment.name} is not the one that was reviewed (changed since, or made for "
            f"another environment or account). Nothing was changed. Run `make plan ENV={environment.name}` again."
        )


def _require_same_configuration(environment: Environment, review: Review, delivery: Delivery | None) -> None:
    """What is checked out is what the plan was made from, or proved to plan the same."""
    here = revision()
    if delivery and delivery.fresh_digest:
        if not here.clean or delivery.fresh_digest != review.provenance.digest:
            raise InfraError(
                f"What was merged plans something else for {environment.name} than what was approved: the branch or "
                "the account moved meanwhile. Nothing was changed. Open a pull request with the same change (or `git "
                "revert`) and have its plan approved."
            )
        return
    require_same_commit(environment, review.provenance.commit, clean=review.provenance.clean)


def require_same_commit(environment: Environment, commit: str | None, *, clean: bool) -> None:
    """What is checked out is what a plan was made from.

    Args:
        environment: of the plan.
        commit: that the plan was made from.
        clean: whether it was exactly that commit; what else was in it, nobody knows now.

    Raises:
        InfraError: it is something else.
    """
    here = revision()
    if clean and not (here.clean and here.commit == commit):
        raise InfraError(
            f"The plan of {environment.name} was made from commit {(commit or '')[:12]}, and something else is checked "
            f"out here now. Check it out, or run `make plan ENV={environment.name}` again."
        )


def _acknowledgements(environment: Environment) -> tuple[Acknowledgement, ...]:
    return parse_acknowledgements(_read(environment, "acknowledgements.yaml"), environment.name)


def _read(environment: Environment, name: str) -> str:
    try:
        return (environment.folder / name).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise InfraError(
            f"environments/{environment.name}/{name} cannot be read ({error}): without it nothing can be judged. "
            "Restore it, or copy it from another environment."
        ) from error
