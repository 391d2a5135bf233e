"""Which approvals count: each way in which one does not is a test."""

from dataclasses import replace
from datetime import timedelta

import pytest

from infra.review.approval import Approval, Makers, PullRequestReview, approval_line, approvals_of
from infra.review.gate import Decision, Verdict
from infra.review.model import Risk
from tests.review.gates.making import (
    ADA,
    BOB,
    COMMIT,
    DIGEST,
    GATES,
    NOW,
    a_change,
    a_review,
    approval_by,
    verdict,
)

ONE_NEEDED = a_review(a_change(Risk.ACCESS))


def judged(*approvals: Approval, makers: Makers | None = None) -> Verdict:
    return verdict(ONE_NEEDED, approvals=approvals, makers=makers)


def refused(approval: Approval, why: str, makers: Makers | None = None) -> None:
    found = judged(approval, makers=makers)
    assert found.decision is Decision.WAITS
    assert found.approved_by == ()
    assert any(why in reason for reason in found.reasons), found.reasons


@pytest.mark.parametrize("approval", [approval_by(ADA), approval_by(ADA, source="aws", identity=ADA.aws_user_id)])
def test_an_approval_counts(approval: Approval) -> None:
    assert judged(approval).decision is Decision.ALLOWED
    assert judged(approval).approved_by == ("Ada",)


def test_another_environments_plan() -> None:
    refused(approval_by(ADA, environment="staging"), "for a plan of staging")


def test_an_older_plan_replayed() -> None:
    refused(approval_by(ADA, digest="e" * 64), "for another plan")


def test_a_changed_commit() -> None:
    refused(approval_by(ADA, commit="b" * 40), "for commit bbbbbbbbbbbb")


def test_a_stranger() -> None:
    refused(approval_by(ADA, identity="mallory"), "nobody of that name")


def test_nobody() -> None:
    """Persons without a login or a UserId must not be met by an approval without a name."""
    refused(approval_by(ADA, identity=""), "nobody of that name")
    refused(approval_by(ADA, source="aws", identity=""), "nobody of that name")


def test_a_login_is_no_user_id() -> None:
    refused(approval_by(ADA, source="aws"), "nobody of that name")
    refused(approval_by(ADA, identity=ADA.aws_user_id), "nobody of that name")


def test_a_role_of_the_same_name_made_anew_is_somebody_else() -> None:
    refused(approval_by(ADA, source="aws", identity="AROANEW:ada"), "nobody of that name")


def test_an_old_one() -> None:
    refused(approval_by(ADA, time=NOW - GATES.plan_max_age - timedelta(seconds=1)), "older than 24 hours")


def test_one_from_the_future() -> None:
    refused(approval_by(ADA, time=NOW + timedelta(hours=1)), "from the future")


@pytest.mark.parametrize(
    "makers",
    [
        Makers(logins=frozenset({"ADA-L"})),
        Makers(emails=frozenset({"Ada@X.org"})),
        Makers(arns=frozenset({ADA.aws_arn})),
    ],
)
def test_ones_own_change(makers: Makers) -> None:
    refused(approval_by(ADA), "who makes a change", makers)
    refused(approval_by(ADA, source="aws", identity=ADA.aws_user_id), "who makes a change", makers)
    assert judged(approval_by(BOB), makers=makers).decision is Decision.ALLOWED


def test_one_person_twice_is_one_approval() -> None:
    twice = [approval_by(ADA), approval_by(ADA, source="aws", identity=ADA.aws_user_id)]
    found = verdict(a_review(a_change(Risk.OUTAGE)), approvals=twice)
    assert found.decision is Decision.WAITS
    assert found.approved_by == ("Ada",)


# From a pull request --------------------------------------------------------------------------------------------------

REVIEW = PullRequestReview(
    author="ada-l",
    state="APPROVED",
    body=f"Looks right.\n\n{approval_line('production', DIGEST)}\n",
    commit=COMMIT,
    submitted=NOW - timedelta(minutes=10),
    edited=False,
)


def test_a_review_with_the_line_approves() -> None:
    assert judged(*approvals_of([REVIEW])).decision is Decision.ALLOWED


def test_a_line_for_each_environment() -> None:
    both = replace(REVIEW, body=f"`approve staging {'e' * 64}`\r\n`approve production {DIGEST}`\r\n")
    assert [(each.environment, each.digest) for each in approvals_of([both])] == [
        ("staging", "e" * 64),
        ("production", DIGEST),
    ]
    assert judged(*approvals_of([both])).decision is Decision.ALLOWED


@pytest.mark.parametrize(
    "body",
    [
        "",
        "LGTM",
        f"approve production {DIGEST[:40]}",
        f"> approve production {DIGEST}",
        f"I do not approve production {DIGEST}",
        f"approve production {DIGEST} later",
        f"approve {DIGEST}",
    ],
)
def test_a_review_without_exactly_the_line_approves_no_plan(body: str) -> None:
    assert approvals_of([replace(REVIEW, body=body)]) == []


@pytest.mark.parametrize(
    ("review", "why"),
    [
        (replace(REVIEW, state="DISMISSED"), "it was dismissed"),
        (replace(REVIEW, state="COMMENTED"), "no approval (commented)"),
        (replace(REVIEW, state="CHANGES_REQUESTED"), "no approval (changes_requested)"),
        (replace(REVIEW, edited=True), "its text was changed"),
        (replace(REVIEW, commit="b" * 40), "for commit bbbbbbbbbbbb"),  # somebody pushed afterwards
        (replace(REVIEW, commit=""), "for commit"),  # rewritten away
        (replace(REVIEW, author=""), "nobody of that name"),
    ],
)
def test_a_review_that_does_not_stand(review: PullRequestReview, why: str) -> None:
    (approval,) = approvals_of([review])
    refused(approval, why)


def test_a_later_request_for_changes_takes_it_back() -> None:
    later = replace(REVIEW, state="CHANGES_REQUESTED", body="Wait.", submitted=NOW)
    (approval,) = approvals_of([later, REVIEW])
    refused(approval, "changes were requested afterwards")
    by_other = replace(later, author="bob")
    assert judged(*approvals_of([REVIEW, by_other])).decision is Decision.ALLOWED
    earlier = replace(later, submitted=NOW - timedelta(hours=1))
    assert judged(*approvals_of([earlier, REVIEW])).decision is Decision.ALLOWED
