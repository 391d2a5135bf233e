"""What the registry acknowledged: noted at the moment of its answer, read back later and compared."""

import hashlib
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from infra.verification.exchange import Exchange
from infra.verification.steps import CheckFailed
from infra.verification.target import Target

API = "/api/mlflow/api/2.0/mlflow"
ARTIFACTS = "/api/mlflow/api/2.0/mlflow-artifacts/artifacts"
_READERS = 4
_OK = 200


@dataclass(frozen=True)
class AcknowledgedRun:
    """A run with a parameter.

    Args:
        run_id: of the run.
        parameter: value of its parameter `p`; "" when only the run itself was acknowledged.
    """

    run_id: str
    parameter: str = ""

    def __str__(self) -> str:
        return f"run {self.run_id}" + (f" with its parameter {self.parameter}" if self.parameter else "")

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"{API}/runs/get?{urlencode({'run_id': self.run_id})}"

    def difference(self, answer: Exchange) -> str:
        """What is not as it was acknowledged; "" when all is."""
        found = part_of(answer, "run", "data", "params") or []
        values = {each["key"]: each["value"] for each in found}
        if self.parameter and values.get("p") != self.parameter:
            return f"its parameter is {values.get('p')!r}"
        return ""


@dataclass(frozen=True)
class AcknowledgedArtifact:
    """A file.

    Args:
        name: below the artifacts' root.
        digest: SHA-256 of its content.
    """

    name: str
    digest: str

    def __str__(self) -> str:
        return f"artifact {self.name}"

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"{ARTIFACTS}/{self.name}"

    def difference(self, answer: Exchange) -> str:
        """What is not as it was acknowledged; "" when all is."""
        return "" if digest_of(answer.body) == self.digest else f"it has other content, {len(answer.body)} bytes"


@dataclass(frozen=True)
class AcknowledgedVersion:
    """A model version; `name`, `version`, `source` and `run_id` as MLflow calls them."""

    name: str
    version: str
    source: str
    run_id: str

    def __str__(self) -> str:
        return f"model version {self.name}/{self.version}"

    @property
    def path(self) -> str:
        """Where it is read."""
        return f"{API}/model-versions/get?{urlencode({'name': self.name, 'version': self.version})}"

    def difference(self, answer: Exchange) -> str:
        """What is not as it was acknowledged; "" when all is."""
        found = part_of(answer, "model_version") or {}
        wanted = {"version": self.version, "source": self.source, "run_id": self.run_id}
        wrong = [f"{name} is {found.get(name)!r}" for name, value in wanted.items() if found.get(name) != value]
        return ", ".join(wrong)


Write = AcknowledgedRun | AcknowledgedArtifact | AcknowledgedVersion


@dataclass
class Acknowledged:
    """All acknowledged writes, in their order; filled by several threads."""

    _writes: list[Write] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, write: Write) -> None:
        """The registry said that this is written."""
        with self._lock:
            self._writes.append(write)

    def since(self, number: int = 0) -> list[Write]:
        """Those after the first `number`."""
        with self._lock:
            return self._writes[number:]


@dataclass(frozen=True)
class Loss:
    """An acknowledged write that is not there as it was acknowledged.

    Args:
        write: what was acknowledged.
        found: what is there instead, in words.
    """

    write: Write
    found: str

    def __str__(self) -> str:
        return f"{self.write}: {self.found}"


def read_back(target: Target, writes: Iterable[Write]) -> list[Loss]:
    """Read what was acknowledged and compare.

    Args:
        target: the registry.
        writes: what it acknowledged.

    Returns:
        What is not there, or not the same.
    """
    # A run is acknowledged twice, alone and with its parameter: the later one says both.
    latest = {write.path: write for write in writes}.values()
    with ThreadPoolExecutor(_READERS) as readers:
        found = readers.map(lambda write: (write, _found_instead(target, write)), latest)
        return [Loss(write, instead) for write, instead in found if instead]


def digest_of(content: bytes) -> str:
    """SHA-256 in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def _found_instead(target: Target, write: Write) -> str:
    try:
        answer = target.ask("GET", write.path, key=target.keys.writing)
    except CheckFailed as error:
        return error.message
    return write.difference(answer) if answer.status == _OK else f"reading it back answers {answer.status}"


def part_of(answer: Exchange, *names: str) -> Any:  # noqa: ANN401 - whatever the server says
    """A part of a JSON answer.

    Args:
        answer: of the registry.
        names: of the fields that lead to it.

    Returns:
        The part; None where it is not there.
    """
    part: Any = answer.json
    for name in names:
        part = part.get(name) if isinstance(part, dict) else None
    return part
