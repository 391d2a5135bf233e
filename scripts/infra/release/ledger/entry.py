"""An entry of the ledger, and the bytes that it is stored and hashed as."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Final

from infra.errors import InfraError

FORMAT: Final = 1
# What stands in the place of a hash before the first entry.
GENESIS: Final = "0" * 64


class Kind(StrEnum):
    """What an entry records."""

    PLAN = "plan"
    APPROVAL = "approval"
    APPLY = "apply"
    DEPLOY = "deploy"  # an apply whose purpose is another image
    ROLLBACK = "rollback"  # an apply whose purpose is what ran before
    DESTROY = "destroy"
    VERIFICATION = "verification"
    RECOVER = "recover"


class Outcome(StrEnum):
    """How it ended."""

    UNKNOWN = "unknown"  # begun; a later entry closes it, and until then nobody can say
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # something of it may have been done; the state says what
    PARTIAL = "partial"  # recovered: a part of it was done
    NOTHING = "nothing"  # nothing of it was done


@dataclass(frozen=True)
class StateVersion:
    """A version of a Terraform state.

    Args:
        lineage: identity of the state from its first version on; "" where there is no state.
        serial: number of the version; 0 where there is no state.
    """

    lineage: str
    serial: int

    def __str__(self) -> str:
        return f"serial {self.serial} of {self.lineage[:8]}" if self.lineage else "no state"


@dataclass(frozen=True)
class Record:
    """What an entry says.

    Args:
        kind: what was done.
        environment: to which environment.
        outcome: how it ended.
        who: ARN of the caller; of an approval, the approver's name in gates.yaml.
        where: user, machine and process that wrote the entry.
        written: when the entry was written, UTC, ISO 8601 with microseconds.
        started: when what it records began, UTC, ISO 8601.
        ended: when that ended; "" while the outcome is unknown.
        digest: of the plan; "" for none.
        commit: of the configuration; "" outside git.
        clean: whether the configuration was exactly that commit.
        images: what runs, by service: repository and digest.
        state: version of the state; of an entry whose outcome is unknown, the one that it began with. None where the
            entry does not write the state.
        closes: number of the entry whose outcome this one tells; 0 for none.
        note: what a person should know, in a sentence or two; without secrets.
        details: further facts of the kind, as JSON; without secrets.
    """

    kind: Kind
    environment: str
    outcome: Outcome
    who: str
    where: str
    written: str
    started: str
    ended: str = ""
    digest: str = ""
    commit: str = ""
    clean: bool = False
    images: Mapping[str, str] = field(default_factory=dict)
    state: StateVersion | None = None
    closes: int = 0
    note: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A record in its place in the ledger.

    Args:
        number: 1 for the first.
        previous: hash of the entry before it; `GENESIS` for the first.
        record: what it says.
    """

    number: int
    previous: str
    record: Record

    @property
    def bytes(self) -> bytes:
        """What is stored: canonical JSON."""
        return canonical({"format": FORMAT, "number": self.number, "previous": self.previous, **asdict(self.record)})

    @property
    def hash(self) -> str:
        """SHA-256 of what is stored, in hexadecimal; the next entry names it."""
        return hashlib.sha256(self.bytes).hexdigest()


def canonical(document: Mapping[str, Any]) -> bytes:
    """JSON in the one form that is hashed.

    Args:
        document: what to write.

    Returns:
        Sorted keys, no white space, ASCII.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def parse(content: bytes) -> Entry:
    """Read a stored entry.

    Args:
        content: the object's bytes.

    Returns:
        The entry.

    Raises:
        InfraError: it is no entry in canonical form, or one of a format that this code does not know.
    """
    try:
        document: dict[str, Any] = json.loads(content)
        known = document.pop("format")
        if known != FORMAT:
            raise InfraError(f"it has format {known}, and this checkout reads format {FORMAT}: use a newer one")
        number, previous = document.pop("number"), document.pop("previous")
        state = document.pop("state")
        record = Record(
            **document
            | {
                "kind": Kind(document["kind"]),
                "outcome": Outcome(document["outcome"]),
                "state": StateVersion(**state) if state else None,
            }
        )
        entry = Entry(number, previous, record)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InfraError(f"it is no entry of a ledger ({error})") from error
    if entry.bytes != content:
        raise InfraError("it is not written as this tooling writes entries")
    return entry
