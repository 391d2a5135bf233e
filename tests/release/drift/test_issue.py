"""One issue an environment while there is something to tell, and none afterwards."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.errors import InfraError
from infra.release.drift.issue import Issues, Told, told
from infra.release.drift.reports import DriftFiles, write_reports
from infra.review.reports.markdown_text import marker
from tests.delivery.github_double import REPOSITORY, TOKEN, GitHubDouble, github_double
from tests.release.drift.samples import CLEAN, DRIFTED, FAILED

MARK = marker("staging", "drift")


@pytest.fixture
def github() -> Iterator[GitHubDouble]:
    with github_double() as double:
        yield double


def issues(github: GitHubDouble) -> Issues:
    return Issues(REPOSITORY, github.url, f"{github.url}/graphql", TOKEN)


def test_opened_updated_closed_and_opened_anew(github: GitHubDouble) -> None:
    said = issues(github).tell("staging", Told(f"{MARK}\none", clean=False))
    assert said == f"opened https://github.com/{REPOSITORY}/issues/200"
    assert issues(github).tell("staging", Told(f"{MARK}\ntwo", clean=False)).startswith("updated ")
    assert [(each["title"], each["body"], each["state"]) for each in github.issues] == [
        ("Drift in staging", f"{MARK}\ntwo", "open")
    ]
    assert issues(github).tell("staging", Told(f"{MARK}\nnothing", clean=True)).startswith("closed ")
    assert [(each["body"], each["state"], each["state_reason"]) for each in github.issues] == [
        (f"{MARK}\nnothing", "closed", "completed")
    ]
    assert issues(github).tell("staging", Told(f"{MARK}\nagain", clean=False)).startswith("opened ")
    assert [each["state"] for each in github.issues] == ["closed", "open"]


def test_nothing_is_opened_for_nothing(github: GitHubDouble) -> None:
    assert "nothing to tell" in issues(github).tell("staging", Told(f"{MARK}\nnothing", clean=True))
    assert github.issues == []


def test_each_environment_has_its_own(github: GitHubDouble) -> None:
    other = marker("production", "drift")
    issues(github).tell("staging", Told(f"{MARK}\none", clean=False))
    issues(github).tell("production", Told(f"{other}\none", clean=False))
    issues(github).tell("staging", Told(f"{MARK}\nnothing", clean=True))
    assert [(each["title"], each["state"]) for each in github.issues] == [
        ("Drift in staging", "closed"),
        ("Drift in production", "open"),
    ]


def test_only_the_bots_own_issue_is_touched(github: GitHubDouble) -> None:
    """Anybody may write the marker; and a pull request is listed among the issues."""
    github.open_issue("mine", f"{MARK}\nby a person")
    github.open_issue("empty", None, "github-actions[bot]", "Bot")
    github.open_issue("a pull request", f"{MARK}\n", "github-actions[bot]", "Bot")["pull_request"] = {}
    before = json.dumps(github.issues)
    issues(github).tell("staging", Told(f"{MARK}\none", clean=False))
    assert json.dumps(github.issues[:3]) == before
    assert len(github.issues) == 4


def test_two_open_ones_become_one(github: GitHubDouble) -> None:
    """Two runs at the same time; and more issues than fit on a page."""
    for number in range(120):
        github.open_issue(f"another {number}", "text")
    for _ in range(2):
        github.open_issue("Drift in staging", f"{MARK}\nold", "github-actions[bot]", "Bot")
    issues(github).tell("staging", Told(f"{MARK}\nnew", clean=False))
    assert [(each["body"], each["state"]) for each in github.issues[120:]] == [
        (f"{MARK}\nnew", "open"),
        (f"{MARK}\nold", "closed"),
    ]


def test_a_text_without_marker_is_refused(github: GitHubDouble) -> None:
    with pytest.raises(InfraError, match="marker"):
        issues(github).tell("staging", Told("no marker", clean=False))
    assert github.issues == []


def test_what_github_refuses_is_an_error(github: GitHubDouble) -> None:
    github.failures = {f"/repos/{REPOSITORY}/issues": [403]}
    with pytest.raises(InfraError, match="403"):
        issues(github).tell("staging", Told(f"{MARK}\none", clean=False))


def test_what_a_report_says(tmp_path: Path) -> None:
    files = DriftFiles(tmp_path / "drift")
    write_reports(DRIFTED, files)
    what, examined = told(files, "staging")
    assert (what.clean, examined) == (False, True)
    assert what.body.startswith(f"{MARK}\n")
    write_reports(CLEAN, files)
    assert told(files, "staging")[0].clean
    write_reports(FAILED, files)
    assert not told(files, "staging")[0].clean, "what could not be examined closes no issue"


def test_without_a_report_the_issue_says_so(tmp_path: Path) -> None:
    variables = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "a/b", "GITHUB_RUN_ID": "7"}
    what, examined = told(DriftFiles(tmp_path / "drift"), "staging", variables)
    assert (what.clean, examined) == (False, False)
    assert what.body.startswith(f"{MARK}\n")
    assert "could not be examined" in what.body
    assert "https://github.com/a/b/actions/runs/7" in what.body


def test_a_report_of_something_else_is_refused(tmp_path: Path) -> None:
    files = DriftFiles(tmp_path / "drift")
    write_reports(CLEAN, files)
    with pytest.raises(InfraError, match="is of staging, not of production"):
        told(files, "production")
    files.document.write_text("{")
    with pytest.raises(InfraError, match="cannot be read"):
        told(files, "staging")
