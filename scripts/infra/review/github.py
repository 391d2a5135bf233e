"""GitHub's API, as far as the delivery needs it: comments, reviews, commits of a pull request, artifacts of runs.

What GitHub does not answer, or answers in a shape that is not expected, is an error: nothing is judged on half an
answer.

Source: https://docs.github.com/rest (version 2022-11-28);
https://docs.github.com/graphql/reference/objects#pullrequestreview (REST does not tell that a review's text was edited;
GraphQL does).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from infra.errors import InfraError
from infra.review.approval import Makers, PullRequestReview
from infra.review.github_api import MOST_PAGES, PAGE, GitHubApi, as_documented, part

# GitHub lists at most 250 commits of a pull request; whoever wrote the others is unknown.
_MOST_COMMITS: Final = 250

_REVIEWS: Final = """
query($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviews(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { author { login } state body commit { oid } submittedAt lastEditedAt }
    }
  } }
}
"""


@dataclass(frozen=True)
class PullRequest:
    """A pull request.

    Args:
        number: of it.
        author: login of who opened it; "" when the account is gone.
        head: commit that was proposed.
        base: name of the branch it goes into.
        merge_commit: commit that merging made; "" while it is open.
    """

    number: int
    author: str
    head: str
    base: str
    merge_commit: str


@dataclass(frozen=True)
class GitHub(GitHubApi):
    """One repository at GitHub."""

    @as_documented
    def comment(self, number: int, body: str) -> str:
        """Write a comment, or put a new text into the one that is there.

        Args:
            number: pull request.
            body: Markdown, its first line a hidden marker by which the comment is found again.

        Returns:
            URL of the comment.

        Raises:
            InfraError: there is no marker, or GitHub did not take it.
        """
        hidden = body.partition("\n")[0]
        if not re.fullmatch(r"<!-- [^<>]+ -->", hidden):
            raise InfraError("The comment does not begin with a hidden marker: each run would write another one.")
        text = {"body": body}
        comments = self.pages(f"/issues/{number}/comments")
        # Only a bot's own: anybody may write the marker into a comment, and editing that one would fail or mislead.
        own = [
            each
            for each in comments
            if str(each["body"]).partition("\n")[0].strip() == hidden and each["user"]["type"] == "Bot"
        ]
        if own:
            answer = self.rest("PATCH", f"/issues/comments/{own[0]['id']}", text)
        else:
            answer = self.rest("POST", f"/issues/{number}/comments", text)
        return str(part(answer, "html_url"))

    @as_documented
    def pull_request(self, number: int) -> PullRequest:
        """A pull request.

        Args:
            number: of it.

        Returns:
            The pull request.

        Raises:
            InfraError: there is none, or GitHub did not answer.
        """
        return _pull_request(self.rest("GET", f"/pulls/{number}"))

    @as_documented
    def merged_pull_request(self, commit: str) -> PullRequest:
        """The pull request whose merging made a commit.

        Args:
            commit: on the branch that is delivered.

        Returns:
            The pull request.

        Raises:
            InfraError: the commit came without one, or GitHub did not answer.
        """
        found = [
            each
            for each in self.pages(f"/commits/{commit}/pulls")
            if each.get("merged_at") and each["merge_commit_sha"] == commit
        ]
        if len(found) != 1:
            raise InfraError(
                f"Commit {commit[:12]} was not made by merging a pull request (found {len(found)}): nobody approved "
                "its plan. Open a pull request with the change, or apply it by hand with `make plan approve apply`."
            )
        return _pull_request(found[0])

    @as_documented
    def makers(self, pull: PullRequest) -> Makers:
        """Who wrote a pull request: its author, and everybody who is author or committer of one of its commits.

        Args:
            pull: the pull request.

        Returns:
            The persons.

        Raises:
            InfraError: GitHub knows no account for one of them, or does not list all commits.
        """
        commits = self.pages(f"/pulls/{pull.number}/commits")
        if not commits or len(commits) >= _MOST_COMMITS:
            raise InfraError(
                f"GitHub lists {len(commits)} commits of pull request {pull.number}, at most {_MOST_COMMITS}: who "
                "wrote it cannot be told. Split it."
            )
        logins, emails = {pull.author}, set()
        for commit in commits:
            for role in ("author", "committer"):
                account = commit.get(role)
                if not account:
                    raise InfraError(
                        f"GitHub knows no account for the {role} of commit {commit['sha'][:12]}, so anybody may have "
                        "written it. Add the address to the account (Settings, Emails), or write the commit anew."
                    )
                logins.add(account["login"])
                emails.add(commit["commit"][role]["email"])
        if "" in logins:
            raise InfraError(
                f"The account that opened pull request {pull.number} is gone: who wrote it cannot be told."
            )
        return Makers(logins=frozenset(logins), emails=frozenset(emails))

    @as_documented
    def reviews(self, number: int) -> list[PullRequestReview]:
        """All reviews of a pull request, as they stand now.

        Args:
            number: pull request.

        Returns:
            The reviews.

        Raises:
            InfraError: GitHub did not tell them all.
        """
        owner, name = self.repository.split("/")
        found: list[PullRequestReview] = []
        after = None
        for _ in range(MOST_PAGES):
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            answer = self.call("POST", self.graphql, {"query": _REVIEWS, "variables": variables})
            if "errors" in answer:
                raise InfraError(f"GitHub did not tell the reviews of pull request {number}: {answer['errors']}")
            reviews = part(answer, "data", "repository", "pullRequest", "reviews")
            found += [_review(node) for node in reviews["nodes"] if node["state"] != "PENDING"]
            if not reviews["pageInfo"]["hasNextPage"]:
                return found
            after = reviews["pageInfo"]["endCursor"]
        raise InfraError(f"Pull request {number} has more than {MOST_PAGES * PAGE} reviews: they cannot all be judged.")

    @as_documented
    def artifact(self, name: str, commit: str) -> bytes:
        """The newest artifact of a name that a run for a commit left.

        Args:
            name: of the artifact.
            commit: head of the run.

        Returns:
            Its zip archive.

        Raises:
            InfraError: there is none, or it has expired.
        """
        listed = part(self.rest("GET", f"/actions/artifacts?name={name}&per_page={PAGE}"), "artifacts")
        found = [each for each in listed if each["workflow_run"]["head_sha"] == commit and not each["expired"]]
        if not found:
            raise InfraError(
                f"There is no plan {name} of commit {commit[:12]} (artifacts expire): run the workflow `plan` of the "
                "pull request again, or make a new one."
            )
        newest = max(found, key=lambda each: str(each["created_at"]))
        return self.download(f"/actions/artifacts/{int(newest['id'])}/zip")


def _pull_request(answer: Any) -> PullRequest:  # noqa: ANN401 - JSON
    return PullRequest(
        number=int(part(answer, "number")),
        author=str((answer.get("user") or {}).get("login", "")),
        head=str(part(answer, "head", "sha")),
        base=str(part(answer, "base", "ref")),
        merge_commit=str(answer["merge_commit_sha"]) if answer.get("merged_at") else "",
    )


def _review(node: Mapping[str, Any]) -> PullRequestReview:
    return PullRequestReview(
        author=str((node["author"] or {}).get("login", "")),
        state=str(node["state"]),
        body=str(node["body"]),
        commit=str((node["commit"] or {}).get("oid", "")),
        submitted=datetime.fromisoformat(node["submittedAt"]),
        edited=node["lastEditedAt"] is not None,
    )
