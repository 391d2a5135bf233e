"""`make scan`: configuration and saved plans judged by checkov, own policies and IAM."""

from collections.abc import Iterable
from pathlib import Path

from infra.console import progress, say
from infra.environment import environment_names, load_environment
from infra.errors import InfraError
from infra.policies.judgement import Subject, judge, judge_configuration, own_repository, start_scan
from infra.policies.outcome import Outcome
from infra.review.model import Finding
from infra.terraform.saved_plan import PlanFiles


def scan(name: str) -> None:
    """Scan the configuration, and every saved plan or that of one environment; print what was found.

    Args:
        name: an environment whose saved plan must be scanned; "" scans the plans that there are.

    Raises:
        InfraError: something was found, something could not be judged, or the environment has no saved plan.
    """
    names = [name] if name else environment_names()
    documents = {each: PlanFiles(load_environment(each).build).document for each in names}
    if name and not documents[name].exists():
        raise InfraError(f"There is no saved plan for {name}. Run `make plan ENV={name}` first.")
    found = {each: document for each, document in documents.items() if document.exists()}
    # Whether a skip for plans still matches is known only when no plan is missing.
    complete = not name and len(found) == len(names)
    outcomes = scan_files(own_repository(), found, complete=complete)
    report(outcomes)
    without = [each for each in names if each not in found]
    if without:
        say(f"Not scanned, because there is no saved plan: {', '.join(without)}.")


def scan_files(
    subject: Subject, documents: dict[str, Path], *, complete: bool, applied: bool = False
) -> dict[str, Outcome]:
    """Scan a configuration and plans of it, in one process.

    Args:
        subject: whose configuration.
        documents: plans as JSON, by name.
        complete: these are the plans of all environments.
        applied: among them are plans of all environments after they were applied.

    Returns:
        What was found, by name of the plan; "configuration" has what no plan is needed for.

    Raises:
        InfraError: the scan could not be started.
    """
    with start_scan(subject) as running:
        with progress("scanning the configuration"):
            running.configuration()
        outcomes = {}
        for name, document in documents.items():
            with progress(f"scanning the plan of {name}"):
                outcomes[name] = judge(subject, running, document)
        matched = {skip for outcome in outcomes.values() for skip in outcome.matched}
        stale = judge_configuration(running, matched if complete else None, applied_too=applied)
    return {"configuration": stale, **outcomes}


def report(outcomes: dict[str, Outcome]) -> None:
    """Print findings and what ran.

    Args:
        outcomes: by name.

    Raises:
        InfraError: there is a finding.
    """
    printed: set[Finding] = set()
    for name, outcome in outcomes.items():
        for finding in _new(outcome.findings, printed):
            say(f"{finding.severity.upper()} {finding.rule} {finding.where}", style="bold")
            say(f"    {finding.title}: {finding.message}")
            say(f"    {finding.remedy}")
        say(f"{name}: {outcome.ran}")
    unjudged = [name for name, outcome in outcomes.items() if not outcome.judged]
    if unjudged:
        raise InfraError(f"Not everything could be judged ({', '.join(unjudged)}); see the HOK_SCAN findings above.")
    if printed:
        raise InfraError(f"The scan found {len(printed)} problems; they are listed above.")
    say("The scan found nothing.")


def _new(findings: Iterable[Finding], printed: set[Finding]) -> list[Finding]:
    """Findings that no other plan has shown; the configuration's are the same for each."""
    new = [finding for finding in findings if finding not in printed]
    printed.update(new)
    return new
