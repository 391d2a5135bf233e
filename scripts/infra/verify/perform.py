"""What the command `infra verify` does, from the account to the reports, the ledger and the last line."""

import os
import secrets
from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError

from infra.account.clients import AccountClients
from infra.account.inventory import Clients
from infra.account.selection import announce, select_account
from infra.console import note, say
from infra.environment import Environment
from infra.preflight.origins import Origins, read_origins
from infra.verification.catalogue import ALL_STEPS
from infra.verification.live_steps import LiveSteps
from infra.verification.steps import Step
from infra.verification.target import Target
from infra.verify.chosen_steps import Chosen, choose, names_of
from infra.verify.keys import VARIABLES, read_keys
from infra.verify.ledger import enter
from infra.verify.registries import LeftRunning, registry
from infra.verify.reports import write_reports
from infra.verify.run import Verification
from infra.verify.running_images import RunningImages

_INTERRUPTED = 130


def perform_verify(environment: Environment, mode: str, wanted: str) -> int:
    """Verify an environment.

    Args:
        environment: which.
        mode: the ACCOUNT variable.
        wanted: names of steps with commas between them; "" for all.

    Returns:
        Exit code: 0 every step passed, 1 one failed or could not run, 130 interrupted.

    Raises:
        InfraError: there is nothing to verify, no key to verify with, or the ledger refused the entry.
    """
    images = RunningImages()
    known = _known(images)
    names = names_of(known, wanted)
    left_running = LeftRunning()
    account = select_account(environment, mode, left_running.account)
    announce(account)
    view = left_running.view
    clients = AccountClients(account, environment.region)
    keys = view.keys if view else read_keys(os.environ, clients)
    if view and any(os.environ.get(name) for name in VARIABLES.values()):
        note("  The platform has API keys of its own: those of the environment variables are not used.")
    chosen = choose(known, names, keys, emulated=account.emulated is not None)
    for line in _said_before(chosen):
        note(f"  {line}")
    name = f"verify-{secrets.token_hex(4)}"
    with registry(environment, account, keys, view, name) as target:
        origins = _origins(environment, clients)
        described = f"{account.kind} {account.account_id}"
        record = Verification(target, chosen, images, origins, LiveSteps(), described).run()
    files = write_reports(record, environment)
    say(f"Verification of {environment.name}: {record.headline}", style="bold green" if record.passed else "bold red")
    say(f"Reports: {files.junit} (verify.json beside it)")
    if record.interrupted:
        note("Interrupted. Nothing is entered into the ledger.", style="bold yellow")
        return _INTERRUPTED
    if record.whole:
        entry = enter(environment, account, record)
        where = " of the platform's own copy of the account; it ends with it, and promotes nothing" if view else ""
        say(f"Entry {entry.number} of the ledger{where}.")
    announce(account)
    return 0 if record.passed else 1


def list_steps() -> None:
    """Print every step with what it needs."""
    for step in _known(RunningImages()):
        say(f"{step.name:20} {step.about}")
        for line in _needs(step):
            say(f"{'':20}   {line}", style="dim")


def _known(images: RunningImages) -> tuple[Step[Target], ...]:
    first, last = images.steps
    return (first, *ALL_STEPS, last)


def _needs(step: Step[Target]) -> Iterator[str]:
    if step.needs:
        yield f"needs {', '.join(step.needs)}"
    if step.key:
        yield f"needs a key in {VARIABLES[step.key]}"
    if step.on_aws_only:
        yield "not in an emulated account, which runs nothing"
    if step.leaves:
        yield "makes things; `cleanup` removes them"
    if step.formerly:
        yield f"formerly {step.formerly}"


def _said_before(chosen: Chosen) -> Iterator[str]:
    if chosen.added:
        yield f"Run as well, because it is needed: {', '.join(chosen.added)}."
    for name, reason in chosen.left_out:
        yield f"Left out: {name}, since {reason}."


def _origins(environment: Environment, clients: Clients) -> Origins:
    try:
        return read_origins(environment, clients)
    except (BotoCoreError, ClientError) as error:
        note(f"  The state cannot be read, so nothing is traced to lines of the configuration: {error}", style="yellow")
        return Origins([])
