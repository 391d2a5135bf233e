"""What can go wrong with the emulated account, told in a sentence."""

from infra.errors import InfraError


class AccountError(InfraError):
    """The emulated account did not start, does not answer or refused what it was asked for.

    Args:
        message: what is wrong, where, and what to do.
    """
