"""What is known about a drill when it is over."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.preflight.drills.acknowledged import Loss
from infra.preflight.drills.view import View


@dataclass(frozen=True)
class DrillReport:
    """How a drill went; times in seconds from its fault.

    Args:
        name: of its step.
        did: what was done, in words.
        blamed: ARN of what it was done to.
        fault: when it was done, seconds since the epoch.
        undone: when the fault itself ended; a crash ends at once.
        steady: when every service was steady again and every client content; None when that did not happen in time.
        view: what clients saw.
        acknowledged: writes that were acknowledged meanwhile.
        losses: those that are not there as they were acknowledged; none are known while the platform is not steady.
        phases: seconds that each phase took, in their order.
    """

    name: str
    did: str
    blamed: str
    fault: float
    undone: float
    steady: float | None
    view: View
    acknowledged: int
    losses: tuple[Loss, ...]
    phases: Mapping[str, float] = field(default_factory=dict)

    @property
    def over(self) -> float | None:
        """When everything was well again, seconds since the epoch; None when that did not happen in time."""
        return None if self.steady is None else self.fault + self.steady

    @property
    def words(self) -> str:
        """In one line."""
        steady = "not steady again" if self.steady is None else f"steady after {self.steady:.1f} s"
        phases = f" ({self.phase_words})" if self.phases else ""
        return f"{self.did}{phases}: {self.view.words}, {steady}; acknowledged writes read back: {self.read_back}"

    @property
    def phase_words(self) -> str:
        """The phases in one line."""
        return ", ".join(f"{name} {seconds:.0f} s" for name, seconds in self.phases.items())

    @property
    def read_back(self) -> str:
        """How many of the acknowledged writes were found again."""
        if self.steady is None:
            return f"{self.acknowledged} at the end"
        return f"{self.acknowledged - len(self.losses)} of {self.acknowledged}"
