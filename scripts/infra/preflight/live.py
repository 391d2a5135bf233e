"""What a person sees while a preflight runs: the steps, and what happens at the platform meanwhile."""

from infra.console import note
from infra.preflight.platform.model import Event
from infra.verification.live_steps import LiveSteps

# Of the kinds of events, those that a person wants to read although the steps pass.
_TOLD = {"refused", "denied", "drill"}


class Live(LiveSteps):
    """The terminal."""

    def __init__(self) -> None:
        super().__init__()
        self._denied: set[str] = set()

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
        else:
            self.detail(event.text)
