"""Which account a command works against: the one that the AWS credentials open, or an emulated one."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.account.emulated import EmulatedAccount
from infra.account.preparation import prepared_account
from infra.console import note, say
from infra.environment import Environment
from infra.errors import InfraError

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient

Kind = Literal["aws", "emulated"]
Mode = Literal["auto", "aws", "emulated"]


@dataclass(frozen=True)
class Account:
    """The account of one run.

    Args:
        kind: "aws" or "emulated".
        account_id: twelve digits.
        caller: ARN of who the credentials are.
        instance: identifies one emulated account from its start to its end; "" for AWS.
        emulated: its process, None for AWS.
        chosen: why it is this account, in words for the first line.
    """

    kind: Kind
    account_id: str
    caller: str
    instance: str
    emulated: EmulatedAccount | None
    chosen: str

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """The process environment in which boto3, Terraform and its provider reach this account.

        Args:
            base: the environment of this process, cleaned.

        Returns:
            A complete environment.
        """
        return self.emulated.environment(base) if self.emulated else dict(base)

    def describe(self) -> str:
        """One line that says which account this is; the first and the last line of every command."""
        if self.emulated:
            return f"account: EMULATED {self.account_id} ({self.emulated.endpoint}); AWS is not touched ({self.chosen})"
        return f"account: AWS {self.account_id} as {self.caller} ({self.chosen})"


def select_account(
    environment: Environment, mode: str, find: Callable[[Environment], EmulatedAccount] = prepared_account
) -> Account:
    """Decide the account, check that it is the environment's own, and start the emulated one where needed.

    Args:
        environment: its account id is the only one allowed.
        mode: the ACCOUNT variable: "auto", "aws" or "emulated".
        find: which emulated account it is, when it is one; the environment's own, started where needed.

    Returns:
        The account, ready to be used.

    Raises:
        InfraError: unknown mode; no, wrong or expired credentials; credentials of another account.
    """
    if mode not in ("auto", "aws", "emulated"):
        raise InfraError(
            f"ACCOUNT={mode} is unknown. Say ACCOUNT=aws, ACCOUNT=emulated, or nothing to let it be found."
        )
    if mode == "emulated":
        return _emulated(environment, "ACCOUNT=emulated", find)
    session = botocore.session.Session()
    try:
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise InfraError(f"Reading the AWS credentials failed: {error}. {_how_to_go_on(environment)}") from error
    if credentials is None:
        if mode == "aws":
            raise InfraError(f"ACCOUNT=aws, but boto3 finds no AWS credentials. {_how_to_go_on(environment)}")
        return _emulated(environment, "no AWS credentials found", find)
    return _aws(environment, session, "ACCOUNT=aws" if mode == "aws" else "AWS credentials found")


def announce(account: Account) -> None:
    """Print which account the run works against.

    Args:
        account: the account.
    """
    say(account.describe(), style="bold yellow" if account.emulated else "bold")


def _emulated(environment: Environment, chosen: str, find: Callable[[Environment], EmulatedAccount]) -> Account:
    note(f"  {chosen}: working against the emulated account of {environment.name}, AWS is not touched", style="yellow")
    emulated = find(environment)
    caller = f"arn:aws:sts::{emulated.account_id}:user/emulated"
    return Account("emulated", emulated.account_id, caller, emulated.instance_id, emulated, chosen)


def _aws(environment: Environment, session: botocore.session.Session, chosen: str) -> Account:
    client = cast(
        "STSClient",
        session.create_client(
            "sts",
            region_name=environment.region,
            verify=certificates(),
            config=Config(connect_timeout=10, read_timeout=20, retries={"total_max_attempts": 2}),
        ),
    )
    try:
        identity = client.get_caller_identity()
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        expired = code in ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
        what = "The AWS credentials have expired" if expired else f"AWS refuses the credentials ({code})"
        raise InfraError(f"{what}. {_how_to_go_on(environment)}") from error
    except BotoCoreError as error:
        raise InfraError(
            f"AWS cannot be asked whose credentials these are: {error}. {_how_to_go_on(environment)}"
        ) from error
    if identity["Account"] != environment.account_id:
        raise InfraError(
            f"The AWS credentials are for account {identity['Account']} ({identity['Arn']}), but environment "
            f"{environment.name} belongs to account {environment.account_id} (account_id in "
            f"environments/{environment.name}/terraform.tfvars). {_how_to_go_on(environment)}"
        )
    return Account("aws", identity["Account"], identity["Arn"], "", None, chosen)


def certificates() -> str | None:
    """The file of certificates that AWS_CA_BUNDLE names, where it exists; None means botocore's own."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    return bundle if bundle and os.path.isfile(bundle) else None  # noqa: PTH113 - a string for botocore


def _how_to_go_on(environment: Environment) -> str:
    return (
        f"Log in to account {environment.account_id} (e.g. `aws sso login`, AWS_PROFILE=...), "
        "or work without AWS: ACCOUNT=emulated."
    )
