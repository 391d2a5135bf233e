"""The review as Markdown: the comment on a pull request and the summary of a job, within GitHub's limits.

A large plan is shortened by module, the least dangerous first, then dropped from the end; the dangerous changes come
first and go last. Whatever is left out is counted in the last lines, with the place where the whole is.
"""

from collections import Counter
from collections.abc import Iterator

from infra.review.addresses import first_module
from infra.review.approval import approval_line
from infra.review.gate import Verdict
from infra.review.model import AccessChange, Change, Drift, Finding, Review, Risk
from infra.review.reports.fitting import Form, LeftOut, Piece, fit, fixed
from infra.review.reports.markdown_changes import change_piece, module_piece
from infra.review.reports.markdown_text import code, fenced, marker, prose
from infra.review.reports.text import line
from infra.review.reports.words import (
    DECISION_MARKS,
    RISK_MARKS,
    RISK_WORDS,
    approvals,
    by_rule,
    condition_counts,
    dangerous,
    decision,
    headline,
    how_many,
    made_from,
    not_passed,
    planned,
    subject,
)

# GitHub refuses a longer comment (characters), and drops a longer job summary (KiB). Both are counted in bytes here.
COMMENT_LIMIT = 65_536
SUMMARY_LIMIT = 1024 * 1024
# For the line that says what is left out: a dozen nouns with their numbers and a link.
_FOOTER = 2_048
_VALUE = 200


class Markdown:
    """A review as Markdown.

    Args:
        review: the review.
        verdict: what the gate says.
        whole: where the whole report is: a URL, or a path.
    """

    def __init__(self, review: Review, verdict: Verdict, whole: str) -> None:
        self._environment = review.provenance.environment
        self._header = _header(review, verdict)
        self._pieces = [piece for section in _sections(review, verdict) for piece in section]
        self._facts = _facts(review)
        self._whole = whole

    def comment(self, purpose: str) -> str:
        """The comment on a pull request.

        Args:
            purpose: what the comment is for, as in "plan"; with the environment it makes the hidden marker.

        Returns:
            Markdown of at most 65,536 bytes, the marker in its first line.
        """
        first = marker(self._environment, purpose) + "\n"
        return first + self._within(COMMENT_LIMIT - len(first.encode()))

    def job_summary(self) -> str:
        """The summary of a job.

        Returns:
            Markdown of at most 1,024 KiB.
        """
        return self._within(SUMMARY_LIMIT)

    def _within(self, limit: int) -> str:
        room = limit - len((self._header + self._facts).encode()) - _FOOTER
        texts, left_out = fit(self._pieces, room)
        return self._header + "".join(texts) + self._facts + _footer(left_out, self._whole)


def _header(review: Review, verdict: Verdict) -> str:
    given = approvals(verdict)
    risks = " · ".join(
        f"{RISK_MARKS[risk]} {review.risks[risk]:,} {RISK_WORDS[risk]}" for risk in Risk if review.risks[risk]
    )
    destroys = "**This plan destroys the whole environment.**\n\n" if review.provenance.destroy else ""
    return (
        f"## {DECISION_MARKS[verdict.decision]} {code(subject(review))}: {decision(verdict)}\n\n"
        f"{prose(given) + '. ' if given else ''}{destroys}{headline(review)}"
        f"{', ' + format(review.unchanged, ',') + ' unchanged' if review.unchanged else ''}\n\n{risks}\n\n"
    )


