"""Finding out what an environment can take over, by plans: what is known after one wave tells the next one.

As soon as a VPC is imported a plan knows its id, and with it which subnets the configuration means.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.account.clients import client
from infra.account.selection import Account
from infra.console import progress
from infra.environment import Environment
from infra.errors import InfraError
from infra.release.adopt.matching import Adopted, Refused, adopted, matches, replaced
from infra.release.books import open_books
from infra.release.drift.owned import read_owned
from infra.release.drift.place import Platform
from infra.release.drift.reader import Reader
from infra.release.drift.seen import Seen
from infra.release.drift.unowned import unowned
from infra.release.recovery.replay import addresses
from infra.release.remote_state import STATE_KEY
from infra.release.settled import require_nothing_open
from infra.release.there import there
from infra.repository import STACK
from infra.terraform.adoptions import adoption_file, read_adoptions, root_with, write_adoptions
from infra.terraform.runner import TerraformError
from infra.terraform.session import Session, find_tools, open_session
from infra.terraform.stack import open_stack, plan_stack

_WAVES: Final = 12


@dataclass(frozen=True)
class Adoption:
    """What was found out.

    Args:
        taken: what the next plan takes over.
        done: addresses whose blocks were removed: the state holds them now.
        refused: what exists and would be replaced.
        unclear: addresses for which several objects fit.
        left: what is the platform's, in no state, and nothing in the configuration.
    """

    taken: tuple[Adopted, ...]
    done: tuple[str, ...]
    refused: tuple[Refused, ...]
    unclear: tuple[str, ...]
    left: tuple[Seen, ...]


def adopt(environment: Environment, account: Account) -> Adoption:
    """Write the import blocks of everything that the configuration would otherwise make a second time.

    Args:
        environment: whose configuration.
        account: what exists.

    Returns:
        What was found out. The environment's file is written at the end, or removed where nothing is to be taken over.

    Raises:
        InfraError: something is under way, a plan failed, or the account did not answer; the file is as it was.
    """
    require_nothing_open(environment, account)
    books = open_books(environment, account)
    path = adoption_file(environment, account.instance)
    before = read_adoptions(path)
    state = books.state.document(STATE_KEY) or {}
    held = addresses(state)
    owned = read_owned(books.state)
    reader = Reader(lambda service: client(account, environment.region, service))
    platform = Platform(environment.name)
    refused: dict[str, Refused] = {}
    unclear: list[str] = []
    own: list[Seen] = []
    adoptions = {address: identity for address, identity in before.items() if address not in held}
    with open_session(find_tools(), account.environment(os.environ)) as session:
        for wave in range(1, _WAVES + 1):
            document = _planned(environment, session, adoptions, wave)
            bad = replaced(document, adoptions)
            if bad:
                refused |= {each.address: each for each in bad}
                adoptions = {address: identity for address, identity in adoptions.items() if address not in refused}
                continue
            with progress("looking for what exists already"):
                own, others = there(reader, platform, environment.region, account.account_id, owned, document)
            found, unclear = matches(document, [*own, *others])
            more = {address: each.import_id for address, each in found.items() if address not in refused}
            if not more:
                break
            adoptions |= more
        else:
            raise InfraError(f"After {_WAVES} plans there is still more to take over: look at {path} and run it again.")
    write_adoptions(path, adoptions)
    taken = adopted(document, adoptions)
    # A name is no id: an instance, its subnet group and its parameter group may have the same one.
    known = {(each.type, each.import_id) for each in taken}
    known |= {(each.type, each.import_id) for each in refused.values()}
    return Adoption(
        tuple(taken),
        tuple(sorted(set(before) & held)),
        tuple(refused.values()),
        tuple(unclear),
        tuple(each for each in unowned(own, owned) if (each.type, each.import_id) not in known),
    )


def _planned(environment: Environment, session: Session, adoptions: Mapping[str, str], wave: int) -> dict[str, Any]:
    root = open_stack(environment, session, root_with(environment, adoptions) if adoptions else STACK)
    plan = environment.build / ".adopt.tfplan"
    try:
        with progress(f"planning what is taken over ({wave})") as step:
            plan_stack(root, environment, plan, step, lock=False)
            document: dict[str, Any] = json.loads(root.show(plan))
            return document
    except TerraformError as error:
        if error.mentions("cannot import non-existent"):
            raise InfraError(
                f"{error}\nWhat was to be imported is gone. Take its block out of the file of import blocks, or run "
                f"`make adopt ENV={environment.name}` after removing that file."
            ) from error
        raise
    finally:
        plan.unlink(missing_ok=True)
