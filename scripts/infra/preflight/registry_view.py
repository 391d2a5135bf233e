"""A running platform as its clients see it, also those that another process starts."""

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from infra.account.emulated import EmulatedAccount
from infra.environment import Environment
from infra.preflight.origins import read_origins
from infra.verification.api_keys import Keys
from infra.verification.client import client_variables
from infra.verification.evidence import Evidence
from infra.verification.log_files import AccessLines, LogFiles
from infra.verification.session import client_session
from infra.verification.target import GATEWAY, Door, Target, tracking_uri


@dataclass(frozen=True)
class RegistryView:
    """What a client, and whoever verifies, must know of a platform.

    Args:
        account: the account that it was started from.
        tasks: folder with a folder for each task, in which its log is.
        doors: where each public host is served.
        ca_file: the authority that signed their certificates.
        keys: API keys that its auth service knows.
        network: variables of the process environment that lead a program into its network.
        started: when it ran, seconds since the epoch.
    """

    account: EmulatedAccount
    tasks: Path
    doors: Mapping[str, Door]
    ca_file: Path
    keys: Keys
    network: Mapping[str, str] = field(repr=False)
    started: float

    def write(self, file: Path) -> None:
        """Write it for another process.

        Args:
            file: new; readable by its owner alone, since keys are in it.
        """
        document = asdict(self) | {"tasks": str(self.tasks), "ca_file": str(self.ca_file)}
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            json.dump(document, opened)

    @classmethod
    def read(cls, file: Path) -> "RegistryView":
        """Read what `write` wrote.

        Args:
            file: it.

        Raises:
            OSError: it is gone.
        """
        document = json.loads(file.read_text())
        return cls(
            account=EmulatedAccount(**document["account"]),
            tasks=Path(document["tasks"]),
            doors={host: Door(**door) for host, door in document["doors"].items()},
            ca_file=Path(document["ca_file"]),
            keys=Keys(**document["keys"]),
            network=document["network"],
            started=document["started"],
        )

    def client_environment(self, folder: Path, domain: str) -> dict[str, str]:
        """The process environment of an outside developer.

        Args:
            folder: its home.
            domain: public domain.

        Returns:
            The whole environment.
        """
        return client_variables(folder, tracking_uri(domain), self.keys.writing) | dict(self.network)

    def logs(self, environment: str) -> dict[Path, str]:
        """The log files of its tasks.

        Args:
            environment: its name.

        Returns:
            By file: the service, or what a task was that was run by itself.
        """
        files = sorted(self.tasks.glob("*/log"))
        return {file: file.parent.name.rpartition("-")[0].removesuffix(f"-{environment}") for file in files}


@contextmanager
def registry_of(
    view: RegistryView, environment: Environment, name: str, home: Path, *, since_start: bool
) -> Iterator[Target]:
    """The registry of a platform, to be verified.

    Args:
        view: the platform.
        environment: whose platform it is.
        name: begins the names of everything that its client makes; new for each use.
        home: folder for the client; it is made.
        since_start: whether what was logged before counts as well.

    Yields:
        The registry; its client starts with its first step.
    """
    home.mkdir(mode=0o700)

    def files() -> dict[Path, str]:
        return view.logs(environment.name)

    with client_session(name, home, view.client_environment(home, environment.domain)) as client:
        yield Target(
            environment=environment.name,
            domain=environment.domain,
            keys=view.keys,
            account=view.account,
            client=client,
            evidence=Evidence(
                LogFiles(files, whole=since_start),
                AccessLines(files, GATEWAY, view.started if since_start else time.time()),
                lambda: read_origins(environment, view.account).ids("aws_cloudwatch_metric_alarm"),
            ),
            emulated=True,
            doors=view.doors,
            ca_file=view.ca_file,
            legacy_until=str(environment.variables.get("legacy_service_id_until", "")),
        )
