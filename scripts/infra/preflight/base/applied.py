"""An account of a run's own in which the environment is applied, from a kept base where there is one."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from infra.account.emulated import EmulatedAccount, start
from infra.account.preparation import prepare
from infra.console import note
from infra.environment import Environment
from infra.preflight.base.difference import Difference, PlannedChange
from infra.preflight.base.kept import find_base, keep_base, only_one
from infra.preflight.base.made_from import MadeFrom, made_from
from infra.terraform.session import Tools, open_session
from infra.verification.steps import Steps

Origin = Literal["kept", "older", "new"]
_SHOWN = 4
ORIGINS: dict[Origin, str] = {
    "kept": "a copy of the kept base, in which exactly this configuration is applied",
    "older": "a copy of the kept base, in which another configuration is applied: this one is an update",
    "new": "a new account: no base is kept",
}


@dataclass(frozen=True)
class AppliedAccount:
    """An account in which the environment is applied and nothing has run yet.

    Args:
        account: take copies of it.
        environment: the environment.
        made_from: what is applied in it.
        origin: where it came from: "kept", "older" or "new".
        changes: what Terraform had to do.
    """

    account: EmulatedAccount
    environment: Environment
    made_from: MadeFrom
    origin: Origin
    changes: tuple[PlannedChange, ...]

    def keep(self, tools: Tools) -> None:
        """Make it the environment's base, unless one of the same is kept or somebody edited a file meanwhile.

        Args:
            tools: Terraform and provider.
        """
        if made_from(self.environment, tools) != self.made_from:
            return
        base = find_base(self.environment)
        if base is None or base.made_from != self.made_from:
            keep_base(self.environment, self.account, self.made_from)


@contextmanager
def applied_account(environment: Environment, tools: Tools, workplace: Path, steps: Steps) -> Iterator[AppliedAccount]:
    """Apply the environment; steps `account`, `plan` and `apply`, and `stable` for a new account.

    Where no base is kept, only one process makes one, and the others wait for it: it takes minutes.

    Args:
        environment: the environment.
        tools: Terraform and provider.
        workplace: folder of this run.
        steps: told how each went.

    Yields:
        The account; it ends with the block.

    Raises:
        InfraError: Terraform's reason, or the account did not start.
    """
    wanted = made_from(environment, tools)
    with ExitStack() as making:
        with steps.step("account", "an emulated account stands for the environment's own") as saw:
            working = _copy_of_base(environment, wanted)
            if working is None:
                purpose = f"waiting for another run, which applies the base of {environment.name}"
                making.enter_context(only_one(environment, purpose))
                working = _copy_of_base(environment, wanted) or _new_account(environment, tools, workplace)
            saw(ORIGINS[working.origin])
        try:
            changes = () if working.origin == "kept" else _update(working, environment, tools, workplace, steps)
            applied = AppliedAccount(working.account, environment, wanted, working.origin, changes)
            if working.origin == "new":
                applied.keep(tools)
            making.close()
            yield applied
        finally:
            working.account.stop()


@dataclass(frozen=True)
class _Working:
    account: EmulatedAccount
    origin: Origin
    bootstrapped: bool


def _copy_of_base(environment: Environment, wanted: MadeFrom) -> _Working | None:
    with only_one(environment):
        base = find_base(environment)
        if base is None or base.made_from.machinery != wanted.machinery:
            return None
        # It goes on when the base is replaced by a newer one, and ends with this process.
        copy = base.account.fork(parent_pid=os.getpid(), outlive=True)
    origin: Origin = "kept" if base.made_from == wanted else "older"
    return _Working(copy, origin, bootstrapped=base.made_from.bootstrap == wanted.bootstrap)


def _new_account(environment: Environment, tools: Tools, workplace: Path) -> _Working:
    account = start(
        workplace / "account", environment.account_id, environment.region, parent_pid=os.getpid(), idle_seconds=None
    )
    try:
        prepare(account, environment, tools, workplace / "bootstrap")
    except BaseException:
        account.stop()
        raise
    return _Working(account, "new", bootstrapped=True)


def _update(
    working: _Working, environment: Environment, tools: Tools, workplace: Path, steps: Steps
) -> tuple[PlannedChange, ...]:
    with open_session(tools, working.account.environment(os.environ)) as session:
        difference = Difference(environment, session, workplace)
        changes: tuple[PlannedChange, ...] = ()
        done = 0
        with ExitStack() as step:
            saw = step.enter_context(steps.step("plan", "Terraform plans the configuration"))
            if not working.bootstrapped:
                difference.apply_bootstrap()

            def planned(found: Sequence[PlannedChange]) -> None:
                nonlocal changes, saw
                changes = tuple(found)
                saw(_summary(changes))
                if changes:
                    step.close()
                    saw = step.enter_context(steps.step("apply", "Terraform applies exactly that plan"))

            def made(address: str, seconds: float) -> None:
                nonlocal done
                done += 1
                if seconds >= 1:
                    note(f"    {done}/{len(changes)} {address} ({seconds:.0f} s)")

            difference.apply(planned, made)
            if changes:
                saw(f"{done} resources")
        if working.origin == "new":
            with steps.step("stable", "a second plan, which reads everything, is empty"):
                difference.require_none()
    return changes


def _summary(changes: tuple[PlannedChange, ...]) -> str:
    if not changes:
        return "nothing differs"
    named = ", ".join(f"{change.action} {change.address}" for change in changes[:_SHOWN])
    return f"{named} and {len(changes) - _SHOWN} more" if len(changes) > _SHOWN else named
