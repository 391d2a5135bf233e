"""All steps in their order, for a target."""

from infra.verification import (
    authentication,
    front_door,
    isolation,
    keep_alive,
    logs,
    registration,
    routes,
    storage,
)
from infra.verification.steps import Step
from infra.verification.target import Target


def steps_for(target: Target) -> list[Step[Target]]:
    """What can be verified at a target.

    Args:
        target: a registry; steps for keys and logs that it has not are not among them.

    Returns:
        The steps, those that others need first. `cleanup` is the last one that writes.
    """
    with_keys = [
        step
        for step, key in (
            (authentication.READING_KEY, target.keys.reading),
            (authentication.FOREIGN_KEY, target.keys.foreign),
            (authentication.LEGACY_KEY, target.keys.legacy),
        )
        if key
    ]
    return [
        *front_door.STEPS,
        *authentication.STEPS,
        *with_keys,
        *routes.STEPS,
        *isolation.STEPS,
        *keep_alive.STEPS,
        *registration.STEPS,
        *storage.STEPS,
        registration.CLEANUP,
        *(logs.STEPS if target.logs else ()),
    ]
