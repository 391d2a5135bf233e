"""The GitHub client against a double on loopback: what it writes, what it believes, and that it fails closed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from infra.errors import InfraError
from infra.review import http
from infra.review.github import GitHub, PullRequest
from tests.delivery.github_double import REPOSITORY, TOKEN, GitHubDouble, github_double

MARKED = "<!-- infra-review environment=staging purpose=plan -->\nfirst"
PULL = PullRequest(12, "carol", "a" * 40, "main", "")


@pytest.fixture
def double(monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubDouble]:
    monkeypatch.setattr(http.time, "sleep", lambda _: None)
    with github_double() as running:
        running.push("a" * 40)
        yield running


@pytest.fixture
def github(double: GitHubDouble) -> GitHub:
    return GitHub.from_environment(double.environment())


# Comments -------------------------------------------------------------------------------------------------------------


def test_one_comment_is_updated_in_place(github: GitHub, double: GitHubDouble) -> None:
    double.comment_by_person("hello")
    first = github.comment(12, MARKED)
    second = github.comment(12, MARKED.replace("first", "second"))
    assert first == second
    assert [each["body"] for each in double.comments] == ["hello", MARKED.replace("first", "second")]


def test_each_environment_has_its_own(github: GitHub, double: GitHubDouble) -> None:
    github.comment(12, MARKED)
    github.comment(12, MARKED.replace("staging", "production"))
    assert len(double.comments) == 2


def test_a_persons_comment_with_the_marker_is_left_alone(github: GitHub, double: GitHubDouble) -> None:
    double.comment_by_person(MARKED)
    github.comment(12, MARKED.replace("first", "second"))
    assert [each["user"]["type"] for each in double.comments] == ["User", "Bot"]
    assert double.comments[0]["body"] == MARKED


def test_the_comment_is_found_behind_many(github: GitHub, double: GitHubDouble) -> None:
    for _ in range(150):
        double.comment_by_person("hello")
    github.comment(12, MARKED)
    github.comment(12, MARKED)
    assert len(double.comments) == 151


@pytest.mark.parametrize("body", ["", "no marker", "<!-- a --> trailing", "<!-- --><script>x -->\n"])
def test_a_comment_without_marker_is_refused(github: GitHub, double: GitHubDouble, body: str) -> None:
    with pytest.raises(InfraError, match="hidden marker"):
        github.comment(12, body)
    assert double.requests == []


def test_a_comment_is_never_written_twice(github: GitHub, double: GitHubDouble) -> None:
    """A POST that failed may have been done: it is not repeated."""
    original = double.answer
    calls: list[str] = []

    def answer(method: str, path: str, query: dict[str, str], body: object) -> tuple[int, object]:
        calls.append(method)
        return (502, {"message": "busy"}) if method == "POST" else original(method, path, query, body)

    double.answer = answer  # type: ignore[method-assign]
    with pytest.raises(InfraError, match="502"):
        github.comment(12, MARKED)
    assert calls.count("POST") == 1


# Pull requests --------------------------------------------------------------------------------------------------------


def test_who_made_it(github: GitHub, double: GitHubDouble) -> None:
    double.push("b" * 40, "dave", "dave@x.org")
    makers = github.makers(github.pull_request(12))
    assert makers.logins == {"carol", "dave"}
    assert makers.emails == {"carol@x.org", "dave@x.org"}


def test_a_commit_that_nobody_is_known_for(github: GitHub, double: GitHubDouble) -> None:
    double.push("b" * 40, login="")
    with pytest.raises(InfraError, match="knows no account for the author of commit bbbbbbbbbbbb"):
        github.makers(github.pull_request(12))


def test_an_author_whose_account_is_gone(github: GitHub, double: GitHubDouble) -> None:
    double.author = ""
    with pytest.raises(InfraError, match="account that opened pull request 12 is gone"):
        github.makers(github.pull_request(12))


def test_more_commits_than_github_lists(github: GitHub, double: GitHubDouble) -> None:
    for _ in range(260):
        double.push("b" * 40)
    with pytest.raises(InfraError, match="Split it"):
        github.makers(github.pull_request(12))


def test_many_commits_are_all_read(github: GitHub, double: GitHubDouble) -> None:
    for _ in range(150):
        double.push("b" * 40)
    double.push("c" * 40, "last", "last@x.org")
    assert "last" in github.makers(github.pull_request(12)).logins


def test_the_pull_request_of_a_merge(github: GitHub, double: GitHubDouble) -> None:
    double.merge_commit = "e" * 40
    assert github.merged_pull_request("e" * 40).head == "a" * 40


@pytest.mark.parametrize("merged", [None, "d" * 40])
def test_a_commit_without_a_merged_pull_request(github: GitHub, double: GitHubDouble, merged: str | None) -> None:
    double.merge_commit = merged
    with pytest.raises(InfraError, match="was not made by merging"):
        github.merged_pull_request("e" * 40)
    # An open pull request names its trial merge.
    with pytest.raises(InfraError, match="was not made by merging"):
        github.merged_pull_request("f" * 40)


def test_reviews_of_all_pages(github: GitHub, double: GitHubDouble) -> None:
    for number in range(250):
        double.review(f"person-{number}", "x", at="2026-01-01T00:00:00Z")
    double.reviews[3]["lastEditedAt"] = "2026-01-02T00:00:00Z"
    double.reviews[4]["state"] = "PENDING"
    double.reviews[5] |= {"author": None, "commit": None}
    found = github.reviews(12)
    assert len(found) == 249
    assert [each.author for each in found if each.edited] == ["person-3"]
    assert [(each.author, each.commit) for each in found if not each.author] == [("", "")]


def test_reviews_that_are_not_told(github: GitHub, double: GitHubDouble) -> None:
    double.raw["/graphql"] = b'{"errors": [{"message": "rate limited"}], "data": null}'
    with pytest.raises(InfraError, match="rate limited"):
        github.reviews(12)
    double.raw["/graphql"] = b'{"data": {"repository": {"pullRequest": null}}}'
    with pytest.raises(InfraError, match="has no"):
        github.reviews(12)
    double.raw["/graphql"] = b"[]"
    with pytest.raises(InfraError):
        github.reviews(12)


# Artifacts ------------------------------------------------------------------------------------------------------------


def test_the_newest_artifact_of_the_commit(github: GitHub, double: GitHubDouble) -> None:
    double.keep_artifact("plan-staging", b"old")
    double.keep_artifact("plan-staging", b"new")
    double.keep_artifact("plan-staging", b"of another commit", head="b" * 40)
    double.keep_artifact("plan-production", b"another environment")
    assert github.artifact("plan-staging", "a" * 40) == b"new"


def test_the_token_stays_with_github(github: GitHub, double: GitHubDouble) -> None:
    double.keep_artifact("plan-staging", b"x")
    github.artifact("plan-staging", "a" * 40)
    stored = [headers for _, path, headers in double.requests if path.startswith("/stored/")]
    assert len(stored) == 1
    assert "Authorization" not in stored[0]


def test_no_artifact(github: GitHub, double: GitHubDouble) -> None:
    double.keep_artifact("plan-staging", b"x", expired=True)
    with pytest.raises(InfraError, match="no plan plan-staging of commit aaaaaaaaaaaa"):
        github.artifact("plan-staging", "a" * 40)


def test_a_download_that_fails(github: GitHub, double: GitHubDouble) -> None:
    double.keep_artifact("plan-staging", b"x")
    double.failures["/stored/"] = [404]
    with pytest.raises(InfraError, match="404"):
        github.artifact("plan-staging", "a" * 40)


def test_a_download_without_tls(github: GitHub, double: GitHubDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    double.keep_artifact("plan-staging", b"x")
    monkeypatch.setattr(GitHubDouble, "url", property(lambda _: "http://store.example"))
    with pytest.raises(InfraError, match="without TLS"):
        github.artifact("plan-staging", "a" * 40)


# Failing closed -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_an_error(github: GitHub, double: GitHubDouble, status: int) -> None:
    double.failures["/"] = [status]
    with pytest.raises(InfraError, match=f"{status}: the double was told to fail"):
        github.pull_request(12)


def test_a_question_is_asked_again(github: GitHub, double: GitHubDouble) -> None:
    double.failures["/"] = [502, 503]
    assert github.pull_request(12).number == 12


def test_but_not_for_ever(github: GitHub, double: GitHubDouble) -> None:
    double.failures["/"] = [502] * 10
    with pytest.raises(InfraError, match="502"):
        github.pull_request(12)
    assert len(double.requests) == 3


@pytest.mark.parametrize("answer", [b"<html>", b"", b"null", b"{}", b'{"number": 12}'])
def test_half_an_answer_is_an_error(github: GitHub, double: GitHubDouble, answer: bytes) -> None:
    double.raw[f"/repos/{REPOSITORY}/pulls/12"] = answer
    with pytest.raises(InfraError):
        github.pull_request(12)
    double.raw[f"/repos/{REPOSITORY}/pulls/12/commits"] = answer
    with pytest.raises(InfraError):
        github.makers(PULL)


def test_nobody_answers(github: GitHub) -> None:
    with pytest.raises(InfraError, match="got no answer"):
        replace(github, api="http://127.0.0.1:9").pull_request(12)


def test_the_token_is_in_no_message(github: GitHub, double: GitHubDouble) -> None:
    assert TOKEN not in repr(github)
    double.failures["/"] = [401]
    with pytest.raises(InfraError) as failure:
        github.pull_request(12)
    assert TOKEN not in str(failure.value)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"GITHUB_REPOSITORY": REPOSITORY},
        {"GITHUB_TOKEN": "x"},
        {"GITHUB_TOKEN": "x", "GITHUB_REPOSITORY": "a/b/../c"},
    ],
)
def test_outside_a_workflow(variables: dict[str, str]) -> None:
    with pytest.raises(InfraError, match="GITHUB_REPOSITORY"):
        GitHub.from_environment(variables)
