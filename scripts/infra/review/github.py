"""GitHub's API, as far as the delivery needs it: comments, reviews, commits of a pull request, artifacts of runs.

What GitHub does not answer, or answers in a shape that is not expected, is an error: nothing is judged on half an
answer.

Source: https://docs.github.com/rest (version 2022-11-28);
https://docs.github.com/graphql/reference/objects#pullrequestreview (REST does not tell that a review's text was edited;
GraphQL does).
"""

import functools
import json
import os
import re
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar

from infra.errors import InfraError
from infra.review.approval import Makers, PullRequestReview
from infra.review.http import Response, send

_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")

_API_VERSION: Final = "2022-11-28"
_PAGE: Final = 100
# GitHub lists at most 250 commits of a pull request; whoever wrote the others is unknown.
_MOST_COMMITS: Final = 250
_MOST_PAGES: Final = 30

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


def _as_documented(ask: Callable[_P, _Answer]) -> Callable[_P, _Answer]:
    """An answer of another shape than GitHub documents is an error like any other."""

    @functools.wraps(ask)
    def asked(*arguments: _P.args, **named: _P.kwargs) -> _Answer:
        try:
            return ask(*arguments, **named)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InfraError(f"GitHub's answer is not as documented ({error!r}): nothing was judged on it.") from error

    return asked


