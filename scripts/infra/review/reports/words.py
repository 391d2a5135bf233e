"""The words and signs that all reports use for the same thing."""

from collections import Counter

from infra.review.gate import Decision, Verdict
from infra.review.model import Action, Change, Check, Finding, Json, Review, Risk
from infra.review.reports.text import line, value

ACTION_WORDS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE_DELETE_FIRST: "replace (destroy, then create)",
    Action.REPLACE_CREATE_FIRST: "replace (create, then destroy)",
    Action.DELETE: "destroy",
    Action.DELETE_DEPOSED: "destroy the deposed object",
    Action.FORGET: "forget (stays in the account)",
    Action.READ: "read during apply",
    Action.MOVE: "move",
    Action.IMPORT: "import",
}
# As Terraform's own output has them, where it has one.
ACTION_SIGNS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE_DELETE_FIRST: "-/+",
    Action.REPLACE_CREATE_FIRST: "+/-",
    Action.DELETE: "-",
    Action.DELETE_DEPOSED: "-",
    Action.FORGET: "×",  # noqa: RUF001 the sign is meant
    Action.READ: "<=",
    Action.MOVE: "→",
    Action.IMPORT: "←",
}
RISK_WORDS = {
    Risk.DATA_LOSS: "data loss",
    Risk.OUTAGE: "outage",
    Risk.ACCESS: "access",
    Risk.COST: "cost",
    Risk.PLAIN: "plain",
    Risk.NONE: "no effect",
}
RISK_MARKS = {
    Risk.DATA_LOSS: "🟥",
    Risk.OUTAGE: "🟧",
    Risk.ACCESS: "🟪",
    Risk.COST: "🟨",
    Risk.PLAIN: "🟦",
    Risk.NONE: "⬜",
}
DECISION_WORDS = {
    Decision.ALLOWED: "may be applied",
    Decision.WAITS: "waits",
    Decision.FORBIDDEN: "forbidden",
}
# In Markdown, where GitHub draws them; a terminal and a page have colours.
DECISION_MARKS = {Decision.ALLOWED: "✅", Decision.WAITS: "⏳", Decision.FORBIDDEN: "⛔"}
# What a reviewer must see whatever else has to go.
_DANGEROUS = {Risk.DATA_LOSS, Risk.OUTAGE, Risk.ACCESS}


def dangerous(change: Change) -> bool:
    """Whether a change belongs to the part of a report that is the last to be shortened.

    Args:
        change: any.
    """
    return change.risk in _DANGEROUS or change.needs_acknowledgement


def module_words(module: str) -> str:
    """How a module is called in a report.

    Args:
        module: as the root calls it; "" for the root.
    """
    return line(module) if module else "(root)"


def how_many(count: int, one: str, many: str = "") -> str:
    """A number with its noun.

    Args:
        count: how many.
        one: the noun for one.
        many: for none and several; by default with an "s".
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def tally(review: Review) -> str:
    """How many changes of which action, as in "2 create, 1 destroy".

    Args:
        review: the review.
    """
    counts = review.actions
    return ", ".join(f"{counts[action]:,} {ACTION_WORDS[action]}" for action in Action if counts[action])


def decision(verdict: Verdict) -> str:
    """The verdict in a few words.

    Args:
        verdict: what the gate says.
    """
    words = DECISION_WORDS[verdict.decision]
    return f"{words}, {how_many(len(verdict.reasons), 'reason')}" if verdict.reasons else words


def approvals(verdict: Verdict) -> str:
    """The approvals that a plan needs and has, in a sentence without a full stop; "" when there is nothing to say.

    Args:
        verdict: what the gate says.
    """
    if not verdict.needed and not verdict.approved_by:
        return ""
    given = f" (given by {', '.join(verdict.approved_by)})" if verdict.approved_by else ""
    return f"{len(verdict.approved_by)} of {how_many(verdict.needed, 'approval')}{given}"


def subject(review: Review) -> str:
    """What the verdict is about.

    Args:
        review: the review.

    Returns:
        As in "production", or "production in an emulated account"; not harmless.
    """
    facts = review.provenance
    where = "" if facts.account_kind == "aws" else f" in an {facts.account_kind} account"
    return facts.environment + where


def headline(review: Review) -> str:
    """The plan in half a sentence.

    Args:
        review: the review.

    Returns:
        As in "3 changes: 2 create, 1 destroy".
    """
    if review.empty:
        return "nothing changes"
    if not review.changes:
        return f"{how_many(len(review.outputs), 'output')} change, no resource"
    return f"{how_many(len(review.changes), 'change')}: {tally(review)}"


def planned(after: Json, unknown: bool, limit: int) -> str:
    """A planned value, on one line.

    Args:
        after: the value, None when it is unknown.
        unknown: whether it is known only after apply.
        limit: how many characters may stay.
    """
    return "(known after apply)" if unknown else value(after, limit)


def not_passed(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    """The conditions that a reviewer must look at: neither passed, nor left for the apply, which stops at them.

    Args:
        checks: all.
    """
    return tuple(check for check in checks if check.status not in {"pass", "unknown"})


def condition_counts(checks: tuple[Check, ...]) -> str:
    """How the conditions ended, as in "1 condition did not pass, 3 passed, 2 decided only during apply".

    Args:
        checks: all.
    """
    counts = Counter(check.status for check in checks)
    late = f", {counts['unknown']:,} decided only during apply" if counts["unknown"] else ""
    failed = len(not_passed(checks))
    if failed:
        return f"{how_many(failed, 'condition')} did not pass, {counts['pass']:,} passed{late}"
    return f"{how_many(counts['pass'], 'condition')} passed{late}"


def by_rule(findings: tuple[Finding, ...]) -> list[list[Finding]]:
    """The findings of a rule together: broken in a hundred places, it is still one thing to understand.

    Args:
        findings: the worst first.

    Returns:
        The findings of each rule and severity, the worst first.
    """
    rules: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        rules.setdefault((finding.severity, finding.rule), []).append(finding)
    return list(rules.values())


def made_from(review: Review) -> tuple[tuple[str, str], ...]:
    """What the plan is and what it was made from.

    Args:
        review: the review.

    Returns:
        (name, value) in the order to show them in, harmless.
    """
    facts = review.provenance
    commit = facts.commit or "none: not made in a git checkout"
    state = f"serial {facts.serial}, lineage {facts.lineage}" if facts.lineage else "none yet"
    return tuple(
        (name, line(text, 100))
        for name, text in (
            ("Environment", facts.environment),
            ("Account", f"{facts.account_id} ({facts.account_kind})"),
            ("Plan digest", facts.digest),
            ("Plan file SHA-256", facts.plan_sha256),
            ("Commit", commit if facts.clean or not facts.commit else f"{commit}, with changes that are not committed"),
            ("State", state),
            ("Planned", facts.created),
            ("Terraform", f"{facts.terraform_version}, provider hashicorp/aws {facts.provider_version}"),
        )
    )
