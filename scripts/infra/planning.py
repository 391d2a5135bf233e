"""Making a plan of an environment: configuration in, saved plan and its record out."""

import os
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from infra.account.selection import Account
from infra.console import progress
from infra.environment import Environment
from infra.release.settled import require_nothing_open
from infra.repository import STACK, revision
from infra.review.reports.write import discard_reports, review_folder
from infra.terraform import saved_plan
from infra.terraform.root_copy import copy_unguarded
from infra.terraform.saved_plan import PlanFiles, PlanRecord
from infra.terraform.session import Tools, open_session
from infra.terraform.stack import open_stack, plan_stack


def make_plan(
    environment: Environment, account: Account, tools: Tools, *, destroy: bool = False, lock: bool = True
) -> tuple[str, PlanRecord]:
    """Plan an environment and save the plan with what it was made from.

    Args:
        environment: what to plan.
        account: where.
        tools: Terraform and its provider.
        destroy: plan the destruction of everything.
        lock: whether to take the state lock; the delivery role of pull requests cannot.

    Returns:
        The plan, as `terraform show -json` prints it, and its record.

    Raises:
        InfraError: it could not be planned. An older saved plan is gone then: it is not what was asked for.
    """
    require_nothing_open(environment, account)
    files = PlanFiles(environment.build)
    made_from = revision()
    with open_session(tools, account.environment(os.environ)) as session:
        files.discard()
        discard_reports(review_folder(environment))
        # Terraform creates the plan file with the umask's mode; inside a private folder nobody sees it meanwhile.
        workshop = Path(tempfile.mkdtemp(prefix=".plan.", dir=environment.build))
        try:
            root = open_stack(environment, session, copy_unguarded(STACK, workshop / "root") if destroy else None)
            new = workshop / "plan.tfplan"
            with progress(f"planning {environment.name}") as step:
                has_changes = plan_stack(root, environment, new, step, destroy=destroy, lock=lock)
            new.chmod(0o600)
            document = root.show(new)
            lineage, serial = saved_plan.state_of(new)
            record = PlanRecord(
                environment=environment.name,
                account_kind=account.kind,
                account_id=account.account_id,
                account_instance=account.instance,
                caller=account.caller,
                commit=made_from.commit,
                clean=made_from.clean,
                terraform_version=tools.terraform.version,
                provider_version=tools.provider.version,
                state_lineage=lineage,
                state_serial=serial,
                destroy=destroy,
                has_changes=has_changes,
                created=datetime.now(UTC).isoformat(timespec="seconds"),
                plan_sha256=saved_plan.sha256(new),
            )
            saved_plan.save(files, new, document, record)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    return document, record
