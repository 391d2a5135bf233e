"""Approvals: who says that which plan may be applied, and who may not say so because the change is their own.

An approval names the plan's digest, the commit, the environment and the person. Nothing here is believed because a file
says it: approvals are read each time from where they were given, a pull request's reviews or the state bucket
(docs/decisions/0007-approvals.md).
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# A line of a review: `approve production <digest>`. The whole digest, so that no second plan fits.
_LINE = re.compile(r"^\s*`?approve ([a-z][a-z0-9-]*) ([0-9a-f]{64})`?\s*$", re.MULTILINE)


@dataclass(frozen=True)
class Person:
    """Somebody who may approve.

    Args:
        name: how reports call the person; unique.
        github: login, "" for none.
        aws_user_id: UserId as `aws sts get-caller-identity` prints it, "" for none. AWS itself compares it, and unlike
            an ARN it cannot be had by making a role or a user of the same name anew.
        aws_arn: Arn that the same command prints; tells who made a plan.
        emails: addresses under which the person commits.
    """

    name: str
    github: str
    aws_user_id: str
    aws_arn: str
    emails: frozenset[str]


@dataclass(frozen=True)
class Approval:
    """An approval as it was read.

    Args:
        environment: it is for.
        digest: of the plan.
        commit: of the configuration.
        source: where it was given.
        identity: GitHub login or AWS UserId, as GitHub or AWS vouch for it.
        time: when, by the clock of GitHub or S3.
        dead: why it cannot count any more ("it was dismissed"); "" for a live one.
    """

    environment: str
    digest: str
    commit: str
    source: Literal["github", "aws"]
    identity: str
    time: datetime
    dead: str = ""

    def is_by(self, person: Person) -> bool:
        """Whether a person gave it.

        Args:
            person: an approver.

        Returns:
            True when the person has this identity.
        """
        if not self.identity:
            return False
        if self.source == "github":
            return self.identity.casefold() == person.github.casefold()
        return self.identity == person.aws_user_id


@dataclass(frozen=True)
class Makers:
    """Who wrote a change and made its plan.

    Args:
        logins: GitHub logins of the pull request's author, of its commits' authors and committers.
        emails: of the commits' authors and committers.
        arns: callers that made the plan.
    """

    logins: frozenset[str] = frozenset()
    emails: frozenset[str] = frozenset()
    arns: frozenset[str] = frozenset()

    def include(self, person: Person) -> bool:
        """Whether a person is one of them.

        Args:
            person: an approver.

        Returns:
            True when the change is the person's own, at least in part.
        """
        return (
            person.github.casefold() in {login.casefold() for login in self.logins if login}
            or bool({email.casefold() for email in person.emails} & {email.casefold() for email in self.emails})
            or (bool(person.aws_arn) and person.aws_arn in self.arns)
        )


@dataclass(frozen=True)
class PullRequestReview:
    """A review of a pull request, as GitHub tells it.

    Args:
        author: login; "" when the account is gone.
        state: APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING.
        body: its text.
        commit: the commit that was reviewed; "" when it is gone.
        submitted: when.
        edited: whether the text was changed afterwards. Others than its author may do that.
    """

    author: str
    state: str
    body: str
    commit: str
    submitted: datetime
    edited: bool


def approval_line(environment: str, digest: str) -> str:
    """The line that a reviewer writes to approve a plan.

    Args:
        environment: of the plan.
        digest: of the plan.

    Returns:
        The line; stands ready to be copied in the pull request's comment.
    """
    return f"approve {environment} {digest}"


def approvals_of(reviews: Iterable[PullRequestReview]) -> list[Approval]:
    """The approvals that a pull request's reviews give, dead ones included, so that a verdict can say why.

    An approving review without the line approves code, not a plan: GitHub does not know which plan the reviewer saw,
    and the same commit has another plan as soon as the account changes.

    Args:
        reviews: all reviews, the oldest first.

    Returns:
        An approval for each line of each review.
    """
    ordered: Sequence[PullRequestReview] = sorted(reviews, key=lambda each: each.submitted)
    return [
        Approval(
            environment,
            digest,
            review.commit,
            "github",
            review.author,
            review.submitted,
            _dead(review, ordered[index + 1 :]),
        )
        for index, review in enumerate(ordered)
        for environment, digest in _LINE.findall(review.body)
    ]


def _dead(review: PullRequestReview, later: Sequence[PullRequestReview]) -> str:
    if review.state == "DISMISSED":
        return "it was dismissed"
    if review.state != "APPROVED":
        return f"the review is no approval ({review.state.lower()})"
    if review.edited:
        return "its text was changed after it was given"
    if any(each.author == review.author and each.state == "CHANGES_REQUESTED" for each in later):
        return "changes were requested afterwards"
    return ""
