"""The reports of a preflight as files, written at once."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.record import PreflightRecord
from infra.preflight.reports.html import html_report
from infra.preflight.reports.junit import junit_report
from infra.preflight.reports.markdown import markdown_report


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
    try:
        environment.build.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=".preflight.", dir=environment.build))
        try:
            for path, text in texts.items():
                (workshop / path.name).write_text(text, encoding="utf-8")
            shutil.rmtree(files.folder, ignore_errors=True)
            workshop.rename(files.folder)
        finally:
            shutil.rmtree(workshop, ignore_errors=True)
    except OSError as error:
        raise InfraError(f"The reports of the preflight could not be written to {files.folder}: {error}") from error
    return files
