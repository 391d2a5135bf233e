"""Completing the state after Terraform was killed, until it holds everything that the journal says was made.

Terraform itself says what the configuration means for each lost object: a plan on the completed state knows, as soon as
the VPC is in it, which VPC the lost subnet is in. So it goes in waves: put in what is known, read the account, plan.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.console import Step
from infra.environment import Environment
from infra.release.recovery import half_made, lone_state, remaining, replay
from infra.release.recovery.begun_objects import Lookup, find, only_guessed
from infra.release.recovery.journalled import Address, Journalled
from infra.terraform.plan_json import Plan
from infra.terraform.runner import Terraform
from infra.terraform.session import Session


@dataclass(frozen=True)
class Completed:
    """What was found out.

    Args:
        brought: addresses of what was brought back into the state.
        unclear: what may be in the account and in no state, each as an address with what is known of it.
        destroyed: addresses of what was half made and stood in the way of its replacement.
    """

    brought: tuple[str, ...]
    unclear: tuple[str, ...]
    destroyed: tuple[str, ...] = ()


NOTHING_BROUGHT: Final = Completed((), ())


class Completion:
    """Brings the state of an environment up to what was done.

    Args:
        root: the initialised stack; its lock is free.
        environment: whose.
        session: Terraform for its account.
        step: told what goes on.
    """

    def __init__(self, root: Terraform, environment: Environment, session: Session, step: Step) -> None:
        self._root = root
        self._environment = environment
        self._session = session
        self._step = step
        self._left: tuple[bool, Plan] | None = None

    def run(self, journalled: Journalled, lookup: Lookup) -> Completed:
        """Complete the state by a journal, and then read the account into it.

        Args:
            journalled: what the journal says.
            lookup: finds what was being made.

        Returns:
            What was found out.

        Raises:
            InfraError: Terraform's reason; run again, it begins anew.
        """
        before = self._root.state_pull()
        state = self._as_account_is(replay.without(before, journalled.gone))
        if state["resources"] != before.get("resources", []):
            self._push(state)
        if journalled.made or journalled.begun:
            return self._bring_back(journalled, lookup, replay.ids(before))
        return NOTHING_BROUGHT

    def destroy_half_made(self) -> tuple[str, ...]:
        """Destroy what Terraform was interrupted in making, where that is in the way of its replacement.

        Returns:
            Its addresses.

        Raises:
            InfraError: Terraform's reason.
        """
        addresses = half_made.found(self._root, lambda: self.left()[1])
        if addresses:
            self._step.detail(f"{len(addresses)} objects that were half made")
            without, resources = half_made.taken_out(self._root.state_pull(), addresses)
            lone_state.destroy(resources, self._environment, self._session)
            self._push(without)
        return tuple(sorted(addresses))

    def left(self) -> tuple[bool, Plan]:
        """What is still to be done; planned once for each state.

        Returns:
            Whether anything is, and the plan.

        Raises:
            InfraError: Terraform's reason.
        """
        if self._left is None:
            self._left = remaining.planned(self._root, self._environment, self._step)
        return self._left

    def _bring_back(self, journalled: Journalled, lookup: Lookup, before: set[str]) -> Completed:
        brought: list[str] = []
        tried: set[Address] = set()
        while True:
            planned = self.left()[1].document
            state = self._root.state_pull()
            # What was there before, or was destroyed since, is not what was being made, however alike it looks.
            known = before | replay.ids(state) | journalled.ids
            begun = {each for each in journalled.begun - tried if replay.in_account(each, planned)}
            made = {
                address: identity
                for address, identity in journalled.made.items()
                if address not in tried and replay.in_account(address, planned)
            }
            found, unclear = find(begun, planned, known, lookup)
            lost = replay.missing(state, found | made)
            put = [address for address, identity in lost.items() if replay.put(state, address, identity, planned)]
            if not put:
                break
            self._step.detail(f"{len(put)} objects that the state had lost")
            state = self._as_account_is(state)
            self._push(state)
            there = replay.addresses(state)
            brought += [address.text for address in put if address.text in there]
            tried.update(put)
        waiting = [each for each in lost.items() if each[0] not in found or not only_guessed(each[0])]
        unclear += [f"{address.text} ({identity.value})" for address, identity in waiting]
        return Completed(tuple(brought), tuple(unclear))

    def _as_account_is(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return lone_state.read_anew(state, self._environment, self._session, self._step)

    def _push(self, state: Mapping[str, Any]) -> None:
        path = self._environment.build / ".completed.tfstate"
        try:
            path.touch(mode=0o600)
            path.write_text(json.dumps(replay.next_version(state, self._session.tools.terraform.version)))
            self._root.state_push(path)
            self._left = None
        finally:
            path.unlink(missing_ok=True)
