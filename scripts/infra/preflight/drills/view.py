"""What clients saw of a fault, from what each of their requests got."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.preflight.drills.requests import Request, Round


@dataclass(frozen=True)
class View:
    """What clients saw between a fault and the platform's being steady again.

    Args:
        requests: how many they made.
        failures: how many failed, by status or reason.
        longest: seconds that they waited for an answer, at most.
        out: seconds from the fault to the first whole round after the last failure; 0 when nothing failed, None when
            there was none yet.
        failed_at: seconds from the fault of each failed request's end.
        refused: requests of intruders that were not answered.
        opened: requests of intruders that were.
        first_failure: the first request that failed.
    """

    requests: int
    failures: Mapping[str, int]
    longest: float
    out: float | None
    failed_at: tuple[float, ...]
    refused: int
    opened: tuple[Request, ...]
    first_failure: Request | None

    @property
    def words(self) -> str:
        """In one line."""
        if not self.failures:
            return f"none of {self.requests} requests failed, longest wait {self.longest:.1f} s"
        kinds = ", ".join(f"{count}x {kind}" for kind, count in self.failures.items())
        out = "not whole again" if self.out is None else f"whole again after {self.out:.1f} s"
        failed = sum(self.failures.values())
        return f"{failed} of {self.requests} requests failed ({kinds}), longest wait {self.longest:.1f} s, {out}"


def view(
    honest: Sequence[Request], intruders: Sequence[Request], rounds: Sequence[Round], fault: float, end: float
) -> View:
    """What clients saw of a fault.

    Args:
        honest: requests of those who may do what they do.
        intruders: requests of those who may not.
        rounds: of the honest ones.
        fault: when it began, seconds since the epoch.
        end: when it was over.

    Returns:
        The view.
    """
    asked = sorted(_between(honest, fault, end), key=lambda each: each.ended)
    failed = [each for each in asked if each.failed]
    tries = _between(intruders, fault, end)
    whole = [each.ended for each in rounds if each.whole and failed and each.began >= failed[-1].ended]
    return View(
        requests=len(asked),
        failures=dict(Counter(each.outcome for each in failed).most_common()),
        longest=max((each.seconds for each in asked), default=0.0),
        out=0.0 if not failed else min(whole) - fault if whole else None,
        failed_at=tuple(each.ended - fault for each in failed),
        refused=sum(each.failed for each in tries),
        opened=tuple(each for each in tries if not each.failed),
        first_failure=failed[0] if failed else None,
    )


def _between(requests: Sequence[Request], begin: float, end: float) -> list[Request]:
    return [each for each in requests if each.ended >= begin and each.began <= end]
