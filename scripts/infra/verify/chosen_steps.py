"""Which steps are run: all, or those that were asked for with what they need."""

from collections.abc import Sequence
from dataclasses import dataclass

from infra.errors import InfraError
from infra.verification.api_keys import Keys
from infra.verification.registration import CLEANUP
from infra.verification.steps import Step
from infra.verification.target import Target
from infra.verify.keys import VARIABLES


@dataclass(frozen=True)
class Chosen:
    """Steps to be run.

    Args:
        steps: in their order.
        added: those that nobody named, but that are needed or clean up.
        left_out: those that cannot be asked, each with the reason.
        whole: whether these are all that can be asked.
    """

    steps: tuple[Step[Target], ...]
    added: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    whole: bool


def names_of(known: Sequence[Step[Target]], wanted: str) -> list[str]:
    """The names of the steps that were asked for.

    Args:
        known: all steps.
        wanted: names with commas between them; "" for all.

    Returns:
        Each name once; none for all.

    Raises:
        InfraError: a name is unknown.
    """
    names = list(dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip()))
    there = [step.name for step in known]
    unknown = [name for name in names if name not in there]
    if unknown or (wanted and not names):
        said = f"There is no step {', '.join(unknown)}" if names else f"STEP={wanted} names no step"
        raise InfraError(f"{said}. The steps are: {', '.join(there)}. `infra verify --list` says what each one is.")
    return names


def choose(known: Sequence[Step[Target]], names: Sequence[str], keys: Keys, *, emulated: bool) -> Chosen:
    """Choose the steps.

    Args:
        known: all steps in their order.
        names: of those that were asked for; none for all.
        keys: the API keys that are there.
        emulated: whether the account is an emulated one.

    Returns:
        The steps.

    Raises:
        InfraError: a step that was named cannot be asked here.
    """
    reasons = {step.name: reason for step in known if (reason := _cannot(step, keys, emulated=emulated))}
    if not names:
        steps = tuple(step for step in known if step.name not in reasons)
        return Chosen(steps, (), tuple(reasons.items()), whole=True)
    for name in names:
        if name in reasons:
            raise InfraError(f"The step {name} cannot be asked: {reasons[name]}.")
    by_name = {step.name: step for step in known}
    running: set[str] = set()
    waiting = list(names)
    while waiting:
        step = by_name[waiting.pop()]
        running.add(step.name)
        waiting += [name for name in step.needs if name not in running]
        if step.leaves and CLEANUP.name not in running:
            waiting.append(CLEANUP.name)
    steps = tuple(step for step in known if step.name in running)
    return Chosen(steps, tuple(step.name for step in steps if step.name not in names), (), whole=False)


def _cannot(step: Step[Target], keys: Keys, *, emulated: bool) -> str:
    """Why a step cannot be asked; "" when it can."""
    if step.on_aws_only and emulated:
        return "an emulated account runs nothing"
    if step.key and not getattr(keys, step.key):
        return f"{VARIABLES[step.key]} is not set"
    return ""
