"""The reports of a preflight as files, written at once."""

from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment
from infra.preflight.record import PreflightRecord
from infra.preflight.reports.html import html_report
from infra.preflight.reports.junit import junit_report
from infra.preflight.reports.markdown import markdown_report
from infra.review.reports.folder import replace_reports


@dataclass(frozen=True)
class PreflightFiles:
    """The places of a preflight's reports.

    Args:
        folder: build/<env>/preflight.
    """

    folder: Path

    @property
    def page(self) -> Path:
        """The HTML page."""
        return self.folder / "preflight.html"

    @property
    def summary(self) -> Path:
        """Markdown."""
        return self.folder / "preflight.md"

    @property
    def junit(self) -> Path:
        """JUnit XML."""
        return self.folder / "preflight.junit.xml"


def write_reports(record: PreflightRecord, environment: Environment) -> PreflightFiles:
    """Write every report; those of an earlier run are replaced as a whole.

    Args:
        record: a finished preflight, while the logs of its tasks are still there.
        environment: its environment.

    Returns:
        Where they are.

    Raises:
        InfraError: they could not be written.
    """
    files = PreflightFiles(environment.build / "preflight")
    texts = {
        files.page: html_report(record),
        files.summary: markdown_report(record),
        files.junit: junit_report(record),
    }
    replace_reports(files.folder, {path.name: text for path, text in texts.items()}, "the preflight")
    return files
