"""The registry that is verified: a live one by its public names, or a platform of preflight's that was left running."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.account.clients import AccountClients
from infra.account.emulated import EmulatedAccount
from infra.account.selection import Account
from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.kept_platforms import find_platform
from infra.preflight.origins import read_origins
from infra.preflight.registry_view import RegistryView, registry_of
from infra.verification.api_keys import Keys
from infra.verification.client import client_variables
from infra.verification.evidence import Evidence
from infra.verification.session import client_session
from infra.verification.target import Target, tracking_uri
from infra.verify.aws_logs import CloudWatchLogs
from infra.verify.aws_traffic import CloudWatchTraffic

# Where a person's own network shows certificates of its own, for Python and for the MLflow client.
_AUTHORITIES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


@dataclass
class LeftRunning:
    """Finds the platform of an environment that was left running.

    Attributes:
        view: the platform, once it was found.
    """

    view: RegistryView | None = None

    def account(self, environment: Environment) -> EmulatedAccount:
        """The account of the platform.

        Args:
            environment: whose platform.

        Returns:
            The copy that the platform was started from; it ends with the platform.

        Raises:
            InfraError: none runs.
        """
        self.view = find_platform(environment)
        if self.view is None:
            name = environment.name
            raise InfraError(
                f"No platform of {name} runs on this machine, and an emulated account runs nothing by itself. Start "
                f"one in another terminal: `make preflight ENV={name} KEEP=1`, or `make demo ENV={name}` without its "
                "checks. Or verify the live environment: ACCOUNT=aws."
            )
        return self.view.account


@contextmanager
def registry(
    environment: Environment, account: Account, keys: Keys, view: RegistryView | None, name: str
) -> Iterator[Target]:
    """The registry of an environment.

    Args:
        environment: whose.
        account: where it runs.
        keys: API keys.
        view: the platform that was left running; None: a live one.
        name: begins the names of everything that the client makes; new for each use.

    Yields:
        The registry; its client starts with its first step.

    Raises:
        InfraError: the client could not be installed.
    """
    with tempfile.TemporaryDirectory(prefix=f"{name}-", ignore_cleanup_errors=True) as folder:
        home = Path(folder) / "home"
        if view is not None:
            with registry_of(view, environment, name, home, since_start=False) as target:
                yield target
            return
        home.mkdir()
        clients, cluster, began = AccountClients(account, environment.region), _cluster(environment), time.time()
        variables = client_variables(home, tracking_uri(environment.domain), keys.writing, _authorities(os.environ))
        with client_session(name, home, variables) as client:
            yield Target(
                environment=environment.name,
                domain=environment.domain,
                keys=keys,
                account=clients,
                client=client,
                evidence=Evidence(
                    CloudWatchLogs(clients, cluster, began),
                    CloudWatchTraffic(clients, environment.name, cluster, began),
                    lambda: read_origins(environment, clients).ids("aws_cloudwatch_metric_alarm"),
                ),
                emulated=False,
                legacy_until=str(environment.variables.get("legacy_service_id_until", "")),
            )


def _cluster(environment: Environment) -> str:
    return f"hokusai-{environment.name}"


def _authorities(variables: Mapping[str, str]) -> dict[str, str]:
    """What the client trusts beyond what it brings along: the same as this process."""
    named = next((variables[name] for name in _AUTHORITIES if variables.get(name)), "")
    return dict.fromkeys(_AUTHORITIES, named) if named else {}
