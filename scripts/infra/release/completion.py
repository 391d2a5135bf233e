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
from infra.release import half_made, lone_state, remaining, replay
from infra.release.begun_objects import Lookup, find
from infra.release.journalled import Journalled
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
        addresses = half_made.found(self._root, self._environment, self._step)
        if addresses:
            self._step.detail(f"{len(addresses)} objects that were half made")
            without, resources = half_made.taken_out(self._root.state_pull(), addresses)
            lone_state.destroy(resources, self._environment, self._session)
            self._push(without)
        return tuple(sorted(addresses))

    def _bring_back(self, journalled: Journalled, lookup: Lookup, before: set[str]) -> Completed:
        planned = self._planned()
        after = {each["address"]: each["change"]["after"] or {} for each in planned.get("resource_changes", [])}
        # What was there before, or was destroyed since, is not what was being made, though its tags may still be there.
        known = before | replay.ids(self._root.state_pull()) | journalled.ids
        found, unclear = find(journalled.begun, after, known, lookup)
        made = {
            address: identity
            for address, identity in {**found, **journalled.made}.items()
            if replay.in_account(address, planned)
        }
        lost, brought = replay.missing(self._root.state_pull(), made), []
        while lost:
            state = self._root.state_pull()
            put = [address for address, identity in lost.items() if replay.put(state, address, identity, planned)]
            if not put:
                break
            self._step.detail(f"{len(put)} objects that the state had lost")
            state = self._as_account_is(state)
            self._push(state)
            there = replay.addresses(state)
            brought += [address.text for address in put if address.text in there]
            lost = {address: identity for address, identity in lost.items() if address not in put}
            planned = self._planned()
        unclear += [f"{address.text} ({identity.value})" for address, identity in lost.items() if address not in found]
        return Completed(tuple(brought), tuple(unclear))

    def _as_account_is(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return lone_state.read_anew(state, self._environment, self._session, self._step)

    def _push(self, state: Mapping[str, Any]) -> None:
        path = self._environment.build / ".completed.tfstate"
        try:
            path.touch(mode=0o600)
            path.write_text(json.dumps(replay.next_version(state, self._session.tools.terraform.version)))
            self._root.state_push(path)
        finally:
            path.unlink(missing_ok=True)

    def _planned(self) -> Mapping[str, Any]:
        return remaining.planned(self._root, self._environment, self._step)[1].document
