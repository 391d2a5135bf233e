"""All steps in their order, and those of a target."""

from infra.verification import (
    alarms,
    authentication,
    error_rate,
    front_door,
    isolation,
    keep_alive,
    load_balancers,
    logs,
    registration,
    rollout,
    routes,
    simple_registration,
    storage,
)
from infra.verification.api_keys import Keys
from infra.verification.steps import Step
from infra.verification.target import Target

# Those that others need come first. `cleanup` is the last one that writes.
ALL_STEPS: tuple[Step[Target], ...] = (
    *rollout.STEPS,
    *front_door.STEPS,
    *load_balancers.STEPS,
    *authentication.STEPS,
    *routes.STEPS,
    *isolation.STEPS,
    *keep_alive.STEPS,
    *simple_registration.STEPS,
    *registration.STEPS,
    *storage.STEPS,
    registration.CLEANUP,
    *alarms.STEPS,
    *error_rate.STEPS,
    *logs.STEPS,
)


def steps_for(keys: Keys, *, emulated: bool) -> list[Step[Target]]:
    """What can be verified with some keys.

    Args:
        keys: steps that ask with a key that is not there are not among them.
        emulated: whether the account is an emulated one.

    Returns:
        The steps in their order.
    """
    return [
        step for step in ALL_STEPS if not (step.on_aws_only and emulated) and (not step.key or getattr(keys, step.key))
    ]
