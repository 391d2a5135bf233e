"""What a person sees while steps run: one line a step with its time, and each finding as soon as it is known."""

from infra.console import Step, note, say
from infra.verification.finding import Finding, finding_lines
from infra.verification.steps import Outcome, StepResult

MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_RUN: "-"}
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "dim"}


class LiveSteps:
    """The terminal."""

    def __init__(self) -> None:
        self._moving: Step | None = None

    def begin(self, name: str, about: str) -> None:
        """A step begins.

        Args:
            name: of the step.
            about: what holds when it passes.
        """
        self._moving = Step(f"{name}: {about}")

    def end(self, result: StepResult) -> None:
        """A step ended.

        Args:
            result: how.
        """
        self.pause()
        seen = f": {result.seen}" if result.seen else ""
        note(
            f"  {MARKS[result.outcome]} {result.name:20} {result.seconds:5.1f} s  {result.about}{seen}",
            style=_STYLES[result.outcome],
        )

    def detail(self, text: str) -> None:
        """Show what the running step is doing now.

        Args:
            text: a few words.
        """
        if self._moving:
            self._moving.detail(text)

    def pause(self) -> None:
        """Take the moving line off the terminal."""
        if self._moving:
            self._moving.stop()
            self._moving = None

    @staticmethod
    def finding(finding: Finding) -> None:
        """What is wrong, for the one who mends it.

        Args:
            finding: of a failed step.
        """
        for line in finding_lines(finding):
            say(line)
