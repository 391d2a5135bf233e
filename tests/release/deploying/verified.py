"""The books of the small repository, and what `make verify` writes into them."""

from collections.abc import Mapping

from infra.release.books import Books
from infra.release.ledger.entry import Kind, Outcome, Record
from infra.release.ledger.store import LedgerStore
from infra.release.remote_state import RemoteState
from tests.release.deploying.checkout import SOURCE, Deployable


def books(deployable: Deployable, environment: str = SOURCE) -> Books:
    """Ledger and state of an environment."""
    account = deployable.account_of(environment)
    bucket, s3 = f"hokusai-terraform-state-{environment}", account.client("s3")
    return Books(LedgerStore(s3, bucket, account.account_id, environment), RemoteState(s3, bucket, account.account_id))


def verify(
    deployable: Deployable, outcome: Outcome = Outcome.SUCCEEDED, images: Mapping[str, str] | None = None
) -> None:
    """What `make verify` writes; nothing runs here that it could ask."""
    last = deployable.history()[-1]
    record = Record(
        kind=Kind.VERIFICATION,
        environment=SOURCE,
        outcome=outcome,
        who="arn:aws:sts::111122223333:user/ada",
        where="ada@laptop (process 1)",
        written=last["written"],
        started=last["written"],
        ended=last["written"],
        images=dict(images if images is not None else last["images"]),
    )
    books(deployable).ledger.append(record)
