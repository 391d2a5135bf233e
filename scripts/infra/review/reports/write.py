"""All reports of a review as files, written at once."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment
from infra.repository import ROOT
from infra.review.gate import Verdict
from infra.review.model import Review
from infra.review.reports.folder import replace_reports
from infra.review.reports.html import html_report
from infra.review.reports.json_document import json_report
from infra.review.reports.junit import junit_report
from infra.review.reports.markdown import Markdown
from infra.review.reports.sarif import sarif_report
from infra.review.reports.sources import Sources


@dataclass(frozen=True)
class ReportFiles:
    """The places of a review's reports.

    Args:
        folder: build/<env>/review.
    """

    folder: Path

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / "review.html"

    @property
    def document(self) -> Path:
        """Everything, for programs."""
        return self.folder / "review.json"

    @property
    def comment(self) -> Path:
        """The comment on a pull request."""
        return self.folder / "comment.md"

    @property
    def job_summary(self) -> Path:
        """The summary of a job."""
        return self.folder / "summary.md"

    @property
    def sarif(self) -> Path:
        """The findings for code scanning."""
        return self.folder / "review.sarif"

    @property
    def junit(self) -> Path:
        """Conditions, findings and gate as test cases."""
        return self.folder / "review.junit.xml"


def review_folder(environment: Environment) -> Path:
    """Where the reports about the saved plan of an environment are.

    Args:
        environment: whose.
    """
    return environment.build / "review"


def discard_reports(folder: Path) -> None:
    """Remove the reports; those of an older plan must not stand for a new one.

    Args:
        folder: of the reports.
    """
    shutil.rmtree(folder, ignore_errors=True)


def whole_report(folder: Path, variables: Mapping[str, str]) -> str:
    """Where a reader of a comment finds the whole report.

    Args:
        folder: of the reports.
        variables: the process environment; in GitHub Actions it names the run, which keeps the folder as an artifact.

    Returns:
        URL of the run, or the page's path in this repository.
    """
    if variables.get("GITHUB_ACTIONS") == "true":
        return "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format_map(variables)
    page = ReportFiles(folder).page
    return str(page.relative_to(ROOT) if page.is_relative_to(ROOT) else page)


def write_reports(
    review: Review, verdict: Verdict, folder: Path, *, sources: Sources, whole: str, purpose: str
) -> ReportFiles:
    """Write every report. They come into being together: the folder has those of one review, or none.

    Args:
        review: the review.
        verdict: what the gate says.
        folder: where to; it is made, readable by its owner alone like every file in it, and replaced as a whole.
        sources: where the configuration of the plan is, for the places of findings.
        whole: where a reader of the comment finds the whole report, as `whole_report` says it.
        purpose: what the comment is for, as in "plan"; one of another purpose stands beside it.

    Returns:
        Where they are.

    Raises:
        InfraError: they could not be written.
    """
    markdown = Markdown(review, verdict, whole)
    new = ReportFiles(folder)
    texts = {
        new.page: html_report(review, verdict),
        new.document: json_report(review, verdict),
        new.comment: markdown.comment(purpose),
        new.job_summary: markdown.job_summary(),
        new.sarif: sarif_report(review, verdict, sources),
        new.junit: junit_report(review, verdict),
    }
    replace_reports(folder, {path.name: text for path, text in texts.items()}, "the review")
    return new
