"""What is done with a platform that runs: a client uses it as clients will, or a person does."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.account.inventory import Clients
from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.platform.runtime import Platform
from infra.verification.catalogue import steps_for
from infra.verification.client import client_variables
from infra.verification.session import client_session
from infra.verification.steps import Steps
from infra.verification.target import Door, Keys, Target, tracking_uri


@dataclass(frozen=True)
class Running:
    """A platform that passed its start, for whoever wants to use it.

    Args:
        environment: the environment.
        account: the account that it was started from.
        platform: it.
        keys: API keys that its auth service knows.
        folder: of the run.
    """

    environment: Environment
    account: Clients
    platform: Platform
    keys: Keys
    folder: Path

    @property
    def tracking_uri(self) -> str:
        """MLFLOW_TRACKING_URI."""
        return tracking_uri(self.environment.domain)

    def client_environment(self, folder: Path) -> dict[str, str]:
        """The process environment of an outside developer.

        Args:
            folder: its home.

        Returns:
            The whole environment.
        """
        variables = client_variables(folder, self.tracking_uri, self.keys.writing)
        environment: dict[str, str] = self.platform.client_environment(variables)
        return environment


Use = Callable[[Running, Steps], None]


def verify(running: Running, steps: Steps) -> None:
    """Let a client do everything that clients do, then ask what was refused or denied meanwhile.

    Args:
        running: the platform.
        steps: told how each step went.

    Raises:
        PlatformFailure: something was refused or denied that no step noticed.
    """
    platform = running.platform
    with registry_of(running, f"preflight-{secrets.token_hex(4)}") as target:
        steps.run(steps_for(target), target)
    if steps.given_up:
        return
    with steps.step("permissions", "What the tasks did is allowed, by policies and by security groups") as saw:
        platform.verdict()
        saw(f"{sum(call.times for call in platform.aws_calls)} AWS calls of {len(platform.aws_calls)} kinds")


@contextmanager
def registry_of(running: Running, name: str) -> Iterator[Target]:
    """The registry of a platform as its clients know it.

    Args:
        running: the platform.
        name: begins the names of everything that its client makes; new for each use.

    Yields:
        The registry; its client starts with its first step.
    """
    environment, platform = running.environment, running.platform
    home = running.folder / name
    home.mkdir(mode=0o700)
    with client_session(name, home, running.client_environment(home)) as client:
        yield Target(
            environment=environment.name,
            domain=environment.domain,
            keys=running.keys,
            account=running.account,
            client=client,
            doors={host: Door(each.address, each.https_port, each.http_port) for host, each in platform.hosts.items()},
            ca_file=platform.ca_file,
            logs=lambda: _logs(platform),
            legacy_until=str(environment.variables.get("legacy_service_id_until", "")),
        )


def issue_keys(platform: Platform) -> Keys:
    """Make API keys of each kind that the platform's auth service then knows.

    Args:
        platform: a running platform.

    Returns:
        The keys.

    Raises:
        InfraError: something else than our double answers for the auth service.
    """
    if platform.auth is None:
        raise InfraError(
            "No double stands for the auth service, so there are no API keys to verify with: the image of service auth "
            "is unknown to preflight (infra/preflight/platform)."
        )
    keys = Keys(*(secrets.token_urlsafe(24) for _ in range(4)))
    platform.auth.add(keys.writing, user_id="preflight", key_id="preflight-writing")
    platform.auth.add(keys.reading, user_id="preflight", key_id="preflight-reading", scopes=("mlflow:read",))
    platform.auth.add(keys.legacy, user_id="preflight", key_id="preflight-legacy", service_id="ml-platform")
    platform.auth.add(keys.foreign, user_id="preflight", key_id="preflight-foreign", service_id="billing")
    return keys


def _logs(platform: Platform) -> dict[str, str]:
    logs: dict[str, str] = {}
    for task in platform.tasks:
        name = task.service or task.family
        logs[name] = logs.get(name, "") + task.log
    return logs
