"""What runs in an environment and was verified there, as its ledger tells; everything here is pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from infra.errors import InfraError
from infra.release.ledger.entry import Entry, Kind, Outcome


@dataclass(frozen=True)
class Verified:
    """Images that ran and were verified.

    Args:
        images: program -> repository and digest.
        commit: of the configuration that they ran in.
        change: number of the entry that ended their deploy.
        verification: number of the entry that verified them.
    """

    images: Mapping[str, str]
    commit: str
    change: int
    verification: int


def verified_images(entries: Sequence[Entry], environment: str) -> Verified:
    """The images that run and were verified after they had been deployed.

    Args:
        entries: of the ledger, the oldest first.
        environment: whose, for the messages.

    Returns:
        The images.

    Raises:
        InfraError: nothing runs there, the last change did not succeed, or nobody verified it.
    """
    last = next((each for each in reversed(entries) if _changes(each)), None)
    if last is None or last.record.kind is Kind.DESTROY:
        raise InfraError(
            f"Nothing runs in {environment}: deploy there first (`make deploy ENV={environment} …`), then "
            f"`make verify ENV={environment}`."
        )
    record = last.record
    if record.outcome is not Outcome.SUCCEEDED:
        raise InfraError(
            f"The last change of {environment} ({record.kind}, entry {last.number}) ended {record.outcome}"
            + (f" ({record.note})" if record.note else "")
            + f": there is nothing to promote. Mend it, then `make verify ENV={environment}`."
        )
    after = [each for each in entries if each.number > last.number and each.record.kind is Kind.VERIFICATION]
    verification = after[-1] if after else None
    if verification is None or verification.record.outcome is not Outcome.SUCCEEDED:
        how = f"was not verified since entry {last.number}" if verification is None else "failed its verification"
        raise InfraError(
            f"What runs in {environment} {how}: it is not promoted. `make verify ENV={environment}` verifies it."
        )
    seen = dict(verification.record.details.get("images") or verification.record.images or record.images)
    if seen != dict(record.images):
        raise InfraError(
            f"What was verified in {environment} (entry {verification.number}) is not what entry {last.number} "
            f"deployed: something else ran then. `make drift ENV={environment}` says what, then verify it again."
        )
    return Verified(dict(record.images), record.commit, last.number, verification.number)


def _changes(entry: Entry) -> bool:
    """Whether it may have changed what runs."""
    record = entry.record
    if record.kind in (Kind.APPLY, Kind.DEPLOY, Kind.ROLLBACK, Kind.DESTROY):
        return True
    return record.kind is Kind.RECOVER and bool(record.closes)
