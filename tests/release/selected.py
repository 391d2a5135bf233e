"""An emulated account as a command has it that works in it."""

from infra.account.emulated import EmulatedAccount
from infra.account.selection import Account


def selected(account: EmulatedAccount) -> Account:
    """The account of a run.

    Args:
        account: that stands for AWS.

    Returns:
        The same, with who its credentials are.
    """
    caller = f"arn:aws:sts::{account.account_id}:user/emulated"
    return Account("emulated", account.account_id, caller, account.instance_id, account, "a test")
