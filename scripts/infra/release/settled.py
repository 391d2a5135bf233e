"""Nothing is planned or begun while the outcome of something earlier is unknown."""

from infra.account.selection import Account
from infra.environment import Environment
from infra.release.books import open_books, require_settled
from infra.release.recovery import unsaved_state


def require_nothing_open(environment: Environment, account: Account) -> None:
    """Refuse to go on while a state waits to be saved, or the ledger has an entry whose outcome is unknown.

    Args:
        environment: about to be planned.
        account: where.

    Raises:
        InfraError: says whose it is, since when, and what to do.
    """
    unsaved_state.require_none(environment, account)
    require_settled(environment, open_books(environment, account).ledger.tail())
