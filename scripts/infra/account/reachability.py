"""Whether an account answers at all."""

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
    config = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 1})
    try:
        if account.emulated:
            account.emulated.client("sts").get_caller_identity()
        else:
            session = botocore.session.Session()
            client = session.create_client("sts", region_name=region, verify=certificates(), config=config)
            cast("STSClient", client).get_caller_identity()
    except ClientError:
        return True
    except BotoCoreError:
        return False
    return True
