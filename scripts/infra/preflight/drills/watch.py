"""A fault while it happens: when it began and ended, and whether clients notice it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from infra.preflight.drills.scene import Scene
from infra.verification.steps import CheckFailed

_LOOK_SECONDS = 0.05


@dataclass
class Watch:
    """What a fault tells about itself while it happens.

    Args:
        scene: where.
        blamed: ARN of what it is done to.
        did: what was done, in words.
        fault: when, seconds since the epoch; 0 before.
        undone: when the fault itself ended; 0 before.
        phases: seconds that each phase took, in their order; empty where there is nothing to tell apart.
    """

    scene: Scene
    blamed: str = ""
    did: str = ""
    fault: float = 0.0
    undone: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)

    def begin(self, did: str, blamed: str) -> None:
        """The fault begins now.

        Args:
            did: what is done, in words.
            blamed: ARN of what it is done to.
        """
        self.did, self.blamed, self.fault = did, blamed, time.time()
        self.scene.platform.note_drill(blamed, did)

    def end(self, did: str = "") -> None:
        """The fault itself is over; the platform has to come back by itself.

        Args:
            did: what was put back, in words.
        """
        self.undone = time.time()
        if did:
            self.scene.platform.note_drill(self.blamed, did)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Time a phase, also one that fails.

        Args:
            name: what is done in it, in the imperative.
        """
        began = time.monotonic()
        try:
            yield
        finally:
            self.phases[name] = time.monotonic() - began

    def hold_until_noticed(self, least: float, most: float) -> None:
        """Let the fault last until clients notice it.

        Args:
            least: seconds that it lasts in any case.
            most: seconds that it may take until a request fails.

        Raises:
            CheckFailed: nobody noticed, so that the drill proves nothing.
        """
        while True:
            lasting = time.time() - self.fault
            noticed = any(each.failed and each.began >= self.fault for each in self.scene.load.journal.honest)
            if noticed and lasting >= least:
                return
            if lasting > most:
                raise CheckFailed(f"{self.did}, and no client noticed within {most:g} s.", arn=self.blamed)
            time.sleep(_LOOK_SECONDS)
