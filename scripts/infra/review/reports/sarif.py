"""The findings as SARIF 2.1.0, for GitHub's code scanning.

https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
says which properties GitHub reads, and that it keeps 5,000 results of a run.
"""

import hashlib
import json
from collections.abc import Iterable
from urllib.parse import quote

from infra.review.gate import Verdict
from infra.review.model import Finding, Json, Review, Severity
from infra.review.reports.sources import Sources
from infra.review.reports.text import line
from infra.review.reports.words import not_passed

RESULT_LIMIT = 5_000
_LEVELS = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
# GitHub sorts security findings by this: above 9.0 is critical, 7.0 high, 4.0 medium, above 0 low.
_SCORES = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
    Severity.INFO: "0.1",
}
_TEXT = 1_000


def sarif_report(review: Review, verdict: Verdict, sources: Sources) -> str:
    """The findings, and the conditions that did not pass, as one SARIF run.

    Args:
        review: the review.
        verdict: what the gate says.
        sources: where the configuration of the plan is.

    Returns:
        SARIF with at most 5,000 results, the most severe ones; the run says how many others there are.
    """
    findings = sorted([*review.findings, *_conditions(review)], key=lambda finding: finding.severity.rank)
    shown = findings[:RESULT_LIMIT]
    rules = _worst_of_each_rule(shown)
    numbers = {rule: number for number, rule in enumerate(rules)}
    left_out = len(findings) - len(shown)
    run: dict[str, Json] = {
        "tool": {"driver": {"name": "infra review", "rules": [_rule(finding) for finding in rules.values()]}},
        "automationDetails": {"id": f"infra-review/{quote(line(review.provenance.environment), safe='')}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": _notifications(left_out)}],
        "results": [_result(finding, numbers[finding.rule], sources) for finding in shown],
        "properties": {
            "planDigest": review.provenance.digest,
            "decision": verdict.decision,
            "resultsLeftOut": left_out,
        },
    }
    document = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    return json.dumps(document, separators=(",", ":")) + "\n"


def _conditions(review: Review) -> Iterable[Finding]:
    for check in not_passed(review.checks):
        yield Finding(
            rule=f"condition-{check.status}",
            title="A condition of the configuration did not pass",
            where=check.address,
            severity=Severity.HIGH,
            message=" ".join(check.messages) or f"The condition's status is {check.status}.",
            remedy="Read what the condition asks for and mend the configuration or its variables.",
            source="review",
        )


def _worst_of_each_rule(findings: Iterable[Finding]) -> dict[str, Finding]:
    rules: dict[str, Finding] = {}
    for finding in findings:  # the most severe first
        rules.setdefault(finding.rule, finding)
    return rules


def _rule(finding: Finding) -> dict[str, Json]:
    return {
        "id": line(finding.rule) or "unnamed",
        "shortDescription": {"text": _text(finding.title)},
        "help": {"text": _text(finding.remedy)},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {"security-severity": _SCORES[finding.severity], "tags": ["security", finding.source]},
    }


def _result(finding: Finding, rule: int, sources: Sources) -> dict[str, Json]:
    place = sources.place(finding.where)
    # Two findings of a rule at the same module call are two: GitHub tells them apart by this.
    identity = hashlib.sha256(json.dumps([finding.rule, finding.where]).encode()).hexdigest()
    return {
        "ruleId": line(finding.rule) or "unnamed",
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": _text(f"{line(finding.where)}: {finding.message}")},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(line(place.file)), "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": place.line},
                },
                "logicalLocations": [{"fullyQualifiedName": line(finding.where), "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": identity},
    }


def _notifications(left_out: int) -> list[Json]:
    if not left_out:
        return []
    text = f"{left_out:,} less severe results are left out: GitHub keeps {RESULT_LIMIT:,}. review.json has them all."
    return [{"level": "warning", "message": {"text": text}}]


def _text(text: str) -> str:
    """Plain text: without `](`, which makes a link (SARIF 2.1.0, 3.11.6); never empty, which says nothing."""
    return line(text, _TEXT).replace("](", "] (") or "-"
