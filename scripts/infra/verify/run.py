"""A verification from its first step to the last, and what it made is removed however it ends."""

import time
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from infra.console import note
from infra.errors import InfraError
from infra.preflight.findings import explain
from infra.preflight.origins import Origins
from infra.repository import revision
from infra.verification.api_keys import Keys
from infra.verification.finding import Finding
from infra.verification.live_steps import LiveSteps
from infra.verification.registration import CLEANUP
from infra.verification.steps import Outcome, StepResult, Steps
from infra.verification.target import Target
from infra.verify.chosen_steps import Chosen
from infra.verify.record import VerificationRecord
from infra.verify.running_images import RunningImages

_Told = TypeVar("_Told", StepResult, Finding)


@dataclass
class Verification:
    """A verification under way.

    Args:
        target: the registry.
        chosen: the steps.
        images: remembers what runs.
        origins: where resources come from in the configuration.
        live: told what happens.
        account: which account, in words.
    """

    target: Target
    chosen: Chosen
    images: RunningImages
    origins: Origins
    live: LiveSteps
    account: str
    started: float = field(default_factory=time.time)
    findings: list[Finding] = field(default_factory=list)
    interrupted: bool = False

    def __post_init__(self) -> None:
        self.steps = Steps(self.live.begin, self._end)

    def run(self) -> VerificationRecord:
        """Run the steps.

        Returns:
            What was found.

        Raises:
            InfraError: it was interrupted once more while it removed what it had made.
        """
        try:
            self.steps.run(self.chosen.steps, self.target)
        except KeyboardInterrupt:
            self.live.pause()
            self.interrupted = True
            self._remove()
        made_from = revision()
        return VerificationRecord(
            environment=self.target.environment,
            account=self.account,
            emulated=self.target.emulated,
            name=self.target.client.name,
            commit=made_from.commit or "",
            clean=made_from.clean,
            started=self.started,
            seconds=time.time() - self.started,
            whole=self.chosen.whole,
            interrupted=self.interrupted,
            results=tuple(_hidden(self.target.keys, each) for each in self.steps.results),
            findings=tuple(self.findings),
            left_out=self.chosen.left_out,
            images=self.images.images,
            task_definitions=self.images.task_definitions,
        )

    def _remove(self) -> None:
        """After an interruption: a new client removes what the old one, which is in the middle of something, made."""
        done = {result.name for result in self.steps.results if result.outcome is Outcome.PASSED}
        if CLEANUP.name in done or not done.issuperset(CLEANUP.needs):
            return  # everything is removed, or nothing was made
        note("  Interrupted: removing what was made; once more Ctrl-C leaves it there.", style="bold yellow")
        self.target.client.close()
        try:
            self.steps.run([CLEANUP], self.target)
        except KeyboardInterrupt:
            self.live.pause()
            raise InfraError(
                f"Interrupted while removing what was made: experiments and models whose names begin with "
                f"{self.target.client.name} may be left in the registry of {self.target.environment}.",
                exit_code=130,
            ) from None

    def _end(self, result: StepResult) -> None:
        result = _hidden(self.target.keys, result)
        self.live.end(result)
        if result.outcome is Outcome.FAILED:
            finding = _hidden(self.target.keys, explain(result, None, self.origins))
            self.findings.append(finding)
            self.live.finding(finding)


def _hidden(keys: Keys, told: _Told) -> _Told:
    """The same without API keys, whatever put one there: an answer, a client's error, a log line."""
    values: dict[str, Any] = {each.name: getattr(told, each.name) for each in fields(told)}
    texts: dict[str, Any] = {name: keys.hide(text) for name, text in values.items() if type(text) is str}
    return replace(told, **texts)
