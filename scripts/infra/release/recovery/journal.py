"""What Terraform says while it applies, on this machine's disk, line by line.

Terraform writes a state to S3 at the end, and while it runs every 20 seconds at most. If it dies in between, the
journal is the only knowledge of what it has made meanwhile. It outlives this process, and it says whether Terraform
still runs: the lock on it is Terraform's.

Source: https://developer.hashicorp.com/terraform/internals/machine-readable-ui,
https://github.com/hashicorp/terraform/pull/32680 (20 seconds; TF_STATE_PERSIST_INTERVAL cannot lower them).
"""

import json
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.environment import Environment
from infra.release.ledger.entry import Entry
from infra.terraform.followed import written_by_somebody


@dataclass(frozen=True)
class Journal:
    """The journal of an environment in this checkout.

    Args:
        path: the file.
    """

    path: Path

    @classmethod
    def of(cls, environment: Environment) -> "Journal":
        """The journal of an environment, whether there is one or not.

        Args:
            environment: the environment.

        Returns:
            The journal.
        """
        return cls(environment.build / "apply.journal")

    def begin(self) -> str:
        """Start a new one, before the ledger is told.

        Returns:
            What the open entry must name (`details.run`), so that it can be told later whose journal this is.
        """
        run = uuid.uuid4().hex
        self.path.unlink(missing_ok=True)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(json.dumps({"type": "run", "run": run}) + "\n")
        return run

    def belongs_to(self, entry: Entry) -> bool:
        """Whether it is the one of an open entry: whatever that did, it did it from here.

        Args:
            entry: the open entry.

        Returns:
            True when entry and journal name the same run.
        """
        run = entry.record.details.get("run")
        return any(line.get("type") == "run" and line.get("run") == run for line in self.lines())

    def running(self) -> bool:
        """Whether the Terraform that writes it still runs."""
        return written_by_somebody(self.path)

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """What it holds; a line that was not written to its end is left out.

        Yields:
            Terraform's machine-readable messages, and the run's line before them.
        """
        if not self.path.exists():
            return
        for line in self.path.read_bytes().splitlines():
            try:
                message = json.loads(line)
            except ValueError:
                continue
            if isinstance(message, dict):
                yield message

    def end(self) -> None:
        """Forget it: the ledger knows the outcome."""
        self.path.unlink(missing_ok=True)
