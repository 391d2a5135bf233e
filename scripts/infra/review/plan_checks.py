"""All checks over a plan and the configuration that it was made from, as one list of findings."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.console import note, progress
from infra.environment import Environment
from infra.policies.judgement import judge, own_repository, start_scan
from infra.review.model import Finding


@contextmanager
def running_checks(environment: Environment) -> Iterator[Callable[[str], Sequence[Finding]]]:
    """Checks that read the configuration while Terraform plans.

    Args:
        environment: whose plan will be checked.

    Yields:
        What judges a plan, given what `terraform show -json` prints of the plan file: by checkov, own policies and IAM.
        What could not be judged is one of its findings, a critical one.

    Raises:
        InfraError: the scan could not be started.
    """
    subject = own_repository()
    with tempfile.TemporaryDirectory() as folder, start_scan(subject) as scan:

        def check(document: str) -> Sequence[Finding]:
            path = Path(folder, "plan.json")  # the folder is private; plans hold secrets
            path.write_text(document)
            with progress(f"checking the plan of {environment.name} and the configuration"):
                outcome = judge(subject, scan, path)
            note(f"  {outcome.ran}")
            return outcome.findings

        yield check


def plan_checks(environment: Environment, document: str) -> Sequence[Finding]:
    """Judge a plan that is there already.

    Args:
        environment: whose plan.
        document: what `terraform show -json` prints of the plan file.

    Returns:
        The findings, as `running_checks` has them.

    Raises:
        InfraError: the scan could not be started.
    """
    with running_checks(environment) as check:
        return check(document)
