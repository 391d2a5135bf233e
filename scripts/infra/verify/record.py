"""What a verification found: everything that its reports and its entry in the ledger need."""

from collections.abc import Mapping
from dataclasses import dataclass

from infra.verification.finding import Finding
from infra.verification.steps import Outcome, StepResult


@dataclass(frozen=True)
class VerificationRecord:
    """A verification that has ended.

    Args:
        environment: its name.
        account: which account, as in "aws 123456789012".
        emulated: whether it was a platform on this machine.
        name: begins the names of everything that it made.
        commit: what was checked out; "" outside git.
        clean: whether it was exactly that commit.
        started: seconds since the epoch.
        seconds: how long it took.
        whole: whether everything was asked that can be asked.
        interrupted: whether somebody ended it.
        results: the steps in their order.
        findings: one for each that failed.
        left_out: steps that could not be asked, each with the reason.
        images: what runs, by service: repository and digest.
        task_definitions: ARN by service.
    """

    environment: str
    account: str
    emulated: bool
    name: str
    commit: str
    clean: bool
    started: float
    seconds: float
    whole: bool
    interrupted: bool
    results: tuple[StepResult, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[tuple[str, str], ...]
    images: Mapping[str, str]
    task_definitions: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether every step passed; one that could not be run has not."""
        return not self.interrupted and all(each.outcome is Outcome.PASSED for each in self.results)

    @property
    def not_passed(self) -> list[str]:
        """The steps that failed or were not run."""
        return [each.name for each in self.results if each.outcome is not Outcome.PASSED]

    @property
    def headline(self) -> str:
        """One sentence about it."""
        took = f"in {self.seconds:.0f} s"
        if self.interrupted:
            return f"Interrupted after {self.seconds:.0f} s: nothing is said about {self.environment}."
        if self.passed:
            return f"{len(self.results)} steps passed {took}."
        return (
            f"{len(self.not_passed)} of {len(self.results)} steps did not pass, {took}: {', '.join(self.not_passed)}."
        )
