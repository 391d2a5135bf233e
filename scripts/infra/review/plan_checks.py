"""All checks over a plan and the configuration that it was made from, as one list of findings."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from infra.console import note, progress
from infra.environment import Environment
from infra.policies.judgement import judge, own_repository, start_scan
from infra.review.model import Finding


def plan_checks(environment: Environment, document: str) -> Sequence[Finding]:
    """Judge a plan by checkov, own policies and IAM.

    Args:
        environment: whose plan.
        document: what `terraform show -json` prints of the plan file.

    Returns:
        The findings. What could not be judged is one of them, a critical one.

    Raises:
        InfraError: the scan could not be started.
    """
    subject = own_repository()
    with tempfile.TemporaryDirectory() as folder, start_scan(subject) as scan:
        path = Path(folder, "plan.json")  # the folder is private; plans hold secrets
        path.write_text(document)
        with progress(f"checking the plan of {environment.name} and the configuration"):
            outcome = judge(subject, scan, path)
    note(f"  {outcome.ran}")
    return outcome.findings
