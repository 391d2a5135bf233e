"""The review of a plan, from its JSON, its file and the record of how it was made; a pure function."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.errors import InfraError
from infra.review.access import access_of
from infra.review.blast_radius import modules_of
from infra.review.changes import changes_of, outputs_of, unchanged
from infra.review.checks import checks_of
from infra.review.digest import digest
from infra.review.drift import drift_of
from infra.review.model import Finding, Provenance, Review
from infra.review.reading import PlanDocument, read_plan
from infra.review.redaction import Redactor
from infra.terraform.saved_plan import PlanRecord

_NOT_AS_TERRAFORM_WRITES: Final = (KeyError, TypeError, AttributeError, ValueError, IndexError, RecursionError)


def review(plan_json: str | bytes, plan_file: Path, record: PlanRecord, findings: Sequence[Finding] = ()) -> Review:
    """Review a plan.

    Args:
        plan_json: what `terraform show -json` printed for the plan file.
        plan_file: the saved plan.
        record: what the plan was made from.
        findings: what the checks found; their texts are redacted too.

    Returns:
        The review, without any secret.

    Raises:
        InfraError: the plan may not be reviewed (reading.py), does something unknown, or is not the one of the record.
    """
    plan = read_plan(plan_json, plan_file)
    _require_same(plan, record)
    try:
        redactor = Redactor.of(plan.document)
        try:
            return review_document(plan, record, findings, redactor)
        except InfraError as error:
            raise InfraError(redactor.text(str(error))) from None
    except _NOT_AS_TERRAFORM_WRITES as error:
        # The text of such an error may be a value of the plan, so only its place is said.
        raise InfraError(
            f"The plan's JSON is not as Terraform writes it, so it cannot be judged ({_place(error)}). "
            f"Run `make plan ENV={record.environment}` again."
        ) from None


def review_document(plan: PlanDocument, record: PlanRecord, findings: Sequence[Finding], redactor: Redactor) -> Review:
    """Review a plan that was read and checked already.

    Args:
        plan: the plan.
        record: what it was made from.
        findings: what the checks found.
        redactor: for the plan's secrets; the caller may need it for other texts too, as error messages.

    Returns:
        The review, without any secret.

    Raises:
        InfraError: the plan does something unknown.
    """
    document = plan.document
    changes = changes_of(document)
    drift, drift_elsewhere = drift_of(document)
    access, unknown_access = access_of(document)
    return Review(
        provenance=_provenance(plan, record),
        changes=redactor.clean(changes),
        unchanged=unchanged(document),
        drift=redactor.clean(drift),
        drift_elsewhere=drift_elsewhere,
        outputs=redactor.clean(outputs_of(document)),
        checks=redactor.clean(checks_of(document)),
        modules=redactor.clean(modules_of(document, plan.sources, changes)),
        access=redactor.clean(access),
        unknown_access=redactor.clean(unknown_access),
        findings=sorted_findings(redactor.clean(tuple(findings))),
        secrets=len(redactor),
    )


def sorted_findings(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Findings in the order of every report.

    Args:
        findings: in any order.

    Returns:
        The worst first, then by place and rule.
    """
    return tuple(sorted(findings, key=lambda each: (each.severity.rank, each.where, each.rule, each.message)))


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    where = f" in {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else ""
    return f"{type(error).__name__}{where}"


def _require_same(plan: PlanDocument, record: PlanRecord) -> None:
    facts = {
        "plan file": (record.plan_sha256, plan.plan_sha256),
        "state lineage": (record.state_lineage, plan.lineage),
        "state serial": (record.state_serial, plan.serial),
        "Terraform version": (record.terraform_version, plan.document.get("terraform_version")),
    }
    for name, (recorded, found) in facts.items():
        if recorded != found:
            raise InfraError(
                f"The {name} of the plan is {found!r}, its record says {recorded!r}: they do not belong together. "
                f"Run `make plan ENV={record.environment}` again."
            )


def _provenance(plan: PlanDocument, record: PlanRecord) -> Provenance:
    return Provenance(
        environment=record.environment,
        digest=digest(plan.document),
        plan_sha256=plan.plan_sha256,
        commit=record.commit,
        clean=record.clean,
        lineage=plan.lineage,
        serial=plan.serial,
        account_kind=record.account_kind,
        account_id=record.account_id,
        terraform_version=record.terraform_version,
        provider_version=record.provider_version,
        created=record.created,
        destroy=record.destroy,
    )
