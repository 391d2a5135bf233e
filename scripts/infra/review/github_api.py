"""Asking GitHub's API: one request, a list of several pages, a file.

What GitHub does not answer, or answers in a shape that is not expected, is an error: nothing is judged on half an
answer.

Source: https://docs.github.com/rest (version 2022-11-28).
"""

import functools
import json
import os
import re
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, Self, TypeVar

from infra.errors import InfraError
from infra.review.http import Response, send

_P = ParamSpec("_P")
_Answer = TypeVar("_Answer")

_API_VERSION: Final = "2022-11-28"
PAGE: Final = 100
MOST_PAGES: Final = 30


def as_documented(ask: Callable[_P, _Answer]) -> Callable[_P, _Answer]:
    """An answer of another shape than GitHub documents is an error like any other.

    Args:
        ask: asks GitHub and takes the answer apart.

    Returns:
        The same, raising InfraError.
    """

    @functools.wraps(ask)
    def asked(*arguments: _P.args, **named: _P.kwargs) -> _Answer:
        try:
            return ask(*arguments, **named)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InfraError(f"GitHub's answer is not as documented ({error!r}): nothing was judged on it.") from error

    return asked


@dataclass(frozen=True)
class GitHubApi:
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
    def from_environment(cls, variables: Mapping[str, str] = os.environ) -> Self:
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

    def download(self, path: str) -> bytes:
        """A file: GitHub answers with the address of a store that must not see the token.

        Args:
            path: below the repository.

        Returns:
            Its content.

        Raises:
            InfraError: it was not to be had, or the store has no TLS.
        """
        location = self._send("GET", self._url(path), expected=(302,)).location
        if not re.match(r"https://|http://127\.0\.0\.1[:/]", location):
            raise InfraError(f"GitHub sent the download of {path} to an address without TLS: not followed.")
        answer = send(urllib.request.Request(location), f"The download of {path}", again=True)  # noqa: S310 - see above
        if answer.status != 200:
            raise InfraError(f"The download of {path} was answered with {answer.status}. Run the job again.")
        return answer.content

    def pages(self, path: str) -> list[dict[str, Any]]:
        """A list, all of it.

        Args:
            path: below the repository.

        Returns:
            The entries of all pages.

        Raises:
            InfraError: GitHub did not answer, or there are more than can be read.
        """
        found: list[dict[str, Any]] = []
        for page in range(1, MOST_PAGES + 1):
            answer = self.call("GET", f"{self._url(path)}?per_page={PAGE}&page={page}")
            if not isinstance(answer, list):
                raise InfraError(f"GitHub answered GET {path} with something that is no list.")
            found += answer
            if len(answer) < PAGE:
                return found
        raise InfraError(f"GitHub lists more than {MOST_PAGES * PAGE} entries at {path}: not all were read.")

    def rest(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """One question to the REST API.

        Args:
            method: of HTTP.
            path: below the repository.
            body: becomes JSON; None for none.

        Returns:
            The answer, parsed.

        Raises:
            InfraError: GitHub did not answer, or with an error.
        """
        return self.call(method, self._url(path), body)

    def call(self, method: str, url: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """One question to either API; as `rest`, with the whole URL.

        Args:
            method: of HTTP.
            url: as it is.
            body: becomes JSON; None for none.

        Returns:
            The answer, parsed.

        Raises:
            InfraError: GitHub did not answer, or with an error.
        """
        content = self._send(method, url, body, expected=(200, 201)).content
        try:
            return json.loads(content)
        except ValueError as error:
            raise InfraError(f"GitHub answered {method} {url} with something that is no JSON.") from error

    def _url(self, path: str) -> str:
        return f"{self.api}/repos/{self.repository}{path}"

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


def part(answer: Any, *names: str) -> Any:  # noqa: ANN401 - JSON
    """What lies deep in an answer.

    Args:
        answer: parsed JSON.
        names: the way to it.

    Returns:
        The value.

    Raises:
        InfraError: it is not there.
    """
    for name in names:
        if not isinstance(answer, dict) or answer.get(name) is None:
            raise InfraError(f"GitHub's answer has no {'.'.join(names)}.")
        answer = answer[name]
    return answer
