"""The saved plan of an environment and the record of what it was made from.

Three files in build/<env>/, all readable by their owner alone because a plan holds every secret it touches: the plan
file itself, its JSON, and the record. The record is written last and removed first, so a record proves a whole plan.
"""

import hashlib
import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.errors import InfraError
from infra.repository import build_folder

_LAST_PLANNED = "last-planned"


@dataclass(frozen=True)
class PlanRecord:
    """What a saved plan was made from, and what it is.

    Args:
        environment: name of the environment.
        account_kind: "aws" or "emulated".
        account_id: twelve digits.
        account_instance: which emulated account; "" for AWS.
        caller: ARN of who planned.
        commit: git commit of the configuration, None outside git.
        clean: whether the configuration was exactly that commit.
        terraform_version: as in "1.11.4".
        provider_version: version of the AWS provider.
        state_lineage: identity of the state it was made on; "" when there was none.
        state_serial: version of that state.
        destroy: whether it destroys everything.
        has_changes: whether it changes anything.
        created: UTC time, ISO 8601.
        plan_sha256: hash of the plan file.
    """

    environment: str
    account_kind: str
    account_id: str
    account_instance: str
    caller: str
    commit: str | None
    clean: bool
    terraform_version: str
    provider_version: str
    state_lineage: str
    state_serial: int
    destroy: bool
    has_changes: bool
    created: str
    plan_sha256: str


@dataclass(frozen=True)
class PlanFiles:
    """The places of an environment's saved plan.

    Args:
        folder: build/<env>.
    """

    folder: Path

    @property
    def plan(self) -> Path:
        """Terraform's plan file."""
        return self.folder / "plan.tfplan"

    @property
    def document(self) -> Path:
        """The plan as JSON."""
        return self.folder / "plan.json"

    @property
    def record(self) -> Path:
        """What the plan was made from."""
        return self.folder / "plan.record.json"

    def discard(self) -> None:
        """Remove the saved plan, the record first."""
        for path in (self.record, self.document, self.plan):
            path.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Hash of a file.

    Args:
        path: the file.

    Returns:
        SHA-256 in hexadecimal.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def state_of(plan: Path) -> tuple[str, int]:
    """The state that a plan file was made on; it stands only in the file, not in the plan's JSON.

    Args:
        plan: a plan file, which is a zip archive whose entry `tfstate` is the prior state.

    Returns:
        Lineage and serial; ("", 0) when there was no state yet.

    Raises:
        InfraError: not a plan file.
    """
    try:
        with zipfile.ZipFile(plan) as archive:
            state: dict[str, Any] = json.loads(archive.read("tfstate"))
    except (zipfile.BadZipFile, KeyError, json.JSONDecodeError) as error:
        raise InfraError(f"{plan} is no Terraform plan file ({error}); run `make plan` again.") from error
    return str(state.get("lineage", "")), int(state.get("serial", 0))


def save(files: PlanFiles, plan: Path, document: str, record: PlanRecord) -> None:
    """Put a new plan in the place of the old one.

    Args:
        files: where it goes.
        plan: the plan file, in the same file system and with mode 0600.
        document: its JSON.
        record: what it was made from.
    """
    json_file = _write_private(files.folder / f".plan.json.{os.getpid()}", document)
    record_file = _write_private(files.folder / f".record.{os.getpid()}", json.dumps(asdict(record), indent=2) + "\n")
    files.record.unlink(missing_ok=True)
    plan.replace(files.plan)
    json_file.replace(files.document)
    record_file.replace(files.record)
    last = _write_private(build_folder() / f".{_LAST_PLANNED}.{os.getpid()}", record.environment)
    last.replace(build_folder() / _LAST_PLANNED)


def load(files: PlanFiles, environment: str) -> PlanRecord:
    """The record of the saved plan, after checking that the plan file is the one it describes.

    Args:
        files: where the plan is.
        environment: name, for the messages.

    Returns:
        The record.

    Raises:
        InfraError: there is no saved plan, or its file is not what was saved.
    """
    again = f"Run `make plan ENV={environment}`."
    if not files.record.exists():
        raise InfraError(f"There is no saved plan for {environment}. {again}")
    try:
        record = PlanRecord(**json.loads(files.record.read_text()))
    except (json.JSONDecodeError, TypeError) as error:
        raise InfraError(f"{files.record} cannot be read ({error}). {again}") from error
    if not files.plan.exists() or sha256(files.plan) != record.plan_sha256:
        raise InfraError(f"{files.plan} is not the plan that was saved (it was changed or removed since). {again}")
    return record


def last_planned() -> str:
    """The environment that was planned last.

    Returns:
        Its name.

    Raises:
        InfraError: nothing was planned yet.
    """
    path = build_folder() / _LAST_PLANNED
    if not path.exists():
        raise InfraError("Nothing has been planned yet. Run `make plan ENV=<environment>` first.")
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> Path:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return path
