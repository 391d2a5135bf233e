"""From what checkov answered to findings: held against what it should have seen and should have found."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.policies.checkov_settings import Settings
from infra.policies.outcome import not_judged
from infra.review.model import Finding, Severity

Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Judged:
    """One answer of checkov, judged.

    Args:
        findings: what counts.
        matched: IDs of skips that left something out.
        skipped: how many failures were left out.
    """

    findings: list[Finding]
    matched: frozenset[str]
    skipped: int


def judge_start(answer: Answer, settings: Settings) -> list[Finding]:
    """Whether every check that is meant to run is there.

    Args:
        answer: of the request `start`.
        settings: .checkov.yaml.

    Returns:
        What failed to load, and skips that name no check or give no reason.
    """
    findings = _errors(answer, "checks of checkov")
    if findings:
        return findings
    known = set(answer["checks"])
    for skip in settings.skips:
        where = f"{settings.path.name}:{skip.line}"
        if skip.id not in known:
            message = f"{skip.id} is no check of checkov's, nor one of ours"
            findings.append(not_judged("SKIP", where, message, "Correct the ID, or remove the line."))
        if not skip.reason:
            message = f"{skip.id} is skipped without a reason"
            findings.append(not_judged("SKIP", where, message, "Write the reason as a comment above it."))
    return findings


def judge_configuration(answer: Answer, folder: Path, settings: Settings, root: Path) -> Judged:
    """The findings in the configuration below one root module.

    Args:
        answer: of the request `configuration`.
        folder: the root module.
        settings: .checkov.yaml.
        root: what paths are shown relative to.

    Returns:
        The findings, `file:line` each.
    """
    shown = _shown(folder, root)
    problems = _errors(answer, shown)
    if not problems:
        own = {str(path.resolve()) for path in folder.glob("*.tf")} if folder.is_dir() else set()
        unread = sorted(_shown(Path(path), root) for path in own - set(answer["files"]))
        if not own:
            problems.append(_unseen(shown, "there is no Terraform file in this folder"))
        problems += [_unseen(path, "checkov did not read it: it is no HCL that checkov understands") for path in unread]
        if own and not answer["resources"]:
            problems.append(_unseen(shown, "checkov saw no resource"))
    for skipped in answer.get("skipped", []):
        if skipped["reason"] in ("", "No comment provided"):
            where = f"{_shown(Path(skipped['file']), root)}:{skipped['line']}"
            message = f"{skipped['id']} is skipped without a reason"
            problems.append(not_judged("SKIP", where, message, "Say why: `#checkov:skip=<id>:<reason>`."))
    return _judged(answer, problems, settings, lambda failed: f"{_shown(Path(failed['file']), root)}:{failed['line']}")


def judge_plan(answer: Answer, name: str, addresses: Collection[str], settings: Settings) -> Judged:
    """The findings in a plan.

    Args:
        answer: of the request `plan`.
        name: of the plan, for the messages.
        addresses: of every managed resource that exists after the plan.
        settings: .checkov.yaml.

    Returns:
        The findings, an address each.
    """
    problems = _errors(answer, name)
    if not problems:
        seen = set(answer["resources"])
        problems += [_unseen(address, "checkov did not see this resource") for address in sorted(set(addresses) - seen)]
        problems += [
            _unseen(address, "checkov saw this resource, which the plan does not have")
            for address in sorted(seen - set(addresses))
        ]
    return _judged(answer, problems, settings, lambda failed: str(failed["resource"]))


def judge_canary(answer: Answer, what: str, expected: Iterable[str]) -> list[Finding]:
    """Whether what is known to be bad was found.

    Args:
        answer: for the canary's configuration or plan.
        what: which canary.
        expected: checks that must have failed.

    Returns:
        A finding for each that did not.
    """
    errors = _errors(answer, f"canary: {what}")
    found = {failed["id"] for failed in answer.get("failed", [])}
    return errors + [missed(what, each) for each in expected if each not in found]


def missed(what: str, check: str) -> Finding:
    """The finding that a canary passed.

    Args:
        what: which canary.
        check: what should have found it.

    Returns:
        The finding.
    """
    remedy = "Until this is found again, no scan means anything: look what changed in the check or in checkov."
    return not_judged("CANARY", f"canary: {what}", f"{check} does not find what is known to be bad", remedy)


def stale_skips(
    settings: Settings, matched: Collection[str], *, plans_too: bool, applied_too: bool = False
) -> list[Finding]:
    """Skips that leave nothing out.

    Args:
        settings: .checkov.yaml.
        matched: IDs of the skips that left something out.
        plans_too: whether every environment's plan was scanned; if not, nothing is said about skips for plans only.
        applied_too: whether among them is one of each environment after it was applied.

    Returns:
        A finding for each.
    """
    return [
        not_judged(
            "SKIP", f"{settings.path.name}:{skip.line}", f"{skip.id} matches nothing any more", "Remove the line."
        )
        for skip in settings.skips
        if skip.id not in matched and (plans_too or not skip.plan_only) and (applied_too or not skip.applied_only)
    ]


def _judged(answer: Answer, problems: list[Finding], settings: Settings, where: Any) -> Judged:  # noqa: ANN401
    skips = {skip.id for skip in settings.skips}
    failures = answer.get("failed", [])
    findings = [
        Finding(
            rule=failed["id"],
            title=failed["name"],
            where=where(failed),
            severity=Severity.MEDIUM,  # checkov has severities on its vendor's platform only
            message=f"{failed['resource']} fails this check",
            remedy=f"Correct it ({failed['guideline']})." if failed["guideline"] else "Correct what the check names.",
            source="checkov",
        )
        for failed in failures
        if failed["id"] not in skips
    ]
    matched = [failed["id"] for failed in failures if failed["id"] in skips]
    return Judged(problems + findings, frozenset(matched), len(matched))


def _errors(answer: Answer, where: str) -> list[Finding]:
    remedy = "Mend what the message names; nothing of it was judged."
    return [not_judged("ERROR", where, message, remedy) for message in answer["errors"]]


def _unseen(where: str, message: str) -> Finding:
    return not_judged(
        "COVERAGE", where, message, "Nothing of it was judged: mend it, or find out why checkov leaves it out."
    )


def _shown(path: Path, root: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(root.resolve())) if resolved.is_relative_to(root.resolve()) else str(path)
