"""Terraform with its provider warm, for one account, for as long as one command of the tooling runs."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.account.emulated import INSTANCE_VARIABLE
from infra.terraform.binary import TerraformBinary, find_terraform
from infra.terraform.provider import ProviderSource, WarmProvider, find_provider, warm_provider, write_cli_config
from infra.terraform.runner import Terraform, clean_environment


@dataclass(frozen=True)
class Tools:
    """Terraform and the provider, as found on this machine.

    Args:
        terraform: the executable.
        provider: the checked provider package.
    """

    terraform: TerraformBinary
    provider: ProviderSource


def find_tools() -> Tools:
    """Find Terraform and the locked provider.

    Returns:
        Both.

    Raises:
        InfraError: one of them is missing, too old or not the locked one.
    """
    terraform = find_terraform()
    return Tools(terraform, find_provider(terraform))


class Session:
    """One warm provider for one account; makes Terraform objects for any root."""

    def __init__(self, tools: Tools, environment: Mapping[str, str], provider: WarmProvider) -> None:
        self._tools = tools
        self._environment = environment
        self._provider = provider

    @property
    def tools(self) -> Tools:
        """What it runs with."""
        return self._tools

    @property
    def account_instance(self) -> str:
        """Which emulated account it works in; "" for AWS."""
        return self._environment.get(INSTANCE_VARIABLE, "")

    def root(self, folder: Path, data_dir: Path) -> Terraform:
        """A root module in this session.

        Args:
            folder: the root module.
            data_dir: Terraform's working folder for it.

        Returns:
            The root, attached to the warm provider.
        """
        return Terraform(
            executable=self._tools.terraform.path,
            root=folder,
            data_dir=data_dir,
            environment={**self._environment, **self._provider.reattach()},
            lifeline=self._provider.lifeline,
        )


@contextmanager
def open_session(tools: Tools, account_environment: Mapping[str, str] | None = None) -> Iterator[Session]:
    """Start the provider for an account; it ends with the block, or with this process.

    Args:
        tools: Terraform and provider.
        account_environment: complete process environment with the account's endpoint and credentials; None takes this
            process's own.

    Yields:
        The session.
    """
    environment = clean_environment(os.environ if account_environment is None else account_environment)
    environment["TF_CLI_CONFIG_FILE"] = str(write_cli_config(tools.provider))
    with warm_provider(tools.provider, environment) as provider:
        yield Session(tools, environment, provider)
