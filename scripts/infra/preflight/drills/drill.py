"""One drill from its fault to the verdict: what is done, how long it may take, and what must hold afterwards."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from infra.errors import InfraError
from infra.preflight.drills.acknowledged import AcknowledgedArtifact, Loss, read_back
from infra.preflight.drills.report import DrillReport
from infra.preflight.drills.scene import BOUND_SECONDS, Scene
from infra.preflight.drills.view import view
from infra.preflight.drills.watch import Watch
from infra.verification.steps import CheckFailed, Step

_CONTENT_SECONDS = 60.0
_SHOWN = 3


@dataclass(frozen=True)
class Drill:
    """A fault and what must hold.

    Args:
        name: of its step.
        about: what holds when it passes.
        act: does it, and undoes what does not end by itself; calls `begin` and `end` of the watch. What it raises fails
            the drill.
        lossless: attribute of the resource that is at fault when a request fails; "" where requests may.
        remedy: what to change then.
    """

    name: str
    about: str
    act: Callable[[Watch], None]
    lossless: str = ""
    remedy: str = ""

    def as_step(self) -> Step[Scene]:
        """The step of it."""
        return Step(self.name, self.about, lambda scene: perform(self, scene))


def perform(drill: Drill, scene: Scene) -> str:
    """Do a drill, note its report in the scene, and judge it.

    Args:
        drill: what to do.
        scene: where.

    Returns:
        What was seen, in one line.

    Raises:
        CheckFailed: something that must hold does not.
        PlatformFailure: a service does not get steady again.
    """
    load, watch = scene.load, Watch(scene)
    # Whoever had everything since the last drill was over is content.
    last = scene.reports[-1] if scene.reports else None
    load.wait_until_whole(last.over if last and last.over else time.time(), _CONTENT_SECONDS)
    before = len(load.acknowledged.since())
    failure: InfraError | None = None
    steady: float | None = None
    try:
        drill.act(watch)
        scene.platform.wait_until_steady(BOUND_SECONDS)
        settled = time.time()
        # Rounds that begin when everything is steady; what was on its way at that moment is part of the drill.
        steady = max(settled, load.wait_until_whole(settled, BOUND_SECONDS))
    except InfraError as error:
        failure = error
    if not watch.fault:
        assert failure is not None  # noqa: S101 - a fault that did not begin has failed
        raise failure
    report = _report(drill, watch, steady, before)
    scene.reports.append(report)
    if failure:
        raise failure
    judge(drill, report, scene)
    return report.words


def judge(drill: Drill, report: DrillReport, scene: Scene) -> None:
    """Whether everything holds that must.

    Args:
        drill: what was done.
        report: how it went.
        scene: where.

    Raises:
        CheckFailed: it does not.
    """
    seen = report.view
    if report.losses:
        raise lost(report.losses, scene)
    if seen.opened:
        opened = seen.opened[0]
        raise CheckFailed(
            f"{report.did}, and access was open: {opened.what} answers {opened.status}",
            exchange=opened.answer,
            arn=str(scene.newest_task("hokusai-gateway").task_definition_arn),
            remedy="Whoever cannot be asked about a key must be answered with 503, never let in.",
        )
    if drill.lossless and seen.first_failure:
        raise CheckFailed(
            f"{report.did}, and {seen.words}. The first: {seen.first_failure.what}: {seen.first_failure.outcome}",
            exchange=seen.first_failure.answer,
            arn=report.blamed,
            attribute=drill.lossless,
            remedy=drill.remedy,
        )


def lost(losses: tuple[Loss, ...], scene: Scene) -> CheckFailed:
    """What to say of acknowledged writes that are gone.

    Args:
        losses: at least one.
        scene: where.
    """
    shown = "; ".join(str(loss) for loss in losses[:_SHOWN])
    more = f"; and {len(losses) - _SHOWN} more" if len(losses) > _SHOWN else ""
    in_bucket = isinstance(losses[0].write, AcknowledgedArtifact)
    arn = f"arn:aws:s3:::{scene.target.bucket}" if in_bucket else _database(scene)
    return CheckFailed(f"{len(losses)} acknowledged writes are lost: {shown}{more}", arn=arn)


def _database(scene: Scene) -> str:
    found = scene.target.account.client("rds").describe_db_instances()["DBInstances"]
    return str(found[0]["DBInstanceArn"]) if found else ""


def _report(drill: Drill, watch: Watch, steady: float | None, before: int) -> DrillReport:
    load, end = watch.scene.load, steady or time.time()
    # What was asked until now: the clients go on, and the next drill may begin.
    writes = load.acknowledged.since(before)
    journal = load.journal
    seen = view(tuple(journal.honest), tuple(journal.intruders), tuple(journal.rounds), watch.fault, end)
    # A platform that does not answer has not lost anything yet: the last step reads everything again.
    losses = read_back(watch.scene.target, writes) if steady else []
    return DrillReport(
        name=drill.name,
        did=watch.did,
        blamed=watch.blamed,
        fault=watch.fault,
        undone=(watch.undone or end) - watch.fault,
        steady=steady - watch.fault if steady else None,
        view=seen,
        acknowledged=len(writes),
        losses=tuple(losses),
        phases=dict(watch.phases),
    )
