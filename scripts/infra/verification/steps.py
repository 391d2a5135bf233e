"""Steps: what is checked, in which order, and how each ended."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Generic, TypeVar

from infra.errors import InfraError
from infra.verification.exchange import Exchange

_Target = TypeVar("_Target")


class Outcome(StrEnum):
    """How a step ended."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_RUN = "not run"


class CheckFailed(InfraError):  # noqa: N818 - it is what failed, not an error of this program
    """A check found something that is not as it must be.

    Args:
        message: what is wrong, in one sentence.
        exchange: the request that shows it and its answer.
        arn: ARN or id of the AWS resource to blame, where the check knows it.
        attribute: its attribute, as Terraform names it.
        remedy: what to change, where the check knows it.
    """

    def __init__(
        self,
        message: str,
        *,
        exchange: Exchange | None = None,
        arn: str = "",
        attribute: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.message, self.exchange, self.arn, self.attribute, self.remedy = message, exchange, arn, attribute, remedy


@dataclass(frozen=True)
class Step(Generic[_Target]):
    """Something that is checked.

    Args:
        name: short and unique, with dashes.
        about: what holds when it passes, as a sentence without its full stop.
        check: raises when it does not hold; returns a few words about what it saw.
        needs: names of steps without which it says nothing.
        formerly: the script of the first team that checked this by hand.
        key: which API key it asks with beside the one that writes, as `Keys` names it; "" for none.
        leaves: whether it makes things that the step `cleanup` removes.
        on_aws_only: whether an emulated account has no answer to it.
    """

    name: str
    about: str
    check: Callable[[_Target], str]
    needs: tuple[str, ...] = ()
    formerly: str = ""
    key: str = ""
    leaves: bool = False
    on_aws_only: bool = False


@dataclass(frozen=True)
class StepResult:
    """How a step ended.

    Args:
        name: of the step.
        about: of the step.
        outcome: passed, failed, or not run.
        started: seconds since the epoch.
        seconds: how long it took.
        seen: what it saw, in a few words; why it was not run.
        formerly: as in the step.
        error: what it raised.
    """

    name: str
    about: str
    outcome: Outcome
    started: float
    seconds: float
    seen: str = ""
    formerly: str = ""
    error: BaseException | None = field(default=None, compare=False)


Listener = Callable[[StepResult], None]


class Steps:
    """Runs steps and keeps how they ended.

    Args:
        on_begin: called with name and sentence of a step that begins.
        on_end: called with each result.
        fail_fast: whether nothing more is run after the first failure.
    """

    def __init__(self, on_begin: Callable[[str, str], None], on_end: Listener, *, fail_fast: bool = False) -> None:
        self.results: list[StepResult] = []
        self._fail_fast = fail_fast
        self._on_begin = on_begin
        self._on_end = on_end

    @property
    def failed(self) -> list[StepResult]:
        """Those that failed."""
        return [result for result in self.results if result.outcome is Outcome.FAILED]

    @property
    def given_up(self) -> bool:
        """Whether nothing more is to be run."""
        return self._fail_fast and bool(self.failed)

    @contextmanager
    def step(self, name: str, about: str) -> Iterator[Callable[[str], None]]:
        """A step that everything after it needs; what it raises goes on.

        Args:
            name: short and unique, with dashes.
            about: what holds when it passes.

        Yields:
            A function that takes a few words about what was seen.
        """
        seen: list[str] = []
        running = self._begin(name, about)
        try:
            yield seen.append
        except Exception as error:
            self._end(running, Outcome.FAILED, error=error)
            raise
        self._end(running, Outcome.PASSED, seen="; ".join(seen))

    def run(self, steps: Sequence[Step[_Target]], target: _Target) -> None:
        """Run steps in their order. One that fails does not end the others, except those that need it.

        Args:
            steps: what to check.
            target: what they look at.
        """
        passed = {result.name for result in self.results if result.outcome is Outcome.PASSED}
        for step in steps:
            missing = [name for name in step.needs if name not in passed]
            if self.given_up:
                missing = [self.failed[0].name]
            running = replace(self._begin(step.name, step.about), formerly=step.formerly)
            if missing:
                self._end(running, Outcome.NOT_RUN, seen=f"needs {', '.join(missing)}")
                continue
            try:
                seen = step.check(target)
            except Exception as error:
                self._end(running, Outcome.FAILED, error=error)
            else:
                passed.add(step.name)
                self._end(running, Outcome.PASSED, seen=seen)

    def _begin(self, name: str, about: str) -> StepResult:
        self._on_begin(name, about)
        return StepResult(name, about, Outcome.NOT_RUN, time.time(), 0.0)

    def _end(
        self, running: StepResult, outcome: Outcome, *, seen: str = "", error: BaseException | None = None
    ) -> None:
        seconds = time.time() - running.started
        result = replace(running, outcome=outcome, seconds=seconds, seen=seen, error=error)
        self.results.append(result)
        self._on_end(result)
