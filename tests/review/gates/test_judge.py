"""What the gate allows, what waits, what is forbidden."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.review.gate import Decision
from infra.review.gates import Acknowledgement, Gates, Hours, Requirement
from infra.review.model import Check, Finding, OutputChange, Review, Risk, Severity, UnknownAccess
from tests.review.gates.making import (
    ADA,
    BOB,
    DIGEST,
    GATES,
    NOW,
    PROVENANCE,
    a_change,
    a_review,
    approval_by,
    verdict,
)

PLAIN = a_review(a_change(Risk.PLAIN))


def test_a_plain_change_is_allowed() -> None:
    judged = verdict(PLAIN)
    assert (judged.decision, judged.reasons) == (Decision.ALLOWED, ())


@pytest.mark.parametrize(
    ("risk", "needed"), [(Risk.DATA_LOSS, 2), (Risk.OUTAGE, 2), (Risk.ACCESS, 1), (Risk.PLAIN, 0), (Risk.NONE, 0)]
)
def test_a_class_of_risk_needs_its_approvals(risk: Risk, needed: int) -> None:
    review = a_review(a_change(risk))
    for given_by in range(3):
        judged = verdict(review, approvals=[approval_by(person) for person in (ADA, BOB)[:given_by]])
        assert judged.decision is (Decision.ALLOWED if given_by >= needed else Decision.WAITS)
        assert judged.needed == needed


def test_a_lesser_consequence_of_a_change_counts_too() -> None:
    gates = replace(GATES, risks={**GATES.risks, Risk.PLAIN: Requirement.FORBIDDEN})
    assert verdict(a_review(a_change(Risk.OUTAGE, Risk.PLAIN)), gates=gates).decision is Decision.FORBIDDEN


def test_what_waits_says_whom_to_ask_and_what_to_write() -> None:
    (reason,) = verdict(a_review(a_change(Risk.OUTAGE)), approvals=[approval_by(ADA)]).reasons
    assert "needs 2 approvals (has Ada)" in reason
    assert "Bob, Eve" in reason
    assert f"approve production {DIGEST}" in reason


def test_without_enough_approvers_the_file_is_named() -> None:
    (reason,) = verdict(a_review(a_change(Risk.OUTAGE)), gates=replace(GATES, approvers=(ADA,))).reasons
    assert "environments/production/gates.yaml" in reason


# Acknowledgements -----------------------------------------------------------------------------------------------------


def acknowledged(address: str = "aws_s3_bucket.this", digest: str = DIGEST) -> Acknowledgement:
    return Acknowledgement(address, digest, "Ada", "nothing reads it")


@pytest.mark.parametrize(
    ("given_for", "decision"),
    [
        ([], Decision.WAITS),
        ([acknowledged()], Decision.ALLOWED),
        ([acknowledged(address="aws_s3_bucket.other")], Decision.WAITS),
        ([acknowledged(digest="e" * 64)], Decision.WAITS),
    ],
)
def test_what_loses_something_is_named_for_this_plan(given_for: list[Acknowledgement], decision: Decision) -> None:
    review = a_review(a_change(Risk.PLAIN, acknowledge=True))
    assert verdict(review, acknowledgements=given_for).decision is decision


def test_a_class_can_need_an_acknowledgement() -> None:
    review = a_review(a_change(Risk.COST))
    judged = verdict(review)
    assert judged.decision is Decision.WAITS
    assert "must acknowledge aws_s3_bucket.this" in judged.reasons[0]
    assert verdict(review, acknowledgements=[acknowledged()]).decision is Decision.ALLOWED


def test_an_acknowledgement_is_no_approval() -> None:
    review = a_review(a_change(Risk.DATA_LOSS, acknowledge=True))
    assert verdict(review, acknowledgements=[acknowledged()]).decision is Decision.WAITS
    assert verdict(review, approvals=[approval_by(ADA), approval_by(BOB)]).decision is Decision.WAITS


def test_a_deposed_object_is_named_by_its_key() -> None:
    review = a_review(replace(a_change(Risk.PLAIN, acknowledge=True), deposed="1a2b"))
    assert verdict(review, acknowledgements=[acknowledged()]).decision is Decision.WAITS
    named = acknowledged(address="aws_s3_bucket.this (deposed 1a2b)")
    assert verdict(review, acknowledgements=[named]).decision is Decision.ALLOWED


# What is forbidden ----------------------------------------------------------------------------------------------------


def of(**different: object) -> Callable[[Review], Review]:
    return lambda review: replace(review, provenance=replace(PROVENANCE, **different))  # type: ignore[arg-type]


def with_(**different: object) -> Callable[[Review], Review]:
    return lambda review: replace(review, **different)  # type: ignore[arg-type]


FINDING = Finding("X_1", "a rule", "aws_s3_bucket.this", Severity.HIGH, "wrong", "mend it", "policy")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (of(environment="staging"), "one of staging"),
        (of(digest=""), "digest is no SHA-256"),
        (of(digest="D" * 64), "digest is no SHA-256"),
        (of(plan_sha256="x"), "plan file hash is no SHA-256"),
        (of(clean=False), "clean commit"),
        (of(commit=None), "clean commit"),
        (of(commit="main"), "clean commit"),
        (of(created=(NOW - timedelta(hours=25)).isoformat()), "older than 24 hours"),
        (of(created=(NOW + timedelta(hours=1)).isoformat()), "from the future"),
        (of(created="yesterday"), "how old"),
        (of(created="2026-03-04T11:00:00"), "how old"),  # without an offset nobody knows when that was
        (of(destroy=True), "destroys everything"),
        (with_(findings=(FINDING,)), "X_1 (high)"),
        (with_(findings=(replace(FINDING, severity=Severity.CRITICAL),)), "X_1 (critical)"),
        (with_(checks=(Check("aws_lb.this", "resource", "fail", ()),)), "aws_lb.this does not hold"),
        (with_(checks=(Check("aws_lb.this", "resource", "error", ()),)), "aws_lb.this does not hold"),
        (with_(checks=(Check("aws_lb.this", "resource", "new-status", ()),)), "aws_lb.this does not hold"),
        (with_(unknown_access=(UnknownAccess("aws_iam_role.this", "policy"),)), "nobody can review aws_iam_role.this"),
    ],
)
def test_what_cannot_be_judged_is_forbidden(change: Callable[[Review], Review], reason: str) -> None:
    judged = verdict(change(PLAIN), approvals=[approval_by(ADA), approval_by(BOB)])
    assert judged.decision is Decision.FORBIDDEN
    assert any(reason in each for each in judged.reasons), judged.reasons


@pytest.mark.parametrize(
    "change",
    [
        with_(findings=(replace(FINDING, severity=Severity.MEDIUM),)),
        with_(checks=(Check("aws_lb.this", "resource", "unknown", ()),)),
        of(created=(NOW - timedelta(hours=24)).isoformat()),
        of(created=(NOW + timedelta(minutes=1)).isoformat()),
    ],
)
def test_what_is_in_order_is_allowed(change: Callable[[Review], Review]) -> None:
    assert verdict(change(PLAIN)).decision is Decision.ALLOWED


def test_development_may_plan_from_an_unclean_tree() -> None:
    assert verdict(of(clean=False)(PLAIN), gates=replace(GATES, clean_commit=False)).decision is Decision.ALLOWED


def test_the_worst_reason_decides() -> None:
    judged = verdict(of(clean=False)(a_review(a_change(Risk.OUTAGE))))
    assert judged.decision is Decision.FORBIDDEN
    assert "clean commit" in judged.reasons[0]
    assert "approvals" in judged.reasons[1]


def test_outputs_alone_need_what_changes_without_effect_need() -> None:
    output = OutputChange("url", "update", "a", "b", unknown=False, sensitive=False)
    review = replace(a_review(), outputs=(output,))
    gates = replace(GATES, risks={**GATES.risks, Risk.NONE: Requirement.ONE_APPROVAL})
    assert verdict(review, gates=gates).decision is Decision.WAITS
    assert verdict(a_review(), gates=gates).decision is Decision.ALLOWED


# Hours ----------------------------------------------------------------------------------------------------------------

HOURS = Hours(frozenset({0, 1, 2, 3}), time(9), time(16), ZoneInfo("Europe/Berlin"))


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        (datetime(2026, 3, 4, 8, 0, tzinfo=UTC), True),  # 09:00 in Berlin, winter
        (datetime(2026, 3, 4, 7, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 4, 14, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 4, 15, 0, tzinfo=UTC), False),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), True),  # 09:00 in Berlin, summer
        (datetime(2026, 7, 1, 14, 0, tzinfo=UTC), False),
        (datetime(2026, 3, 6, 12, 0, tzinfo=UTC), False),  # a Friday
        (datetime(2026, 3, 8, 23, 30, tzinfo=UTC), False),  # already Monday in Berlin, but at night
    ],
)
def test_hours_are_local(now: datetime, inside: bool) -> None:
    review = of(created=now.isoformat())(PLAIN)
    judged = verdict(review, gates=replace(GATES, hours=HOURS), now=now)
    assert judged.decision is (Decision.ALLOWED if inside else Decision.WAITS)
    assert inside or "Mon, Tue, Wed, Thu 09:00 to 16:00 Europe/Berlin" in judged.reasons[0]


def test_an_empty_plan_needs_no_hour() -> None:
    night = datetime(2026, 3, 4, 23, tzinfo=UTC)
    review = of(created=night.isoformat())(a_review())
    assert verdict(review, gates=replace(GATES, hours=HOURS), now=night).decision is Decision.ALLOWED


# A rollback that cannot wait ----------------------------------------------------------------------------------------


def test_an_emergency_needs_one_approval_at_any_hour_and_no_acknowledgement() -> None:
    night = datetime(2026, 3, 4, 23, tzinfo=UTC)
    review = of(created=night.isoformat())(a_review(a_change(Risk.OUTAGE), a_change(Risk.COST, acknowledge=True)))
    gates = replace(GATES, hours=HOURS)
    fresh = {"time": night - timedelta(minutes=5)}
    assert verdict(review, gates=gates, now=night, emergency="404s").decision is Decision.WAITS
    judged = verdict(review, gates=gates, now=night, emergency="404s", approvals=[approval_by(ADA, **fresh)])
    assert (judged.decision, judged.needed, judged.approved_by) == (Decision.ALLOWED, 1, ("Ada",))
    ordinary = verdict(review, gates=gates, now=night, approvals=[approval_by(ADA, **fresh)])
    assert ordinary.decision is Decision.WAITS
    assert len(ordinary.reasons) == 3


def test_an_emergency_never_needs_more_than_an_ordinary_change() -> None:
    gates = replace(GATES, emergency_rollback=Requirement.TWO_APPROVALS)
    assert verdict(PLAIN, gates=gates, emergency="404s").needed == 0


def test_an_emergency_overrides_nothing_that_is_forbidden() -> None:
    for review in (replace(PLAIN, findings=(FINDING,)), of(clean=False)(PLAIN), of(destroy=True)(PLAIN)):
        judged = verdict(review, emergency="404s", approvals=[approval_by(ADA), approval_by(BOB)])
        assert judged.decision is Decision.FORBIDDEN


def test_gates_may_know_no_emergency() -> None:
    gates = replace(GATES, emergency_rollback=Requirement.FORBIDDEN)
    (reason,) = verdict(PLAIN, gates=gates, emergency="404s").reasons
    assert "no emergency path" in reason
    assert verdict(PLAIN, gates=gates).decision is Decision.ALLOWED


# Whatever comes -------------------------------------------------------------------------------------------------------


@given(
    risks=st.lists(st.sampled_from(list(Risk)), max_size=4),
    requirements=st.tuples(*(st.sampled_from(list(Requirement)) for _ in Risk)),
    clean=st.booleans(),
    age_hours=st.integers(-48, 48),
    approvers=st.lists(st.sampled_from([ADA, BOB]), unique=True),
    digests=st.sampled_from([DIGEST, "e" * 64]),
)
def test_allowed_means_that_everything_was_given(  # noqa: PLR0917 - what varies
    risks: list[Risk],
    requirements: tuple[Requirement, ...],
    clean: bool,
    age_hours: int,
    approvers: list[object],
    digests: str,
) -> None:
    gates: Gates = replace(GATES, risks=dict(zip(Risk, requirements, strict=True)))
    created = (NOW - timedelta(hours=age_hours)).isoformat()
    review = of(clean=clean, created=created)(a_review(*(a_change(risk) for risk in risks)))
    approvals = [approval_by(person, digest=digests) for person in approvers]  # type: ignore[arg-type]
    judged = verdict(review, gates=gates, approvals=approvals)
    needs = [gates.risks[risk] for risk in risks]
    valid = len(approvers) if digests == DIGEST else 0
    fine = (
        clean
        and 0 <= age_hours <= 24
        and Requirement.FORBIDDEN not in needs
        and Requirement.ACKNOWLEDGEMENT not in needs
        and valid >= max((need.approvals for need in needs), default=0)
    )
    assert (judged.decision is Decision.ALLOWED) == fine
    assert (judged.reasons == ()) == fine