def _sections(review: Review, verdict: Verdict) -> Iterator[list[Piece]]:
    yield [fixed(f"- {prose(reason)}\n", "reasons") for reason in verdict.reasons]
    if len(verdict.approved_by) < verdict.needed:
        words = approval_line(review.provenance.environment, review.provenance.digest)
        how = "To approve this plan, approve the pull request with this line in the review:"
        yield [fixed(f"\n{how}\n\n{fenced([line(words)], '')}\n", "the line to approve with")]
    yield _titled("Dangerous changes", [change_piece(change) for change in review.changes if dangerous(change)])
    yield _titled("Access", [_access(each) for each in review.access] + [
        fixed(f"- ❓ {code(each.address)}: {code(each.attribute)} is known only after apply: nobody can review it\n",
              "unknown policies")
        for each in review.unknown_access
    ])  # fmt: skip
    yield _titled("Findings", _findings(review.findings))
    yield _titled(
        "Conditions that did not pass",
        [
            fixed(f"- {code(check.address)} {prose(check.status)}: {prose('; '.join(check.messages))}\n", "conditions")
            for check in not_passed(review.checks)
        ],
    )
    yield _titled("Changed outside Terraform", [_drift(drift) for drift in review.drift])
    modules: dict[str, list[Change]] = {}
    for change in review.changes:
        if not dangerous(change):
            modules.setdefault(first_module(change.module), []).append(change)
    yield _titled("Other changes", [module_piece(name, changes) for name, changes in modules.items()])
    yield _titled(
        "Outputs",
        [
            fixed(
                f"- {code(each.name)}: {code(planned(each.before, False, _VALUE), 300)} → "
                f"{code(planned(each.after, each.unknown, _VALUE), 300)}\n",
                "outputs",
            )
            for each in review.outputs
        ],
    )


def _titled(title: str, pieces: list[Piece]) -> list[Piece]:
    """The heading goes with the first piece, so that none stands alone."""
    if not pieces:
        return []
    heading = f"\n### {title}\n\n"
    first = pieces[0]

    def fuller(room: int) -> Iterator[Form]:
        for form in first.fuller(room - len(heading)):
            yield Form(heading + form.text, form.left_out)

    return [Piece(Form(heading + first.least.text, first.least.left_out), first.absent, fuller), *pieces[1:]]


def _access(access: AccessChange) -> Piece:
    grant = access.grant
    verb = {"Allow": "may", "Deny": "is denied"}[grant.effect]
    conditions = f" if {' and '.join(code(each) for each in grant.conditions[:5])}" if grant.conditions else ""
    return fixed(
        f"- {'🔓' if access.widens else '🔒'} {'no longer: ' if access.change == 'removed' else ''}"
        f"{code(grant.principal)} {verb} {_some(grant.actions)} on {_some(grant.resources)}{conditions} "
        f"({code(access.address)})\n",
        "grants",
    )


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - 8:,} more" if len(names) > 8 else ""
    return ", ".join(code(name, 120) for name in names[:8]) + more


def _findings(findings: tuple[Finding, ...]) -> list[Piece]:
    return [_rule(found) for found in by_rule(findings)]


def _rule(findings: list[Finding]) -> Piece:
    first = findings[0]

    def form(shown: int) -> Form:
        places = ", ".join(code(finding.where) for finding in findings[:shown])
        hidden = max(0, len(findings) - shown)
        more = f" and {hidden:,} more" if hidden else ""
        text = (
            f"- **{first.severity}** {code(first.rule, 80)} {prose(first.title)}: {prose(first.message)} "
            f"{prose(first.remedy)} ({places}{more})\n"
        )
        return Form(text, Counter({f"places of findings of severity {first.severity}": hidden}))

    def fuller(_: int) -> Iterator[Form]:
        if len(findings) > 3:
            yield form(50)

    return Piece(form(3), Counter({f"findings of severity {first.severity}": len(findings)}), fuller)


def _drift(drift: Drift) -> Piece:
    if drift.action == "delete":
        return fixed(f"- {code(drift.address)} is gone\n", "drifted objects")
    paths = _some(tuple(attribute.path for attribute in drift.attributes))
    return fixed(f"- {code(drift.address)}: {paths}\n", "drifted objects")


def _facts(review: Review) -> str:
    lines = "".join(f"- {name}: {code(text)}\n" for name, text in made_from(review))
    hidden = how_many(review.secrets, "secret value was", "secret values were") if review.secrets else "No secret was"
    conditions = f"- {condition_counts(review.checks)}\n" if review.checks else ""
    return f"\n<details><summary>What this plan is</summary>\n\n{lines}- {hidden} redacted\n{conditions}\n</details>\n"


def _footer(left_out: LeftOut, whole: str) -> str:
    place = f"[the whole report]({whole})" if whole.startswith("https://") else f"the whole report: {code(whole)}"
    if not left_out:
        return f"\n{place}\n"
    counted = ", ".join(f"{noun} ({count:,})" for noun, count in sorted(left_out.items()))
    return f"\n> [!WARNING]\n> **Left out here** for GitHub's limit: {counted}. See {place}\n"
