"""What a person sees while a preflight runs: one line a step with its time, and each finding as soon as it is known."""

from infra.console import Step, note, say
from infra.preflight.findings import Finding
from infra.preflight.platform.model import Event
from infra.verification.steps import Outcome, StepResult

_MARKS = {Outcome.PASSED: "✓", Outcome.FAILED: "✗", Outcome.NOT_RUN: "-"}
_STYLES = {Outcome.PASSED: "green", Outcome.FAILED: "bold red", Outcome.NOT_RUN: "dim"}
# Of the kinds of events, those that a person wants to read although the steps pass.
_TOLD = {"refused", "denied", "drill"}


class Live:
    """The terminal."""

    def __init__(self) -> None:
        self._moving: Step | None = None
        self._denied: set[str] = set()

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
            f"  {_MARKS[result.outcome]} {result.name:18} {result.seconds:5.1f} s  {result.about}{seen}",
            style=_STYLES[result.outcome],
        )

    def event(self, event: Event) -> None:
        """Something happened at the platform.

        Args:
            event: what.
        """
        if event.kind in _TOLD:
            # The same action is denied for many files: once is enough.
            short = event.text.partition(" on arn:")[0]
            if event.kind == "denied" and short in self._denied:
                return
            self._denied.add(short)
            note(f"      {event.kind}: {event.text}", style="yellow")
        elif self._moving:
            self._moving.detail(event.text)

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


def finding_lines(finding: Finding) -> list[str]:
    """A finding as text.

    Args:
        finding: it.

    Returns:
        Its lines; the first one begins with the step.
    """
    facts = [
        ("resource", f"{finding.blamed}  {finding.address}".strip()),
        ("lines", finding.places),
        ("to do", finding.remedy),
    ]
    lines = [f"{finding.step}: {finding.message}"]
    lines += [f"  {name + ':':10}{text}" for name, text in facts if text]
    if finding.exchange:
        lines += ["  request and answer:", *(f"    {line}" for line in finding.exchange.splitlines())]
    if finding.settings:
        lines += ["  its settings:", *(f"    {line}" for line in finding.settings.splitlines())]
    if finding.log:
        lines += [f"  last lines of {finding.log_of}:", *(f"    {line}" for line in finding.log.splitlines())]
    return lines
