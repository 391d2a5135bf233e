"""boto3 clients for the account of a run."""

from typing import Any

import botocore.session
from botocore.config import Config

from infra.account.selection import Account, certificates

_CONFIG = Config(connect_timeout=10, read_timeout=30, retries={"mode": "standard", "total_max_attempts": 5})


def client(account: Account, region: str, service: str) -> Any:  # noqa: ANN401 - boto3 makes its clients at run time
    """A client with the credentials of this process.

    Args:
        account: where.
        region: of the environment.
        service: as boto3 calls it, e.g. "s3".

    Returns:
        The client; for AWS it sends a call five times before it gives up.
    """
    if account.emulated:
        return account.emulated.client(service)
    session = botocore.session.Session()
    return session.create_client(service, region_name=region, verify=certificates(), config=_CONFIG)


class AccountClients:
    """The clients of an account, each made once.

    Args:
        account: where.
        region: of the environment.
    """

    def __init__(self, account: Account, region: str) -> None:
        self._account, self._region = account, region
        self._made: dict[str, Any] = {}

    def client(self, service: str) -> Any:  # noqa: ANN401 - as above
        """A client of a service; see `client`."""
        if service not in self._made:
            self._made[service] = client(self._account, self._region, service)
        return self._made[service]
