"""GitHub's API on loopback, as far as the delivery uses it: comments, pull requests, reviews, artifacts, issues.

It answers as documented at https://docs.github.com/rest and records what it was asked. A test changes its attributes
between requests, as people and pushes change a pull request.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlparse

TOKEN = "ghs_a-token-of-the-double"  # noqa: S105 - opens nothing
REPOSITORY = "Hokusai-protocol/hokusai-infrastructure"


class GitHubDouble:
    """A repository with one pull request."""

    def __init__(self) -> None:
        self.number = 12
        self.author = "carol"
        self.head = ""
        self.merge_commit: str | None = None
        self.commits: list[dict[str, Any]] = []
        self.reviews: list[dict[str, Any]] = []
        self.comments: list[dict[str, Any]] = []
        self.artifacts: dict[int, dict[str, Any]] = {}
        self.issues: list[dict[str, Any]] = []
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        # Path prefix -> status that is answered instead, as often as said.
        self.failures: dict[str, list[int]] = {}
        self.raw: dict[str, bytes] = {}
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def environment(self) -> dict[str, str]:
        """What a workflow run has in its process environment."""
        return {"GITHUB_API_URL": self.url, "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_TOKEN": TOKEN}

    # What people do -----------------------------------------------------------------------------------------------

    def push(self, commit: str, login: str = "carol", email: str = "carol@x.org") -> None:
        """Somebody pushes a commit to the pull request."""
        self.head = commit
        who = {"login": login} if login else None
        self.commits.append(
            {
                "sha": commit,
                "author": who,
                "committer": who,
                "commit": {"author": {"email": email}, "committer": {"email": email}},
            }
        )

    def review(self, login: str, body: str, *, state: str = "APPROVED", at: str, commit: str = "") -> None:
        """Somebody reviews the pull request as it is."""
        self.reviews.append(
            {
                "author": {"login": login} if login else None,
                "state": state,
                "body": body,
                "commit": {"oid": commit or self.head},
                "submittedAt": at,
                "lastEditedAt": None,
            }
        )

    def keep_artifact(self, name: str, archive: bytes, *, head: str = "", expired: bool = False) -> int:
        """A run leaves an artifact."""
        number = len(self.artifacts) + 1
        self.artifacts[number] = {
            "id": number,
            "name": name,
            "expired": expired,
            "created_at": f"2026-01-01T00:00:{number:02}Z",
            "workflow_run": {"head_sha": head or self.head},
            "archive": archive,
        }
        return number

    # What it answers ----------------------------------------------------------------------------------------------

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        base = f"/repos/{REPOSITORY}"
        if (method, path) == ("POST", "/graphql"):
            return 200, self._graphql(body["variables"])
        if path.startswith("/stored/"):
            return 200, self.artifacts[int(path.rpartition("/")[2])]["archive"]
        if not path.startswith(base):
            return 404, {"message": "Not Found"}
        return self._repository(method, path.removeprefix(base), query, body)

    def _repository(  # noqa: PLR0911 - a table of routes
        self, method: str, path: str, query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        pull = {
            "number": self.number,
            "user": {"login": self.author} if self.author else None,
            "head": {"sha": self.head},
            "base": {"ref": "main"},
            "merged_at": "2026-01-01T00:00:00Z" if self.merge_commit else None,
            # While a pull request is open, this is a trial merge.
            "merge_commit_sha": self.merge_commit or "f" * 40,
        }
        if method == "GET" and path == f"/pulls/{self.number}":
            return 200, pull
        if method == "GET" and path == f"/pulls/{self.number}/commits":
            return 200, _page(self.commits[:250], query)
        if method == "GET" and re.fullmatch(r"/commits/[0-9a-f]{40}/pulls", path):
            return 200, _page([pull], query)
        if path == f"/issues/{self.number}/comments":
            if method == "GET":
                return 200, _page(self.comments, query)
            return 201, self._new_comment(body["body"], "github-actions[bot]", "Bot")
        changed = re.fullmatch(r"/issues/comments/(\d+)", path)
        if method == "PATCH" and changed:
            comment = next(each for each in self.comments if each["id"] == int(changed[1]))
            comment["body"] = body["body"]
            return 200, comment
        if path == "/issues" or re.fullmatch(r"/issues/\d+", path):
            return self._issue(method, path, query, body)
        if method == "GET" and path == "/actions/artifacts":
            named = [each for each in self.artifacts.values() if each["name"] == query["name"]]
            shown = [{key: value for key, value in each.items() if key != "archive"} for each in named]
            return 200, {"total_count": len(shown), "artifacts": shown}
        download = re.fullmatch(r"/actions/artifacts/(\d+)/zip", path)
        if method == "GET" and download:
            return 302, f"{self.url}/stored/{download[1]}"
        return 404, {"message": "Not Found"}

    def _issue(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        if method == "GET":
            return 200, _page([each for each in self.issues if each["state"] == query.get("state", "open")], query)
        if method == "POST":
            return 201, self.open_issue(body["title"], body["body"], "github-actions[bot]", "Bot")
        issue = next(each for each in self.issues if each["number"] == int(path.rpartition("/")[2]))
        issue |= body
        return 200, issue

    def open_issue(self, title: str, body: str | None, login: str = "mallory", kind: str = "User") -> dict[str, Any]:
        """Somebody opens an issue."""
        number = 200 + len(self.issues)
        issue = {
            "number": number,
            "title": title,
            "body": body,
            "state": "open",
            "user": {"login": login, "type": kind},
        }
        issue["html_url"] = f"https://github.com/{REPOSITORY}/issues/{number}"
        self.issues.append(issue)
        return issue

    def _new_comment(self, body: str, login: str, kind: str) -> dict[str, Any]:
        number = 100 + len(self.comments)
        url = f"https://github.com/{REPOSITORY}/pull/{self.number}#issuecomment-{number}"
        comment = {"id": number, "body": body, "user": {"login": login, "type": kind}, "html_url": url}
        self.comments.append(comment)
        return comment

    def comment_by_person(self, body: str) -> None:
        """Somebody writes a comment."""
        self._new_comment(body, "mallory", "User")

    def _graphql(self, variables: dict[str, Any]) -> dict[str, Any]:
        start = int(variables["after"] or 0)
        nodes = self.reviews[start : start + 100]
        more = {"hasNextPage": start + 100 < len(self.reviews), "endCursor": str(start + 100)}
        return {"data": {"repository": {"pullRequest": {"reviews": {"pageInfo": more, "nodes": nodes}}}}}


def _page(entries: list[Any], query: dict[str, str]) -> list[Any]:
    size, page = int(query["per_page"]), int(query["page"])
    return entries[(page - 1) * size : page * size]


class _Handler(BaseHTTPRequestHandler):
    double: GitHubDouble

    def _any(self) -> None:
        url = urlparse(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        self.double.requests.append((self.command, self.path, dict(self.headers)))
        for prefix, statuses in self.double.failures.items():
            if url.path.startswith(prefix) and statuses:
                self._send(statuses.pop(0), {"message": "the double was told to fail"})
                return
        if url.path in self.double.raw:
            self._send(200, self.double.raw[url.path])
            return
        allowed = self.headers.get("Authorization") == f"Bearer {TOKEN}" or url.path.startswith("/stored/")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self._send(
            *(
                self.double.answer(self.command, url.path, query, body)
                if allowed
                else (401, {"message": "Bad credentials"})
            )
        )

    do_GET = do_POST = do_PATCH = _any  # noqa: N815 - the names that http.server asks for

    def _send(self, status: int, content: Any) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", content)
            data = b""
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives
        pass


@contextmanager
def github_double() -> Iterator[GitHubDouble]:
    """Start it; it ends with the block."""
    double = GitHubDouble()
    handler = type("Handler", (_Handler,), {"double": double})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    double.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield double
    finally:
        server.shutdown()
        server.server_close()