@dataclass(frozen=True)
class GitHub:
    """One repository at GitHub.

    Args:
        repository: "owner/name".
        api: URL of the REST API.
        graphql: URL of the GraphQL API.
        token: never shown.
    """

    repository: str
    api: str
    graphql: str
    token: str = field(repr=False)

    @classmethod
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> "GitHub":
        """The repository of a workflow run.

        Args:
            variables: GITHUB_REPOSITORY, GITHUB_TOKEN, and where it is not github.com GITHUB_API_URL and
                GITHUB_GRAPHQL_URL.

        Returns:
            The repository.

        Raises:
            InfraError: one of the first two is missing or no repository.
        """
        repository, token = variables.get("GITHUB_REPOSITORY", ""), variables.get("GITHUB_TOKEN", "")
        if not re.fullmatch(r"[A-Za-z0-9-]+/[A-Za-z0-9_.-]+", repository) or not token:
            raise InfraError("GITHUB_REPOSITORY (owner/name) and GITHUB_TOKEN must be set, as in a workflow run.")
        api = variables.get("GITHUB_API_URL", "https://api.github.com").rstrip("/")
        return cls(repository, api, variables.get("GITHUB_GRAPHQL_URL", f"{api}/graphql"), token)

    @_as_documented
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
        comments = self._pages(f"/issues/{number}/comments")
        # Only a bot's own: anybody may write the marker into a comment, and editing that one would fail or mislead.
        own = [
            each
            for each in comments
            if str(each["body"]).partition("\n")[0].strip() == hidden and each["user"]["type"] == "Bot"
        ]
        if own:
            answer = self._rest("PATCH", f"/issues/comments/{own[0]['id']}", text)
        else:
            answer = self._rest("POST", f"/issues/{number}/comments", text)
        return str(_part(answer, "html_url"))

    @_as_documented
    def pull_request(self, number: int) -> PullRequest:
        """A pull request.

        Args:
            number: of it.

        Returns:
            The pull request.

        Raises:
            InfraError: there is none, or GitHub did not answer.
        """
        return _pull_request(self._rest("GET", f"/pulls/{number}"))

    @_as_documented
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
            for each in self._pages(f"/commits/{commit}/pulls")
            if each.get("merged_at") and each["merge_commit_sha"] == commit
        ]
        if len(found) != 1:
            raise InfraError(
                f"Commit {commit[:12]} was not made by merging a pull request (found {len(found)}): nobody approved "
                "its plan. Open a pull request with the change, or apply it by hand with `make plan approve apply`."
            )
        return _pull_request(found[0])

    @_as_documented
    def makers(self, pull: PullRequest) -> Makers:
        """Who wrote a pull request: its author, and everybody who is author or committer of one of its commits.

        Args:
            pull: the pull request.

        Returns:
            The persons.

        Raises:
            InfraError: GitHub knows no account for one of them, or does not list all commits.
        """
        commits = self._pages(f"/pulls/{pull.number}/commits")
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

    @_as_documented
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
        for _ in range(_MOST_PAGES):
            variables = {"owner": owner, "name": name, "number": number, "after": after}
            answer = self._call("POST", self.graphql, {"query": _REVIEWS, "variables": variables})
            if "errors" in answer:
                raise InfraError(f"GitHub did not tell the reviews of pull request {number}: {answer['errors']}")
            reviews = _part(answer, "data", "repository", "pullRequest", "reviews")
            found += [_review(node) for node in reviews["nodes"] if node["state"] != "PENDING"]
            if not reviews["pageInfo"]["hasNextPage"]:
                return found
            after = reviews["pageInfo"]["endCursor"]
        raise InfraError(
            f"Pull request {number} has more than {_MOST_PAGES * _PAGE} reviews: they cannot all be judged."
        )

    @_as_documented
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
        listed = _part(self._rest("GET", f"/actions/artifacts?name={name}&per_page={_PAGE}"), "artifacts")
        found = [each for each in listed if each["workflow_run"]["head_sha"] == commit and not each["expired"]]
        if not found:
            raise InfraError(
                f"There is no plan {name} of commit {commit[:12]} (artifacts expire): run the workflow `plan` of the "
                "pull request again, or make a new one."
            )
        newest = max(found, key=lambda each: str(each["created_at"]))
        return self._download(f"/actions/artifacts/{int(newest['id'])}/zip")

    def _download(self, path: str) -> bytes:
        """A file: GitHub answers with the address of a store that must not see the token."""
        location = self._send("GET", self._url(path), expected=(302,)).location
        if not re.match(r"https://|http://127\.0\.0\.1[:/]", location):
            raise InfraError(f"GitHub sent the download of {path} to an address without TLS: not followed.")
        answer = send(urllib.request.Request(location), f"The download of {path}", again=True)  # noqa: S310 - see above
        if answer.status != 200:
            raise InfraError(f"The download of {path} was answered with {answer.status}. Run the job again.")
        return answer.content

    def _pages(self, path: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for page in range(1, _MOST_PAGES + 1):
            answer = self._call("GET", f"{self._url(path)}?per_page={_PAGE}&page={page}")
            if not isinstance(answer, list):
                raise InfraError(f"GitHub answered GET {path} with something that is no list.")
            found += answer
            if len(answer) < _PAGE:
                return found
        raise InfraError(f"GitHub lists more than {_MOST_PAGES * _PAGE} entries at {path}: not all were read.")

    def _url(self, path: str) -> str:
        return f"{self.api}/repos/{self.repository}{path}"

    def _rest(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        return self._call(method, self._url(path), body)

    def _call(self, method: str, url: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        content = self._send(method, url, body, expected=(200, 201)).content
        try:
            return json.loads(content)
        except ValueError as error:
            raise InfraError(f"GitHub answered {method} {url} with something that is no JSON.") from error

    def _send(self, method: str, url: str, body: object = None, *, expected: tuple[int, ...]) -> Response:
        request = urllib.request.Request(  # noqa: S310 - the API's address, from the runner
            url,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {self.token}",
                "Content-Type": "application/json",
                "User-Agent": "hokusai-infra",
                "X-GitHub-Api-Version": _API_VERSION,
            },
        )
        # A comment must not be written twice; a question may be asked again.
        answer = send(request, f"GitHub: {method} {url}", again=method == "GET" or url == self.graphql)
        if answer.status not in expected:
            said = _message(answer.content)
            raise InfraError(f"GitHub answered {method} {url} with {answer.status}: {said}")
        return answer


def _message(content: bytes) -> str:
    try:
        return str(json.loads(content)["message"])[:500]
    except (ValueError, KeyError, TypeError):
        return "no message"


def _part(answer: Any, *names: str) -> Any:  # noqa: ANN401 - JSON
    for name in names:
        if not isinstance(answer, dict) or answer.get(name) is None:
            raise InfraError(f"GitHub's answer has no {'.'.join(names)}.")
        answer = answer[name]
    return answer


def _pull_request(answer: Any) -> PullRequest:  # noqa: ANN401 - JSON
    return PullRequest(
        number=int(_part(answer, "number")),
        author=str((answer.get("user") or {}).get("login", "")),
        head=str(_part(answer, "head", "sha")),
        base=str(_part(answer, "base", "ref")),
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
