"""What judging a plan ends with: findings, and what ran to get them."""

from dataclasses import dataclass

from infra.review.model import Finding, Severity

# Rules of this prefix say that a check could not do its work. Nothing that has such a finding was judged.
NOT_JUDGED = "HOK_SCAN_"


@dataclass(frozen=True)
class Ran:
    """What ran, for the report: a number that is suddenly small is seen.

    Args:
        checkov_checks: how many checks checkov has.
        own_policies: how many policies of policies/ judged the plan.
        folders: root modules scanned.
        configuration_files: Terraform files that were read.
        configuration_resources: resources in them, each root counted for itself.
        plan_resources: resources in the plan.
        policy_documents: IAM and resource policies in the plan.
        canaries: how many known-bad samples were found to be bad.
        skipped: findings of checkov left out because of .checkov.yaml.
        seconds: from the start of the scan to its end.
        waited: seconds of these after the plan was there.
    """

    checkov_checks: int
    own_policies: int
    folders: int
    configuration_files: int
    configuration_resources: int
    plan_resources: int
    policy_documents: int
    canaries: int
    skipped: int
    seconds: float
    waited: float

    def __str__(self) -> str:
        return (
            f"{self.checkov_checks} checks of checkov over {self.configuration_resources} resources in "
            f"{self.configuration_files} files and {self.plan_resources} in the plan, {self.own_policies} own "
            f"policies, {self.policy_documents} policy documents, {self.canaries} canaries found; {self.skipped} "
            f"skipped with a reason; {self.seconds:.1f} s, {self.waited:.1f} s of it after the plan"
        )


@dataclass(frozen=True)
class Outcome:
    """The findings about a plan and its configuration.

    Args:
        findings: the worst first, then by rule and place.
        ran: what ran.
        matched: IDs of the skips in .checkov.yaml that left something out.
    """

    findings: tuple[Finding, ...]
    ran: Ran
    matched: frozenset[str] = frozenset()

    @property
    def judged(self) -> bool:
        """Whether every check did its work; without that, no finding means nothing."""
        return not any(finding.rule.startswith(NOT_JUDGED) for finding in self.findings)


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Findings as they are reported.

    Args:
        findings: in any order; equal ones (the same line, reached from several roots) become one.

    Returns:
        The worst first, then by rule and place.
    """
    return tuple(sorted(dict.fromkeys(findings), key=lambda each: (each.severity.rank, each.rule, each.where)))


def not_judged(kind: str, where: str, message: str, remedy: str) -> Finding:
    """The finding that a check could not do its work.

    Args:
        kind: ERROR, COVERAGE, CANARY, PROCESS or SKIP.
        where: file, folder or check that it is about.
        message: what happened.
        remedy: what to do.

    Returns:
        The finding, critical: whatever was not judged may be anything.
    """
    titles = {
        "ERROR": "A check ran into an error",
        "COVERAGE": "A scan did not see everything",
        "CANARY": "A scan did not find what is known to be bad",
        "PROCESS": "The scan itself failed",
        "SKIP": "A skip in .checkov.yaml is wrong",
    }
    return Finding(f"{NOT_JUDGED}{kind}", titles[kind], where, Severity.CRITICAL, message, remedy, "checkov")
