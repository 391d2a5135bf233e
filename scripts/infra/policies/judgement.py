"""A plan and its configuration judged by everything there is: checkov, own policies, IAM.

    with start_scan(OWN) as scan:
        ... Terraform plans ...
        outcome = judge(OWN, scan, plan.json)

Nothing raises because of what is judged: what could not do its work is a finding, and then `outcome.judged` is false.
"""

import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from infra.errors import InfraError
from infra.policies.checkov_report import stale_skips
from infra.policies.checkov_settings import read_settings
from infra.policies.fixtures import judge_canaries
from infra.policies.iam.documents import documents
from infra.policies.iam.lint import to_lint
from infra.policies.outcome import Outcome, Ran, in_order, not_judged
from infra.policies.policy import Policy, load_policies
from infra.policies.scanner import Scan, Scope
from infra.repository import BOOTSTRAP, ENVIRONMENTS, MODULES, REQUIREMENTS, ROOT, STACK, build_folder
from infra.review.model import Finding
from infra.terraform.plan_json import Plan
from infra.tool_environment import tool_environment

POLICIES = ROOT / "policies"


@dataclass(frozen=True)
class Subject:
    """Whose plans are judged.

    Args:
        settings: its .checkov.yaml.
        scope: its configuration.
        policies: folder with own policies, their fixtures below it.
    """

    settings: Path
    scope: Scope
    policies: Path


def own_repository() -> Subject:
    """This repository: every example of a module, and both roots.

    Returns:
        The subject.
    """
    # Root by root: one scan of everything would render each module once for every caller in one graph, twice as slow.
    examples = sorted(path for path in MODULES.glob("*/examples/*") if path.is_dir())
    scope = Scope((*examples, STACK, BOOTSTRAP), (MODULES, ENVIRONMENTS), POLICIES / "canary", ROOT)
    return Subject(ROOT / ".checkov.yaml", scope, POLICIES)


def other_configuration(folder: Path) -> Subject:
    """A root module of another repository.

    Args:
        folder: the root module; its own .checkov.yaml is read where it has one.

    Returns:
        The subject: judged by this repository's policies.
    """
    own = folder / ".checkov.yaml"
    settings = own if own.exists() else POLICIES / "no_skips.yaml"
    return Subject(settings, Scope((folder,), (folder,), POLICIES / "canary", folder), POLICIES)


def start_scan(subject: Subject) -> Scan:
    """Start scanning the configuration in the background.

    Args:
        subject: whose.

    Returns:
        The running scan: a context manager that ends it.

    Raises:
        InfraError: .checkov.yaml cannot be read, or the tool environment could not be installed.
    """
    settings = read_settings(subject.settings)
    python = tool_environment("scan", REQUIREMENTS / "scan.lock")
    return Scan(python, settings, subject.scope, kept=build_folder() / "tools" / "scan-answers")


def judge(subject: Subject, scan: Scan, document: Path) -> Outcome:
    """Judge a plan, and the configuration that was scanned meanwhile.

    Args:
        subject: whose plan.
        scan: from `start_scan`.
        document: the plan's JSON.

    Returns:
        Every finding. A document that is no plan is a finding too.
    """
    asked = time.monotonic()
    configuration = scan.configuration()
    try:
        plan = Plan.from_json(document.read_bytes())
    except (OSError, InfraError) as error:
        finding = not_judged("ERROR", document.name, str(error), "Run `make plan` again.")
        return Outcome(in_order([*configuration.findings, finding]), _ran(scan, asked))
    scanned, matched, skipped = scan.plan(document, list(plan.resources))
    to_read = to_lint(documents(plan))
    own, policies, canaries = _own(subject, plan)
    findings = [*configuration.findings, *scanned, *scan.lint(to_read), *own]
    findings += stale_skips(scan.settings, configuration.matched | matched, plans_too=False)
    ran = replace(
        _ran(scan, asked),
        own_policies=policies,
        plan_resources=len(plan.resources),
        policy_documents=len(to_read),
        canaries=configuration.canaries + canaries,
        skipped=configuration.skipped + skipped,
    )
    return Outcome(in_order(findings), ran, configuration.matched | matched)


def judge_configuration(
    scan: Scan, of_all_plans: Collection[str] | None = None, *, applied_too: bool = False
) -> Outcome:
    """Judge the configuration alone, and whether each skip still leaves something out.

    Args:
        scan: from `start_scan`.
        of_all_plans: the skips that matched in the plans of all environments; None when one was not scanned, and
            then nothing is said about skips for plans only.
        applied_too: whether these plans are of environments that were applied.

    Returns:
        The findings.
    """
    asked = time.monotonic()
    configuration = scan.configuration()
    matched = configuration.matched | set(of_all_plans or ())
    stale = stale_skips(scan.settings, matched, plans_too=of_all_plans is not None, applied_too=applied_too)
    return Outcome(in_order([*configuration.findings, *stale]), _ran(scan, asked), frozenset(matched))


def _own(subject: Subject, plan: Plan) -> tuple[list[Finding], int, int]:
    try:
        policies = load_policies(subject.policies)
        findings, canaries = judge_canaries(policies, subject.policies / "fixtures")
    except InfraError as error:
        return [not_judged("ERROR", subject.policies.name, str(error), "Nothing was judged by own policies.")], 0, 0
    for name, policy in policies.items():
        findings += _one(name, policy, plan)
    return findings, len(policies), canaries


def _one(name: str, policy: Policy, plan: Plan) -> list[Finding]:
    try:
        return policy.findings(plan)
    except Exception as error:
        # The type only: the text may be a value of the plan.
        message = f"crashed on this plan ({type(error).__name__})"
        remedy = f"Mend policies/{name}.py, and keep what it crashed on as a fixture."
        return [not_judged("ERROR", f"policies/{name}.py", message, remedy)]


def _ran(scan: Scan, asked: float) -> Ran:
    configuration = scan.configuration()
    now = time.monotonic()
    return Ran(
        checkov_checks=configuration.checks,
        own_policies=0,
        folders=len(scan.scope.folders),
        configuration_files=configuration.files,
        configuration_resources=configuration.resources,
        plan_resources=0,
        policy_documents=0,
        canaries=configuration.canaries,
        skipped=configuration.skipped,
        seconds=now - scan.started,
        waited=now - asked,
    )
