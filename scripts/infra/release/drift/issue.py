"""The one issue that tells an environment's drift: opened, brought up to date, closed.

Source: https://docs.github.com/rest/issues/issues (version 2022-11-28).
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.errors import InfraError
from infra.release.drift.reports import DriftFiles
from infra.review.github_api import GitHubApi, as_documented, part
from infra.review.reports.markdown_text import code, marker


@dataclass(frozen=True)
class Told:
    """What the issue is to say.

    Args:
        body: Markdown, its first line the marker by which the issue is found again.
        clean: nothing is left to say, and all of it was examined.
    """

    body: str
    clean: bool


def told(files: DriftFiles, environment: str, variables: Mapping[str, str] = os.environ) -> tuple[Told, bool]:
    """What the issue of an environment is to say.

    Args:
        files: the reports of the examination.
        environment: its name.
        variables: of the workflow run, to which an issue without a report leads.

    Returns:
        It, and whether there was a report. Without one nobody knows, which is not the same as nothing found.

    Raises:
        InfraError: the report is of another environment or cannot be read.
    """
    if not files.document.exists():
        server, repository = variables.get("GITHUB_SERVER_URL", ""), variables.get("GITHUB_REPOSITORY", "")
        run = f"{server}/{repository}/actions/runs/{variables.get('GITHUB_RUN_ID', '')}"
        title = f"## ⛔ {code(environment)} could not be examined"
        return Told(
            f"{marker(environment, 'drift')}\n{title}\n\nNobody knows whether it has drifted. Why: {run}\n", False
        ), False
    try:
        report = json.loads(files.document.read_text(encoding="utf-8"))
        body = files.issue.read_text(encoding="utf-8")
        whose, exit_code = report["environment"], int(report["exit_code"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InfraError(f"The report {files.document} cannot be read ({error}): run `make drift` again.") from error
    if whose != environment:
        raise InfraError(f"The report {files.document} is of {whose}, not of {environment}.")
    return Told(body, exit_code == 0), True


@dataclass(frozen=True)
class Issues(GitHubApi):
    """The issues of one repository."""

    @as_documented
    def tell(self, environment: str, what: Told) -> str:
        """Bring the environment's issue up to date, so that there is exactly one while there is something to say.

        Args:
            environment: its name.
            what: it is to say.

        Returns:
            What was done, with the URL of the issue.

        Raises:
            InfraError: the text has no marker, or GitHub did not answer.
        """
        hidden = what.body.partition("\n")[0]
        if hidden != marker(environment, "drift"):
            raise InfraError("The issue's text does not begin with its marker: each run would open another one.")
        there = self._open(hidden)
        first = there[0] if there else None
        for other in there[1:]:
            self._change(other, {"state": "closed", "state_reason": "not_planned"})
        title = {"title": f"Drift in {environment}", "body": what.body}
        if first is None:
            if what.clean:
                return "there is nothing to tell and no issue open"
            return f"opened {part(self.rest('POST', '/issues', title), 'html_url')}"
        if what.clean:
            return f"closed {self._change(first, {**title, 'state': 'closed', 'state_reason': 'completed'})}"
        return f"updated {self._change(first, title)}"

    def _open(self, hidden: str) -> list[dict[str, Any]]:
        """Open issues with a marker, the oldest first; only a bot's own: anybody may write the marker."""
        found = [
            each
            for each in self.pages("/issues")  # open ones; pull requests are among them
            if "pull_request" not in each
            and str(each["body"] or "").partition("\n")[0].strip() == hidden
            and each["user"]["type"] == "Bot"
        ]
        return sorted(found, key=lambda each: int(each["number"]))

    def _change(self, issue: dict[str, Any], fields: dict[str, str]) -> str:
        return str(part(self.rest("PATCH", f"/issues/{int(issue['number'])}", fields), "html_url"))
