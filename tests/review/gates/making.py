"""Reviews, gates and approvals as small as they can be: each test says only what it is about."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from infra.review.approval import Approval, Makers, Person
from infra.review.gate import Verdict, judge
from infra.review.gates import Acknowledgement, Gates, Requirement
from infra.review.model import Action, Change, Consequence, Provenance, Review, Risk, Severity

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)  # a Wednesday
DIGEST = "d" * 64
COMMIT = "c" * 40

ADA = Person(
    "Ada", "ada-l", "AROAADA:ada", "arn:aws:sts::123456789012:assumed-role/admin/ada", frozenset({"ada@x.org"})
)
BOB = Person("Bob", "bob", "AROABOB:bob", "arn:aws:sts::123456789012:assumed-role/admin/bob", frozenset({"bob@x.org"}))
EVE = Person("Eve", "eve", "", "", frozenset({"eve@x.org"}))


def a_change(*risks: Risk, address: str = "aws_s3_bucket.this", acknowledge: bool = False) -> Change:
    """A change with these risks."""
    return Change(
        address=address,
        deposed="",
        module="",
        mode="managed",
        type="aws_s3_bucket",
        name="this",
        index=None,
        provider="registry.terraform.io/hashicorp/aws",
        action=Action.UPDATE,
        reason="",
        previous_address="",
        import_id="",
        replace_paths=(),
        attributes=(),
        consequences=tuple(Consequence(risk, "something happens", acknowledge=acknowledge) for risk in risks),
    )


PROVENANCE = Provenance(
    environment="production",
    digest=DIGEST,
    plan_sha256="a" * 64,
    commit=COMMIT,
    clean=True,
    lineage="a-lineage",
    serial=7,
    account_kind="aws",
    account_id="123456789012",
    terraform_version="1.11.4",
    provider_version="5.100.0",
    created=(NOW - timedelta(hours=1)).isoformat(),
    destroy=False,
)


def a_review(*changes: Change) -> Review:
    """A review of these changes."""
    return Review(
        provenance=PROVENANCE,
        changes=changes,
        unchanged=0,
        drift=(),
        drift_elsewhere=0,
        outputs=(),
        checks=(),
        modules=(),
        access=(),
        unknown_access=(),
    )


GATES = Gates(
    environment="production",
    risks={
        Risk.DATA_LOSS: Requirement.TWO_APPROVALS,
        Risk.OUTAGE: Requirement.TWO_APPROVALS,
        Risk.ACCESS: Requirement.ONE_APPROVAL,
        Risk.COST: Requirement.ACKNOWLEDGEMENT,
        Risk.PLAIN: Requirement.NONE,
        Risk.NONE: Requirement.NONE,
    },
    destroy=Requirement.FORBIDDEN,
    unknown_access=Requirement.FORBIDDEN,
    findings=Severity.HIGH,
    clean_commit=True,
    plan_max_age=timedelta(hours=24),
    hours=None,
    emergency_rollback=Requirement.ONE_APPROVAL,
    approvers=(ADA, BOB, EVE),
)


def approval_by(person: Person, **different: object) -> Approval:
    """A person's approval of the plan, through GitHub unless said otherwise."""
    given = Approval("production", DIGEST, COMMIT, "github", person.github, NOW - timedelta(minutes=30))
    return replace(given, **different)  # type: ignore[arg-type]


def verdict(
    review: Review,
    *,
    gates: Gates = GATES,
    acknowledgements: Sequence[Acknowledgement] = (),
    approvals: Sequence[Approval] = (),
    makers: Makers | None = None,
    now: datetime = NOW,
    emergency: str = "",
) -> Verdict:
    """The gate's verdict."""
    return judge(review, gates, acknowledgements, approvals, makers=makers or Makers(), now=now, emergency=emergency)
