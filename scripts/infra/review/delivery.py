"""The delivery of a merged pull request: exactly the approved plan, while it is still what would be planned."""

import io
import json
import os
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from infra.account.selection import Account
from infra.console import note
from infra.environment import Environment, environment_names, load_environment
from infra.errors import InfraError
from infra.planning import make_plan
from infra.review.github import GitHub
from infra.review.history import changed_files
from infra.review.permission import Delivery
from infra.review.reports.markdown_text import code, marker
from infra.review.review import review
from infra.review.sealing import unseal
from infra.review.touched import touched_environments
from infra.terraform import saved_plan
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import find_tools

SEALED = "plan.sealed"


@dataclass(frozen=True)
class Merge:
    """What a pull request made of the branch.

    Args:
        commit: the branch now; it is checked out.
        base: the branch before.
    """

    commit: str
    base: str


# Applies the saved plan of an environment after asking for permission with what the delivery knows.
Apply = Callable[[Environment, Account, PlanRecord, Delivery], None]


def touched_matrix(base: str, head: str) -> str:
    """The environments that a change touches, as the matrix of a GitHub job.

    Args:
        base: commit of the branch that it goes into.
        head: commit that is proposed or merged.

    Returns:
        JSON: a list of objects with environment, region, plan_role and apply_role; "[]" for none.

    Raises:
        InfraError: one of them is no commit of this checkout, or an environment cannot be read.
    """
    touched = touched_environments(changed_files(base, head), environment_names())
    return matrix(touched)


def matrix(names: list[str]) -> str:
    """Environments as the matrix of a GitHub job.

    Args:
        names: of the environments.

    Returns:
        As `touched_matrix`.

    Raises:
        InfraError: an environment cannot be read.
    """
    return json.dumps([_entry(load_environment(name)) for name in names])


def deliver(environment: Environment, account: Account, merge: Merge, private_key: str, apply: Apply) -> bool:
    """Apply the approved plan of a merged pull request.

    Args:
        environment: to apply.
        account: the environment's own.
        merge: what was merged.
        private_key: opens the sealed plan.
        apply: applies the saved plan, after all checks.

    Returns:
        False when there was nothing to apply.

    Raises:
        InfraError: there is no pull request, no plan, no permission, or a plan made now is another one.
    """
    github = GitHub.from_environment()
    pull = github.merged_pull_request(merge.commit)
    note(f"  commit {merge.commit[:12]} merged pull request {pull.number}, whose last commit is {pull.head[:12]}")
    sealed = _only_file(github.artifact(artifact_name(environment.name), pull.head))
    approved = unseal(sealed, environment, pull.head, private_key)
    _, fresh = make_plan(environment, account, find_tools())
    files = PlanFiles(environment.build)
    fresh_digest = review(files.document.read_bytes(), files.plan, fresh).provenance.digest
    record = _put_back(environment, approved)
    if not record.has_changes and not fresh.has_changes:
        return False
    require_made_here(record, account, pull.head, fresh)
    # That both plans are the same is a part of the permission that apply asks for.
    apply(environment, account, record, Delivery(github, pull, merge.base, fresh_digest))
    return True


def artifact_name(environment: str) -> str:
    """Name of the artifact that holds the sealed plan of an environment; the run's commit tells which plan.

    Args:
        environment: its name.
    """
    return f"plan-{environment}"


def failure_comment(environment: str, variables: Mapping[str, str] = os.environ) -> str:
    """The comment where there is no plan: without it the last plan's would stand there as if it were this commit's.

    Args:
        environment: its name.
        variables: of the workflow run.

    Returns:
        Markdown with the marker of the environment's comment.
    """
    server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
    run = f"{server}/{repository}/actions/runs/{variables.get('GITHUB_RUN_ID', '')}"
    title = f"## ⛔ {code(environment)}: planning failed"
    return f"{marker(environment, 'plan')}\n{title}\n\nNothing can be approved. Why: {run}\n"


def write_sealed(path: Path, content: bytes) -> None:
    """Write a sealed plan; never half of one.

    Args:
        path: where.
        content: the sealed plan.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    Path(file.name).replace(path)


def _entry(environment: Environment) -> dict[str, str]:
    role = f"arn:aws:iam::{environment.account_id}:role/hokusai"
    return {
        "environment": environment.name,
        "region": environment.region,
        "plan_role": f"{role}-plan-{environment.name}",
        "apply_role": f"{role}-apply-{environment.name}",
    }


def _only_file(archive: bytes) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            return content.read(SEALED)
    except (zipfile.BadZipFile, KeyError) as error:
        raise InfraError(f"The artifact holds no {SEALED} ({error}): run the workflow `plan` again.") from error


def _put_back(environment: Environment, approved: dict[str, bytes]) -> PlanRecord:
    """The approved plan in the place of the saved one, with the checks that loading a saved plan has."""
    files = PlanFiles(environment.build)
    with tempfile.TemporaryDirectory(prefix=".approved.", dir=environment.build) as folder:
        there = PlanFiles(Path(folder))
        for file in (there.plan, there.document, there.record):
            file.touch(mode=0o600)
            file.write_bytes(approved[file.name])
        record = saved_plan.load(there, environment.name)
        saved_plan.save(files, there.plan, there.document.read_text(), record)
    return saved_plan.load(files, environment.name)


def require_made_here(record: PlanRecord, account: Account, head: str, fresh: PlanRecord) -> None:
    """The approved plan is one of this environment's account, at the pull request's last commit, on today's state.

    Args:
        record: of the approved plan.
        account: that is applied to.
        head: the pull request's last commit.
        fresh: record of the plan made just now.

    Raises:
        InfraError: it is of something else; says what.
    """
    facts = {
        "environment": (record.environment, fresh.environment),
        "account": (
            (record.account_kind, record.account_id, record.account_instance),
            (account.kind, account.account_id, account.instance),
        ),
        "commit": (record.commit, head),
        "state": ((record.state_lineage, record.state_serial), (fresh.state_lineage, fresh.state_serial)),
        "age": (datetime.fromisoformat(record.created) <= datetime.now(UTC), True),
    }
    wrong = [f"{name} ({was} instead of {should})" for name, (was, should) in facts.items() if was != should]
    if wrong:
        raise InfraError(
            f"The approved plan cannot be applied any more: it has another {', another '.join(wrong)}. Nothing was "
            "changed. Open a pull request with the same change (or `git revert`) and have its plan approved."
        )


def private_key() -> str:
    """The private half of the environment's key.

    Returns:
        PLAN_KEY of the process environment.

    Raises:
        InfraError: it is not set.
    """
    key = os.environ.get("PLAN_KEY", "")
    if not key:
        raise InfraError("PLAN_KEY is not set: it is a secret of the GitHub environment (`infra delivery key`).")
    return key
