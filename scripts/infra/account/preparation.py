"""The emulated account of an environment with what a real account holds before the stack is planned.

That is the state bucket, the image repositories and the delivery roles by the real bootstrap root, and beyond them the
public hosted zone of the domain and its certificate, which no root of this repository owns.
"""

import json
import os
import shutil
from dataclasses import asdict
from pathlib import Path

from infra.account.emulated import READY_FILE, EmulatedAccount, find, start
from infra.account.seed import seed
from infra.bootstrap import apply_bootstrap, bootstrap_folder
from infra.console import progress
from infra.environment import Environment
from infra.terraform.session import Tools, find_tools, open_session

# A forgotten account ends by itself; a working day with a long lunch does not end it. Tests say less.
IDLE_SECONDS = float(os.environ.get("INFRA_ACCOUNT_IDLE_SECONDS") or 4 * 3600)

# Beside the account's own file: the instance that was prepared.
_PREPARED = "prepared"


def account_folder(environment: Environment) -> Path:
    """Where the emulated account of an environment notes its process.

    Args:
        environment: the environment.

    Returns:
        A folder below build/.
    """
    return environment.build / "account"


def prepared_account(environment: Environment, port: int = 0) -> EmulatedAccount:
    """The running emulated account of an environment, started and prepared when it is not there yet.

    Args:
        environment: its account id, region and domain are the account's.
        port: TCP port on loopback; 0 takes a free one.

    Returns:
        The account.

    Raises:
        InfraError: the port is taken, or preparing failed; a half-prepared account is stopped again.
    """
    folder = account_folder(environment)
    prepared = folder / _PREPARED
    account = find(folder)
    if account and prepared.exists() and prepared.read_text() == account.instance_id:
        return account
    if account:
        account.stop()
    tools = find_tools()
    # What a first bootstrap that was cut short remembers is an account that is gone.
    shutil.rmtree(bootstrap_folder(environment), ignore_errors=True)
    with progress(f"starting the emulated AWS account {environment.account_id}"):
        account = start(
            folder, environment.account_id, environment.region, port=port, parent_pid=None, idle_seconds=IDLE_SECONDS
        )
    try:
        prepare(account, environment, tools, bootstrap_folder(environment))
    except BaseException:
        account.stop()
        raise
    prepared.write_text(account.instance_id)
    return account


def hand_over(account: EmulatedAccount, folder: Path) -> None:
    """Let commands with another build folder use an account that runs and is prepared already.

    Args:
        account: the account.
        folder: the account's folder there, as `account_folder` gives it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / READY_FILE).write_text(json.dumps(asdict(account)))
    (folder / _PREPARED).write_text(account.instance_id)


def prepare(account: EmulatedAccount, environment: Environment, tools: Tools, workplace: Path) -> None:
    """Give an empty account what a real one holds before the stack.

    Args:
        account: the account.
        environment: whose account it stands for.
        tools: Terraform and provider.
        workplace: folder for what Terraform needs meanwhile; one for each account.

    Raises:
        InfraError: Terraform's reason.
    """
    with progress(
        "preparing it: hosted zone, certificate, bootstrap root (waits of the provider, about a minute)"
    ) as step:
        seed(account, environment.domain)
        with open_session(tools, account.environment(os.environ)) as session:
            apply_bootstrap(environment, session, step, workplace)
