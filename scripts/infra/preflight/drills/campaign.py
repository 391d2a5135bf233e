"""Drills, one after another, while clients go on working."""

import secrets
from collections.abc import Sequence

from infra.errors import InfraError
from infra.preflight.drills import auth, crashes, database, deployments, rollback, storage
from infra.preflight.drills.acknowledged import read_back
from infra.preflight.drills.drill import Drill, lost
from infra.preflight.drills.load import running_load
from infra.preflight.drills.report import DrillReport
from infra.preflight.drills.scene import Scene
from infra.preflight.use import Running
from infra.verification.steps import Step, Steps

DRILLS: tuple[Drill, ...] = (
    *crashes.DRILLS,
    *database.DRILLS,
    *storage.DRILLS,
    *auth.DRILLS,
    *deployments.DRILLS,
    *rollback.DRILLS,
)


def chosen_drills(wanted: str) -> tuple[Drill, ...]:
    """The drills that were asked for.

    Args:
        wanted: "" for none, "1" for all, or names with commas between them.

    Returns:
        Drills, in the order in which they are done.

    Raises:
        InfraError: there is no drill of that name.
    """
    if wanted == "1":
        return DRILLS
    names = {name.strip() for name in wanted.split(",") if name.strip()}
    known = [drill.name for drill in DRILLS]
    unknown = sorted(names - set(known))
    if unknown or (wanted and not names):
        said = f"There is no drill {', '.join(unknown)}" if unknown else f"DRILLS={wanted} names no drill"
        raise InfraError(f"{said}. The drills are: {', '.join(known)}; DRILLS=1 does them all (docs/preflight.md).")
    return tuple(drill for drill in DRILLS if drill.name in names)


def run_drills(drills: Sequence[Drill], running: Running, steps: Steps, reports: list[DrillReport]) -> None:
    """Do drills; one that fails does not end the others.

    Args:
        drills: to be done.
        running: the platform; where a step of its journey failed, no drill is run, which is said.
        steps: told how each drill went.
        reports: gets one for each drill whose fault began.

    Raises:
        CheckFailed: the clients cannot begin to work.
    """
    if steps.failed:
        needs = tuple(result.name for result in steps.failed)
        left_out = [*(drill.as_step() for drill in drills), _NOTHING_LOST]
        steps.run([Step(each.name, each.about, _left_out, needs) for each in left_out], running)
        return
    name = f"drills-{secrets.token_hex(4)}"
    with running.registry(name) as target, running_load(target, name) as load:
        scene = Scene(running, target, load, reports)
        steps.run([drill.as_step() for drill in drills], scene)
        load.stop()
        steps.run([_NOTHING_LOST], scene)


def _left_out(_running: Running) -> str:
    raise AssertionError("a step that needs another one is not run")


def _all_is_there(scene: Scene) -> str:
    writes = scene.load.acknowledged.since()
    losses = read_back(scene.target, writes)
    if losses:
        raise lost(tuple(losses), scene)
    return f"{len(writes)} acknowledged writes read back and compared"


_NOTHING_LOST = Step(
    "nothing-lost",
    "Every run, artifact and model version that was acknowledged during the drills is there as it was written",
    _all_is_there,
)
