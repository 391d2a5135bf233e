"""What is done with a platform that runs: a client uses it as clients will, or a person does."""

import secrets
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.environment import Environment
from infra.errors import InfraError
from infra.preflight.platform.runtime import Platform
from infra.preflight.registry_view import RegistryView, registry_of
from infra.verification.api_keys import Keys
from infra.verification.catalogue import steps_for
from infra.verification.steps import Steps
from infra.verification.target import Door, Target


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
    account: EmulatedAccount
    platform: Platform
    keys: Keys
    folder: Path

    def view(self) -> RegistryView:
        """What another process must know of it."""
        platform = self.platform
        return RegistryView(
            account=self.account,
            tasks=platform.tasks_folder,
            doors={
                host: Door(each.address, each.https_port, each.http_port, each.load_balancer_arn)
                for host, each in platform.hosts.items()
            },
            ca_file=platform.ca_file,
            keys=self.keys,
            network=platform.client_environment({}),
            started=time.time(),
        )

    def registry(self, name: str, *, since_start: bool = True) -> AbstractContextManager[Target]:
        """The registry as its clients know it.

        Args:
            name: begins the names of everything that its client makes; new for each use.
            since_start: whether what was logged before counts as well: not where faults were made to happen.

        Returns:
            The registry, within a block; its client starts with its first step.
        """
        return registry_of(self.view(), self.environment, name, self.folder / name, since_start=since_start)


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
    with running.registry(f"preflight-{secrets.token_hex(4)}") as target:
        target.client.start()  # while requests are sent that need no client
        steps.run(steps_for(target.keys, emulated=target.emulated), target)
    if steps.given_up:
        return
    with steps.step("permissions", "What the tasks did is allowed, by policies and by security groups") as saw:
        platform.verdict()
        saw(f"{sum(call.times for call in platform.aws_calls)} AWS calls of {len(platform.aws_calls)} kinds")


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
