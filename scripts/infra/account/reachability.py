"""Whether an account answers at all."""

import functools
from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.account.selection import Account, certificates

if TYPE_CHECKING:
    from mypy_boto3_sts import STSClient


def answers(account: Account, region: str) -> bool:
    """Ask the account who we are; a refusal is an answer too.

    Args:
        account: the account.
        region: whose STS endpoint is asked.

    Returns:
        False when nothing came back: no name, no connection, no answer within seconds.

    Source:
        https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html (needs no permission).
    """
    try:
        client = account.emulated.client("sts") if account.emulated else _sts(region)
        client.get_caller_identity()
    except ClientError:
        return True
    except BotoCoreError:
        return False
    return True


@functools.cache
def _sts(region: str) -> "STSClient":
    """Made once: it is asked every few seconds, and refreshes its credentials itself."""
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    session = botocore.session.Session()
    client = session.create_client("sts", region_name=region, verify=certificates(), config=config)
    return cast("STSClient", client)
