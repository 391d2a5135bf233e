"""Makes the first version."""

from infra.account.emulated import EmulatedAccount
from tests.release.adopt.first_version.account import OldAccount
from tests.release.adopt.first_version.database import make_database
from tests.release.adopt.first_version.edge import make_edge
from tests.release.adopt.first_version.network import make_network
from tests.release.adopt.first_version.services import make_services
from tests.release.adopt.first_version.storage import make_storage


def make_first_version(account: EmulatedAccount) -> OldAccount:
    """Make everything that the first version had; takes seconds.

    Args:
        account: one with what the bootstrap makes, and the domain's zone and certificate.

    Returns:
        The account.
    """
    old = OldAccount(account)
    for make in (make_network, make_storage, make_database, make_edge, make_services):
        make(old)
    return old
