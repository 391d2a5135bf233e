"""What is known about a drill when it is over."""

from dataclasses import dataclass

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

    @property
    def over(self) -> float | None:
        """When everything was well again, seconds since the epoch; None when that did not happen in time."""
        return None if self.steady is None else self.fault + self.steady

    @property
    def words(self) -> str:
        """In one line."""
        steady = "not steady again" if self.steady is None else f"steady after {self.steady:.1f} s"
        return f"{self.did}: {self.view.words}, {steady}; acknowledged writes read back: {self.read_back}"

    @property
    def read_back(self) -> str:
        """How many of the acknowledged writes were found again."""
        if self.steady is None:
            return f"{self.acknowledged} at the end"
        return f"{self.acknowledged - len(self.losses)} of {self.acknowledged}"
